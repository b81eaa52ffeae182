"""Logging a concern in the browser: three steps, a draft that survives, and bad input kept."""

import re
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bti.db.models import Case, Entry, OwnRecord
from bti.workflows import own_record
from tests.web.concern_site import site
from tests.web.critic import goes_to, html, value_of
from tests.web.small_site import client_for

STEP_1 = {
    "danger": "no",
    "child_name": "Oda Vik",
    "birth_date": "2013-04-01",
    "group": "8B",
    "seen": "Borte fra første time seks ganger.",
    "categories": ["ABS", "SOC"],
    "since": "20.08.2026",
}
STEP_2 = {
    "talked_with_child": "yes",
    "child_says": "«Jeg får ikke sove.»",
    "contact_with_guardians": "not_yet",
    "tried": ["talked_alone"],
}
NEW, HOME, REVIEW = "/concern/new", "/concern/new/home", "/concern/new/review"


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def ingrid(world, app):
    client = client_for(world, app, "ingrid")
    client.get(NEW)
    return client


def count(world, model):
    with world.looking() as session:
        return len(session.scalars(select(model)).all())


def walk(client, step_1=STEP_1, step_2=STEP_2):
    """Fill in the two steps and return the page to look over."""
    assert goes_to(client.post(NEW, step_1)) == HOME
    assert goes_to(client.post(HOME, step_2)) == REVIEW
    return client.get(REVIEW)


# -- the way through ------------------------------------------------------------------------------


def test_a_concern_is_logged_in_three_steps(world, ingrid):
    page = walk(ingrid)
    for shown in ("Oda Vik", "8B", "Borte fra første time", "«Jeg får ikke sove.»", "Siv Aas"):
        assert shown in page.text

    done = ingrid.post(REVIEW, page.form(REVIEW))
    assert re.fullmatch(r"/cases/[0-9a-f-]{36}", goes_to(done))
    assert count(world, Case) == 1
    assert count(world, OwnRecord) == 0
    assert "The concern is saved." in ingrid.follow(done).text


def test_the_first_question_is_whether_a_child_is_in_danger(ingrid):
    page = ingrid.get(NEW)
    seen = (found.get("name") for found in page.all("input") if found.get("type") != "hidden")
    first = next(seen)
    assert first == "danger"
    assert [link for link in page.all("a") if link.get("href") == "/danger"]


def test_yes_leads_to_the_danger_page_with_what_was_typed(world, ingrid):
    assert goes_to(ingrid.post(NEW, {**STEP_1, "danger": "yes"})) == "/danger"

    danger = ingrid.get("/danger")
    assert value_of(danger, "about") == "Oda Vik, 8B"
    assert value_of(danger, "known") == STEP_1["seen"]
    assert value_of(ingrid.get(NEW), "seen") == STEP_1["seen"]
    assert count(world, Case) == 0


def test_yes_does_not_overwrite_a_report_being_written(ingrid):
    ingrid.post("/danger/draft", {"about": "En annen", "known": "Noe annet"})
    ingrid.post(NEW, {**STEP_1, "danger": "yes"})
    assert value_of(ingrid.get("/danger"), "about") == "En annen"


def test_unsafe_answers_must_be_weighed_before_saving(world, ingrid):
    page = walk(ingrid, step_2={**STEP_2, "contact_with_guardians": "unsafe"})
    assert "the child may be unsafe" in page.text

    refused = ingrid.post(REVIEW, page.form(REVIEW))
    assert refused.status == 422
    assert count(world, Case) == 0
    sent = {**page.form(REVIEW), "considered_duty": "y"}
    assert goes_to(ingrid.post(REVIEW, sent)).startswith("/cases/")


def test_no_step_can_be_skipped(world, ingrid):
    assert ingrid.get(HOME).status == 302
    assert ingrid.get(REVIEW).status == 303
    ingrid.post(NEW, STEP_1)
    assert goes_to(ingrid.get(REVIEW)) == HOME
    ingrid.post(HOME, STEP_2)
    ingrid.post(NEW, {**STEP_1, "seen": ""})
    assert goes_to(ingrid.post(REVIEW, {})) == NEW
    assert count(world, Case) == 0


def test_sending_twice_makes_one_case_and_shows_the_same(world, ingrid):
    sent = walk(ingrid).form(REVIEW)
    first = goes_to(ingrid.post(REVIEW, sent))
    assert goes_to(ingrid.post(REVIEW, sent)) == first
    assert count(world, Case) == 1


def test_an_unknown_sending_without_draft_starts_over(world, ingrid):
    assert goes_to(ingrid.post(REVIEW, {"submission": str(uuid.uuid4())})) == NEW
    assert count(world, Case) == 0


# -- a child one follows already ------------------------------------------------------------------


