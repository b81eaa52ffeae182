"""Taking out a part of the log, and writing only where something is kept."""

import uuid
from datetime import date, timedelta

import pytest

from bti.domain.codes import InfoType
from bti.domain.errors import RuleBroken
from bti.domain.extract import LeftOut, Receiver
from bti.web import labels, messages
from bti.web.views import extract as pages
from bti.workflows import case, extract, insight, reference
from bti.workflows.case_file import Kind
from tests.integration.workflows import cases
from tests.integration.workflows.test_family import ABSENT, KEPT, MONEY, OWN, put_mark, told
from tests.web.small_site import client_for, site_of

PPT, FOLDER = Receiver.PPT_REFERRAL, Receiver.PUPIL_FOLDER
ALL = frozenset(InfoType)


def words(app):
    labels.register(app)
    messages.register(app)


@pytest.fixture
def app(world):
    return site_of(world, pages, own=("extract.",), also=words)


def chosen(case_id, receiver=PPT, kinds=ALL, since=None, until=None):
    return extract.Choice(
        case_id=case_id,
        receiver=receiver,
        kinds=kinds,
        since=since,
        until=until,
        purpose="For å utrede lesevansker.",
    )


def taken(world, choice, who="ingrid"):
    part_id = world.run(who, extract.take_out, choice, submission=None)
    made = world.run(who, extract.show, case_id=choice.case_id, part_id=part_id)
    return {words for line in made.lines for _, words in line.parts}, dict(made.out)


def test_a_referral_has_what_consent_covers_and_a_folder_what_its_readers_may_see(world):
    case_id = told(world)
    tor = cases.guardians(world, case_id)["Tor"]
    types = frozenset({InfoType.ATTENDANCE, InfoType.FAMILY, InfoType.WELLBEING})
    cases.agreed(world, case_id, "pps", info_types=types)
    put_mark(world, case_id, MONEY, about=tor)
    put_mark(world, case_id, KEPT, kept=True)
    words, out = taken(world, chosen(case_id))
    assert words == {ABSENT}
    assert out == dict.fromkeys((LeftOut.OWN, LeftOut.NO_CONSENT, LeftOut.KEPT, LeftOut.SECRET), 1)
    words, out = taken(world, chosen(case_id, FOLDER))
    assert words == {ABSENT, "Sover dårlig."}
    asked = cases.ask(
        world, case_id, unit="pps", info_types=frozenset({InfoType.FAMILY}), about=frozenset({tor})
    )
    for person_id in cases.guardians(world, case_id).values():
        cases.say(world, case_id, asked, person_id)
    assert MONEY in taken(world, chosen(case_id))[0]
    listed = world.run("ingrid", insight.case_accesses, case_id, whole=True)
    assert [one.action for one in listed.rows].count("case:part:print") == 3
    shown = world.run("ingrid", case.show_case, case_id=case_id).happenings
    assert [one.text for one in shown if one.kind is Kind.COPY] == ["For å utrede lesevansker."] * 3
    cases.holds_together(world)


def test_the_period_is_norwegian_days_with_both_ends(world):
    case_id = told(world)
    today = date(2026, 9, 1)
    for since, until, there in (
        (today, today, True),
        (None, today - timedelta(days=1), False),
        (today + timedelta(days=1), None, False),
    ):
        choice = chosen(case_id, FOLDER, frozenset({InfoType.ATTENDANCE}), since, until)
        found = world.run("ingrid", extract.preview, choice)
        assert bool(found.lines) is there, (since, until)


def test_it_is_looked_at_first_and_taken_as_text_without_a_script(world, app):
    case_id = told(world)
    client = client_for(world, app, "ingrid")
    address = f"/cases/{case_id}/part"
    assert "no consent, stays out" in client.get(address).text
    sent = {"receiver": "pupil_folder", "kinds": ["attendance", "own"], "purpose": "Elevmappe."}
    assert client.post(address, {**sent, "kinds": [], "shape": "look"}).status == 422
    seen = client.post(address, {**sent, "shape": "look"}).text
    assert ABSENT in seen
    assert "The service's own notes: 1" in seen
    assert OWN not in seen
    text = client.follow(client.post(address, {**sent, "shape": "text"}))
    (box,) = text.all("textarea")
    assert box.get("readonly") is not None
    assert ABSENT in box.text
    client.get(address)
    file = client.follow(client.post(address, {**sent, "shape": "pdf"})).response
    assert file.headers["Content-Disposition"] == 'attachment; filename="part.pdf"'


def test_where_something_is_kept_is_written_and_nothing_of_what_it_says(world, app):
    case_id = told(world)
    client = client_for(world, app, "ingrid")
    address = f"/cases/{case_id}/references/new"
    client.get(address)
    sent = {"info_type": "health", "system": "Helsejournalen", "number": "2026/114"}
    assert client.post(address, {**sent, "number": "x" * 61}).status == 422
    assert client.post(address, sent).status == 303
    shown = world.run("ingrid", case.show_case, case_id=case_id).happenings
    (one,) = (row for row in shown if row.kind is Kind.REFERENCE)
    assert one.text == "Helsejournalen, 2026/114"
    words, _ = taken(world, chosen(case_id, FOLDER, frozenset({InfoType.HEALTH})))
    assert {"Helsejournalen", "2026/114"} <= words
    nothing = reference.PointTo(
        case_id=case_id,
        submission=uuid.uuid4(),
        info_type=InfoType.HEALTH,
        system=" ",
        number="1",
    )
    with pytest.raises(RuleBroken, match=r"reference\.incomplete"):
        world.run("ingrid", reference.point_to, nothing)
