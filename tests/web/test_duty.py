"""The danger page: open to all, honest that nothing is sent, and invisible to everybody else."""

import re
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bti.db.models import OwnRecord
from bti.web.app import create_app
from bti.workflows import duty, own_record
from tests.web.concern_site import site
from tests.web.critic import goes_to, html, value_of
from tests.web.small_site import client_for
from tests.world import PEOPLE, copy_of

DANGER, MINE = "/danger", "/danger/mine"
FILLED = {
    "about": "Oda Vik, 8B",
    "known": "Blåmerker på begge armer.",
    "duty": "report_child_welfare",
    "letter": "a",
    "assessed_on": "2026-09-01",
    "reported_on": "01.09.2026",
    "reported_to": "Barnevernet, Odd Ness",
    "channel": "phone",
    "receipt": "2026/123",
    "guardians_know": "unsafe",
}
# The fingerprint of the whole log is another in every world, whatever was written.
CHECKSUM = re.compile("[0-9a-f]{4}( [0-9a-f]{4}){3}")
MARKS = ("Oda Vik", "Blåmerker", "2026/123")


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def ingrid(world, app):
    client = client_for(world, app, "ingrid")
    client.get(DANGER)
    return client


def count(world):
    with world.looking() as session:
        return len(session.scalars(select(OwnRecord)).all())


@pytest.mark.parametrize("who", PEOPLE)
def test_every_role_reaches_the_page_and_can_record(world, app, who):
    client = client_for(world, app, who)
    page = client.get(DANGER)
    for number in ("tel:112", "tel:116111", "tel:00000000"):
        assert page.all("a", href=number)
    where = goes_to(client.post(DANGER, {**page.form(DANGER), **FILLED}))
    assert "Oda Vik, 8B" in client.get(where).text


def test_no_text_claims_that_something_is_sent(world, ingrid):
    page = ingrid.get(DANGER)
    assert "Saving here does not report anything." in page.text
    assert "Stafett does not send reports." in page.text
    where = goes_to(ingrid.post(DANGER, {**page.form(DANGER), **FILLED}))
    record = ingrid.get(where)
    assert "Stafett has sent nothing to anybody." in record.text
    assert "guardians can see it" not in record.text
    buttons = [" ".join(found.itertext()) for found in page.all("button")]
    assert not [text for text in buttons if "send" in text.lower()]


def test_the_three_weeks_are_shown_and_end_with_the_confirmation(world, app, ingrid):
    where = goes_to(ingrid.post(DANGER, FILLED))
    assert "must confirm by 22 September 2026" in ingrid.get(where).text.replace("\xa0", " ")

    world.clock.advance(timedelta(days=22))
    later = client_for(world, app, "ingrid")
    assert "Three weeks have passed without a confirmation." in later.get(where).text
    assert "Not confirmed by" in later.get(MINE).text
    assert goes_to(later.post(f"{where}/confirm", {"confirmed_on": "2026-09-20"})) == where
    assert "Confirmed 20 September 2026" in later.get(where).text.replace("\xa0", " ")
    assert "Not confirmed by" not in later.get(MINE).text


def test_the_list_of_own_records_names_no_child(ingrid):
    goes_to(ingrid.post(DANGER, FILLED))
    page = ingrid.get(MINE)
    assert "Recorded" in page.text
    assert "Oda" not in page.text


def test_the_cookie_says_nothing_about_a_report(ingrid):
    answer = ingrid.post(DANGER, FILLED)
    plain_saving = ingrid.post(DANGER, {**FILLED, "go": "later"})
    sizes = {
        len(cookie.partition(";")[0])
        for page in (answer, plain_saving)
        for cookie in page.response.headers.getlist("Set-Cookie")
        if "st_form" in cookie
    }
    assert len(sizes) == 1


def test_a_kindergarten_is_shown_its_own_four_cases(world, app):
    page = client_for(world, app, "mona").get(DANGER)
    letters = [found.get("value") for found in page.all("input", name="letter")]
    assert letters == ["a", "b", "c", "d"]
    assert "d) Human trafficking" in page.text
    assert "barnehageloven § 46" in page.text
    assert "barnevernsloven § 13-2" not in page.text


def test_a_duty_without_letter_needs_none(ingrid):
    sent = {name: value for name, value in FILLED.items() if name != "letter"}
    where = goes_to(ingrid.post(DANGER, {**sent, "duty": "avert"}))
    assert "straffeloven § 196" in ingrid.get(where).text


# -- drafts and double sending --------------------------------------------------------------------


def test_the_draft_comes_back_and_becomes_the_record(world, ingrid):
    answer = ingrid.post("/danger/draft", FILLED)
    assert answer.response.is_json
    page = ingrid.get(DANGER)
    assert value_of(page, "known") == FILLED["known"]

    goes_to(ingrid.post(DANGER, page.form(DANGER)))
    assert count(world) == 1
    assert value_of(ingrid.get(DANGER), "known") == ""


def test_sending_twice_is_one_record(world, ingrid):
    sent = {**ingrid.get(DANGER).form(DANGER), **FILLED}
    first = goes_to(ingrid.post(DANGER, sent))
    assert goes_to(ingrid.post(DANGER, sent)) == first
    assert len(world.run("ingrid", duty.my_records)) == 1


def test_nothing_typed_is_lost_when_the_session_runs_out(world, app, ingrid):
    world.clock.advance(timedelta(minutes=121))
    answer = ingrid.post(DANGER, FILLED)
    if answer.status == 303:
        assert value_of(client_for(world, app, "ingrid").get(DANGER), "known") == FILLED["known"]
    else:
        assert answer.status == 401
        assert FILLED["known"] in answer.text