def test_the_search_finds_ones_own_case_and_the_concern_is_added_there(world, ingrid):
    ingrid.post(REVIEW, walk(ingrid).form(REVIEW))

    asked = ingrid.post(NEW, STEP_1)
    assert asked.status == 422
    [choice, _new] = asked.all("input", name="case")
    assert "Oda Vik, 8B" in asked.text
    ingrid.post(NEW, {**STEP_1, "case": choice.get("value")})
    ingrid.post(HOME, STEP_2)
    page = ingrid.get(REVIEW)
    assert "This is added to case" in page.text
    assert goes_to(ingrid.post(REVIEW, page.form(REVIEW))) == f"/cases/{choice.get('value')}"
    assert (count(world, Case), count(world, Entry)) == (1, 2)


def test_it_may_be_another_child_with_the_same_name(world, ingrid):
    ingrid.post(REVIEW, walk(ingrid).form(REVIEW))
    page = walk(ingrid, step_1={**STEP_1, "case": "new"})
    ingrid.post(REVIEW, page.form(REVIEW))
    assert count(world, Case) == 2


def test_another_services_case_is_answered_as_no_case(world, app, ingrid):
    kari = client_for(world, app, "kari")
    kari.get(NEW)
    asked = {**STEP_1, "go": "search"}
    before = kari.post(NEW, asked).text
    ingrid.post(REVIEW, walk(ingrid).form(REVIEW))

    assert kari.post(NEW, asked).text == before
    assert "no case about this child that you can see" in before


@pytest.mark.parametrize("case", ["hidden", "unknown", "' OR 1=1 --", "🦊"])
def test_a_case_that_was_not_offered_cannot_be_chosen(world, app, ingrid, case):
    kari = client_for(world, app, "kari")
    kari.get(NEW)
    hidden = goes_to(kari.post(REVIEW, walk(kari).form(REVIEW))).rpartition("/")[2]
    chosen = {"hidden": hidden, "unknown": str(uuid.uuid4())}.get(case, case)

    # Nothing was offered, so nothing was chosen: it becomes a new case of one's own.
    page = walk(ingrid, step_1={**STEP_1, "case": chosen})
    assert "A new case is made" in page.text
    assert hidden not in page.response.get_data(as_text=True)


# -- drafts ---------------------------------------------------------------------------------------


def test_script_saves_the_draft_and_is_told_when(ingrid):
    page = ingrid.get(NEW)
    [form] = page.all("form", action=NEW)
    answer = ingrid.post(form.get("data-draft-url"), STEP_1)

    assert answer.response.is_json
    assert re.fullmatch(r"\d\d[.:]\d\d", answer.response.json["saved_at"])
    assert value_of(ingrid.get(NEW), "seen") == STEP_1["seen"]


def test_saving_one_step_by_script_leaves_the_other(ingrid):
    ingrid.post("/concern/draft/seen", STEP_1)
    ingrid.post("/concern/draft/home", STEP_2)
    assert value_of(ingrid.get(NEW), "seen") == STEP_1["seen"]
    assert value_of(ingrid.get(HOME), "child_says") == STEP_2["child_says"]
    ingrid.post("/concern/draft/seen", {**STEP_1, "categories": []})
    ticked = [
        box for box in ingrid.get(NEW).all("input", name="categories") if "checked" in box.attrib
    ]
    assert ticked == []


def test_what_is_wrong_stays_in_the_draft_as_it_was_typed(ingrid):
    wrong = {**STEP_1, "birth_date": "32.13.2013", "national_id": "123"}
    answer = ingrid.post(NEW, wrong)
    assert answer.status == 422
    for page in (answer, ingrid.get(NEW)):
        assert value_of(page, "birth_date") == "32.13.2013"
        assert value_of(page, "national_id") == "123"
        assert value_of(page, "seen") == STEP_1["seen"]


def test_going_on_later_keeps_an_unfinished_draft(ingrid):
    assert goes_to(ingrid.post(NEW, {"seen": "Halvferdig", "go": "later"})) == "/my-day"
    assert value_of(ingrid.get(NEW), "seen") == "Halvferdig"


def test_discarding_deletes_the_draft(world, ingrid):
    ingrid.post(NEW, STEP_1)
    goes_to(ingrid.post("/concern/draft/discard"))
    assert count(world, OwnRecord) == 0
    assert value_of(ingrid.get(NEW), "child_name") == ""


def test_nothing_typed_is_lost_when_the_session_runs_out(world, app, ingrid):
    ingrid.get(NEW)
    world.clock.advance(timedelta(minutes=121))
    assert goes_to(ingrid.post(NEW, STEP_1)).startswith("/sign-in?next=")
    assert count(world, Case) == 0
    again = client_for(world, app, "ingrid")
    assert value_of(again.get(NEW), "seen") == STEP_1["seen"]


