"""The written report: its author's alone, never sent by Stafett, and waiting until it is confirmed."""

import json
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bti.db.models import OwnRecord
from bti.domain.national_id import made_up
from bti.domain.report_form import faults
from bti.workflows import duty
from tests.web.concern_site import site
from tests.web.critic import goes_to, html, value_of
from tests.web.small_site import client_for
from tests.world import PEOPLE

WRITE, MINE = "/danger/report", "/danger/mine"
FILLED = {
    "letter": "a",
    "what": "Blåmerker på begge armer.\nHan sier at han er redd.",
    "child_name": "Oda Vik, 8B",
    "national_id": made_up(date(2013, 3, 2), range(500, 1000)),
    "child_told": "no",
    "guardian1_name": "Berit Vik",
    "guardian1_told": "unsafe",
    "guardian1_reason": "",
    "own_role": "Lærer",
    "own_phone": "12 34 56 78",
    "own_email": "ingrid@lindvik.example",
    "body": "Lindvik ungdomsskole",
}
SENT = {"reported_on": "2026-09-01", "channel": "portal", "reported_to": "Barnevernet"}


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def ingrid(world, app):
    client = client_for(world, app, "ingrid")
    client.get(WRITE)
    return client


@pytest.fixture
def written(ingrid):
    return goes_to(ingrid.post(WRITE, FILLED))


def count(world):
    with world.looking() as session:
        return len(session.scalars(select(OwnRecord)).all())


@pytest.mark.parametrize("who", ["siv", "mona", "vera", "asta"])
def test_every_role_may_write_one_and_is_told_that_nothing_is_sent(world, app, who):
    client = client_for(world, app, who)
    page = client.get(WRITE)
    assert "Saving here does not report anything." in page.text
    shown = client.get(goes_to(client.post(WRITE, {**page.form(WRITE), **FILLED})))
    assert "This has not been sent." in shown.text
    assert "Stafett has sent nothing to anybody." in shown.text
    buttons = [" ".join(found.itertext()).strip() for found in shown.all("button")]
    assert "Record that it is sent" in buttons
    assert not [text for text in buttons if text.lower().startswith("send")]


def test_the_file_is_in_the_form_of_fiks_in_the_municipalitys_language(ingrid, written):
    answer = ingrid.get(f"{written}/file").response
    assert answer.headers["Content-Disposition"] == 'attachment; filename="draft.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    form = json.loads(answer.get_data())
    assert faults(form) == ()
    assert form["offentligMelder"]["personnavn"] == "Ingrid Solberg"
    assert form["offentligBarn"][0]["fnr"] == FILLED["national_id"]
    assert form["melding"]["melding"].startswith("Meldeplikt, barnevernsloven § 13-2")
    assert "bokstav a" in form["melding"]["melding"]
    assert form["offentligBarn"][0]["orientert"] is False
    assert form["offentligBarn"][0]["orientertGrunn"] == "Er ikke orientert ennå."
    (guardian,) = form["foresatte"]
    assert guardian["orientert"] is False
    assert (
        guardian["orientertGrunn"]
        == "Det kan være farlig for barnet om denne personen får vite det nå."
    )


def test_the_page_for_print_is_whole_and_in_the_municipalitys_language(ingrid, written):
    page = ingrid.get(f"{written}/paper")
    for words in ("Bekymringsmelding til", "Oda Vik, 8B", "Berit Vik", "han er redd", "§ 13-2"):
        assert words in page.text


def test_what_is_written_can_be_changed_until_it_is_sent(ingrid, written):
    page = ingrid.get(f"{written}/change")
    assert value_of(page, "what") == FILLED["what"]
    changed = {**page.form(f"{written}/change"), **FILLED, "what": "Mer enn før."}
    assert goes_to(ingrid.post(f"{written}/change", changed)) == written
    assert "Mer enn før." in ingrid.get(written).text
    goes_to(ingrid.post(f"{written}/sent", SENT))
    assert ingrid.get(f"{written}/change").status == 404
    assert ingrid.post(f"{written}/remove").status == 404
    assert "Mer enn før." in ingrid.get(written).text