def test_discarding_a_draft_leaves_the_records(world, ingrid):
    where = goes_to(ingrid.post(DANGER, FILLED))
    ingrid.post("/danger/draft", {"about": "x"})
    goes_to(ingrid.post("/danger/draft/discard"))
    assert count(world) == 1
    assert ingrid.get(where).status == 200


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"about": ""}, "Write who it is about."),
        ({"about": "x" * 201}, "Write at most 200 signs."),
        ({"known": "x\x00"}, "signs here that cannot be stored"),
        ({"known": "x" * 8001}, "Write at most 8000 signs."),
        ({"duty": ""}, "Say what you did."),
        ({"letter": ""}, "Choose what you believe"),
        ({"letter": "f"}, "Choose one of the answers"),
        ({"reported_on": "2031-01-01"}, "ahead in time"),
        ({"assessed_on": "snart"}, "Write the date as"),
        ({"channel": "pigeon"}, "Choose one of the answers"),
        ({"case_number": "1234-5670"}, "This is not a case number."),
        ({"submission": "1"}, "The form is damaged."),
    ],
)
def test_bad_input_is_explained_and_kept(world, ingrid, changes, said):
    page = ingrid.post(DANGER, {**FILLED, **changes})
    assert page.status == 422
    assert said in page.text
    assert value_of(page, "reported_to") == FILLED["reported_to"]
    assert world.run("ingrid", duty.my_records) == ()


@pytest.mark.parametrize("day", ["2026-08-31", "2031-01-01", "", "x"])
def test_a_confirmation_on_an_impossible_day_is_refused(world, ingrid, day):
    where = goes_to(ingrid.post(DANGER, FILLED))
    assert ingrid.post(f"{where}/confirm", {"confirmed_on": day}).status == 422
    assert len(world.run("ingrid", duty.my_due)) == 1


@pytest.mark.parametrize("url", [DANGER, "/danger/draft", "/danger/draft/discard"])
def test_a_forged_token_writes_nothing(world, ingrid, url):
    for token in ("forged", ""):
        assert ingrid.post(url, {**FILLED, "csrf_token": token}).status == 400
    assert count(world) == 0


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "'; DROP TABLE own_records; --",
            "Đuođđi Ŋáŋŋá",
            "👩‍👧‍👦",
            "\u202eabc",
            "\x07",
            "a" * 9000,
            "{{ 7 * 7 }}",
            "9999-99-99",
        ]
    ),
)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from([*sorted(FILLED), "submission", "version"]), HOSTILE, max_size=5
    ),
    st.sampled_from([DANGER, "/danger/draft"]),
)
def test_no_input_breaks_the_page_or_reaches_it_unescaped(world, ingrid, changes, url):
    sent = {name: text.encode("utf-8", "replace").decode() for name, text in changes.items()}
    page = ingrid.post(url, {**FILLED, **sent})
    assert page.status in {200, 303, 422}
    shown = ingrid.follow(page) if page.status == 303 else ingrid.get(DANGER)
    assert shown.status == 200
    assert "<script>alert" not in html(shown) + html(page)


# -- no trace -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [who for who in PEOPLE if who != "ingrid"])
def test_anothers_record_is_answered_as_an_address_that_does_not_exist(world, app, ingrid, who):
    where = goes_to(ingrid.post(DANGER, FILLED))
    client = client_for(world, app, who)
    hidden, unknown = client.get(where), client.get(f"{MINE}/{uuid.uuid4()}")
    nowhere = client.get("/nowhere/at/all")
    assert hidden.status == unknown.status == 404
    assert html(hidden) == html(unknown) == html(nowhere)

    client.get(DANGER)
    sent = {"confirmed_on": "2026-09-01"}
    refused = client.post(f"{where}/confirm", sent)
    missing = client.post(f"{MINE}/{uuid.uuid4()}/confirm", sent)
    assert (refused.status, html(refused)) == (missing.status, html(missing))
    assert refused.status == 404


@pytest.mark.parametrize("who", [who for who in PEOPLE if who != "ingrid"])
def test_a_report_and_a_draft_leave_the_same_pages_to_everybody_else(world_image, tmp_path, who):
    after_report = _pages_of(who, world_image, tmp_path / "report", _report)
    after_draft = _pages_of(who, world_image, tmp_path / "draft", _draft)

    assert after_report == after_draft
    assert not [mark for mark in MARKS for text in after_report.values() if mark in text]


def _pages_of(who, world_image, directory, act):
    """Every page that ``who`` reaches without arguments, after ``act`` by Ingrid."""
    image, image_dir = world_image
    world = copy_of(image, image_dir, directory)
    app = create_app(world.runtime.settings, runtime=world.runtime)
    world.actor("ingrid")
    client = client_for(world, app, who)
    act(world)
    paths = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith("/network")
    )
    seen = {}
    for path in paths:
        page = client.get(path)
        seen[path] = f"{page.status} {CHECKSUM.sub('', page.text)}"
    world.close()
    return seen


def _report(world):
    world.run("ingrid", duty.file_record, command=_command())


def _draft(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields={"seen": ["Trist"]})


def _command():
    return duty.FileRecord(
        submission=uuid.uuid4(),
        about="Oda Vik, 8B",
        duty=duty.Duty.REPORT_CHILD_WELFARE,
        letter=duty.CaseLetter.A,
        known="Blåmerker",
        assessed_on=duty.date(2026, 9, 1),
        reported_on=duty.date(2026, 9, 1),
        reported_to="Barnevernet",
        channel=duty.Channel.PHONE,
        receipt="2026/123",
        guardians_know=duty.GuardiansKnow.NO,
    )