def test_a_forged_token_writes_no_draft_after_the_session_either(world, ingrid):
    world.clock.advance(timedelta(minutes=121))
    assert ingrid.post(NEW, {**STEP_1, "csrf_token": "forged"}).status == 400
    assert count(world, OwnRecord) == 0


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", [NEW, HOME, REVIEW, "/concern/draft/seen", "/concern/draft/discard"]
)
def test_a_forged_or_missing_token_writes_nothing(world, ingrid, url):
    for token in ("forged", ""):
        assert ingrid.post(url, {**STEP_1, "csrf_token": token}).status == 400
    assert count(world, OwnRecord) == 0


def test_a_token_from_another_person_is_worth_nothing(world, app, ingrid):
    per = client_for(world, app, "per")
    per.get(NEW)
    assert ingrid.post(NEW, {**STEP_1, "csrf_token": per._token}).status == 400


@pytest.mark.parametrize("who", ["anne", "arne", "asta"])
@pytest.mark.parametrize("url", [NEW, HOME, REVIEW])
def test_roles_without_children_meet_the_uniform_refusal(world, app, who, url):
    client = client_for(world, app, who)
    assert html(client.get(url)) == html(client.get("/nowhere"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"danger": ""}, "Say whether a child is in danger."),
        ({"danger": "maybe"}, "Choose one of the answers"),
        ({"child_name": " "}, "Write the child's name."),
        ({"child_name": "x" * 121}, "Write at most 120 signs."),
        ({"child_name": "Oda\x00Vik"}, "signs here that cannot be stored"),
        ({"birth_date": "2031-01-01"}, "ahead in time"),
        ({"birth_date": "1990-01-01"}, "under 24"),
        ({"birth_date": "i fjor"}, "Write the date as"),
        ({"national_id": "1234"}, "eleven digits"),
        ({"national_id": "01841350000"}, "Check each digit"),
        ({"seen": ""}, "Write what you have seen or heard."),
        ({"seen": "x" * 8001}, "Write at most 8000 signs."),
        ({"categories": []}, "Tick at least one."),
        ({"categories": ["ABS", "QQQ"]}, "Choose among the answers"),
        ({"since": "2031-01-01"}, "ahead in time"),
    ],
)
def test_bad_input_is_explained_at_the_field_and_kept(world, ingrid, changes, said):
    page = ingrid.post(NEW, {**STEP_1, **changes})
    assert page.status == 422
    assert said in page.text
    [summary] = page.all("div", id="errors")
    assert summary is not None
    assert count(world, Case) == 0


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "'; DROP TABLE cases; --",
            "{{ 7 * 7 }}",
            "Čáhppe Đuođđi Ŋáŋŋá",
            "👩‍👧‍👦",
            "\u202eabc",
            "\x07bell",
            "a" * 9000,
            "\ud800",
            "%s%n",
            "../../etc/passwd",
            "9999-99-99",
        ]
    ),
)
FIELDS = sorted({*STEP_1, *STEP_2, "national_id", "case", "go", "submission", "version"})


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(st.sampled_from(FIELDS), HOSTILE, max_size=6),
    st.sampled_from([NEW, HOME, "/concern/draft/seen", "/concern/draft/home"]),
)
def test_no_input_breaks_a_step_or_reaches_the_page_unescaped(world, ingrid, changes, url):
    sent = {**(STEP_1 if url == NEW else STEP_2), **changes}
    sent = {name: _sendable(value) for name, value in sent.items()}
    page = ingrid.post(url, sent)

    assert page.status in {200, 303, 422}
    assert ingrid.get(NEW).status == 200
    assert "<script>alert" not in page.response.get_data(as_text=True)
    assert count(world, Case) == 0


def _sendable(value):
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def test_letters_of_every_language_here_are_kept(ingrid):
    text = "Čáhppe Đuođđi Ŋáŋŋá Åse Øyvind 👩‍👧‍👦\nlinje to"
    page = walk(ingrid, step_1={**STEP_1, "seen": text, "child_name": "Ánte Ŋuorti"})
    assert "Ánte Ŋuorti" in page.text
    assert "Čáhppe Đuođđi Ŋáŋŋá Åse Øyvind 👩‍👧‍👦" in page.text


def test_a_damaged_sending_number_is_said_and_replaced(world, ingrid):
    page = ingrid.post(NEW, {**STEP_1, "submission": "not-a-number"})
    assert page.status == 422
    assert "The form is damaged." in page.text
    uuid.UUID(page.form(NEW)["submission"])


def test_no_address_carries_a_name(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("concern."):
            assert rule.arguments <= {"step"}


def test_a_concern_draft_is_on_nobody_elses_form(world, app, ingrid):
    ingrid.post(NEW, STEP_1)
    for who in ("per", "siv", "kari"):
        page = client_for(world, app, who).get(NEW)
        assert STEP_1["seen"] not in page.response.get_data(as_text=True)
    assert world.run("ingrid", own_record.my_drafts)