def test_one_row_from_the_first_word_to_the_confirmation_and_a_receipt_ends_nothing(world, ingrid):
    ingrid.post(f"{WRITE}/draft", FILLED)
    page = ingrid.get(WRITE)
    written = goes_to(ingrid.post(WRITE, {**page.form(WRITE), **FILLED}))
    assert [line.sent for line in world.run("ingrid", duty.my_due)] == [False]
    assert "Not sent" in ingrid.get(MINE).text

    where = goes_to(ingrid.post(f"{written}/sent", SENT))
    (due,) = world.run("ingrid", duty.my_due)
    assert (due.sent, due.due_on) == (True, date(2026, 9, 22))

    received = {"received_on": "2026-09-01", "receipt": "Fiks 4711"}
    goes_to(ingrid.post(f"{where}/received", received))
    shown = ingrid.get(where)
    assert "A receipt came 1 September 2026." in shown.text.replace("\xa0", " ")
    assert "Fiks 4711" in shown.text
    assert world.run("ingrid", duty.my_due) == (due,)

    goes_to(ingrid.post(f"{where}/confirm", {"confirmed_on": "2026-09-01"}))
    assert world.run("ingrid", duty.my_due) == ()
    assert ingrid.post(f"{where}/received", received).status == 422
    assert count(world) == 1


def test_a_report_that_lies_until_the_next_day_is_late(world, ingrid, written):
    world.clock.advance(timedelta(days=1))
    assert [line.overdue for line in world.run("ingrid", duty.my_due)] == [True]


def test_sending_the_form_twice_makes_one_report(world, ingrid):
    sent = {**ingrid.get(WRITE).form(WRITE), **FILLED}
    first = goes_to(ingrid.post(WRITE, sent))
    assert goes_to(ingrid.post(WRITE, sent)) == first
    assert count(world) == 1


def test_a_report_that_is_deleted_leaves_no_row(world, ingrid, written):
    assert goes_to(ingrid.post(f"{written}/remove")) == MINE
    assert count(world) == 0


@pytest.mark.parametrize("who", [who for who in PEOPLE if who != "ingrid"])
def test_anothers_report_is_an_address_that_does_not_exist(world, app, written, who):
    client = client_for(world, app, who)
    nowhere = html(client.get("/nowhere/at/all"))
    for page in ("", "/paper", "/file", "/change"):
        hidden = client.get(f"{written}{page}")
        assert (hidden.status, html(hidden)) == (404, nowhere)
    client.get(WRITE)
    for act, sent in (("sent", SENT), ("remove", {}), ("change", FILLED)):
        refused = client.post(f"{written}/{act}", sent)
        missing = client.post(f"{WRITE}/{uuid.uuid4()}/{act}", sent)
        assert (refused.status, html(refused)) == (missing.status, html(missing))
        assert refused.status == 404


def test_a_record_of_a_call_has_no_report_to_show(ingrid):
    filed = {
        "about": "Oda Vik",
        "known": "Sett det",
        "duty": "avert",
        "offence": "sexual",
        "assessed_on": "2026-09-01",
        "reported_on": "2026-09-01",
        "reported_to": "Politiet",
        "channel": "other",
        "guardians_know": "no",
    }
    where = goes_to(ingrid.post("/danger", filed))
    assert "What was to be averted: Rape or other sexual abuse" in ingrid.get(where).text
    assert ingrid.get(where.replace("/mine/", "/report/")).status == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"letter": ""}, "Choose what you believe"),
        ({"what": ""}, "Write what you are worried about."),
        ({"child_name": ""}, "Write who it is about."),
        ({"child_told": ""}, "Say whether the child knows."),
        ({"guardian1_told": ""}, "Say whether this guardian knows."),
        ({"own_phone": "ring"}, "Write the number with digits"),
        ({"own_email": "ingrid"}, "Write an e-mail address"),
        ({"national_id": "12345678901"}, "number"),
        ({"unborn": "y"}, "A child who is not born has no number yet."),
        ({"what": "x\x00"}, "signs here that cannot be stored"),
    ],
)
def test_a_slip_is_explained_and_what_was_typed_stays(world, ingrid, changes, said):
    page = ingrid.post(WRITE, {**FILLED, **changes})
    assert page.status == 422
    assert said in page.text
    assert value_of(page, "guardian1_name") == "Berit Vik"
    assert world.run("ingrid", duty.my_due) == ()
