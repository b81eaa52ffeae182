"""The desk of the data protection officer, and the records of breaches on it."""

import uuid
from datetime import timedelta

import pytest

from bti.domain.breach import BreachStepKind
from bti.workflows import breach, case, desk
from bti.workflows.insight_question import Question
from tests.integration.workflows import cases
from tests.web.case_site import acts, signed_in
from tests.web.filled import shown

KNOWN = {"known_day": "2026-09-01", "known_time": "8.30"}


def record(world, **more):
    values = {
        "submission": uuid.uuid4(),
        "text": "Utskrift på bussen",
        "known_at": world.clock.now(),
        **more,
    }
    return world.run("anne", breach.open_breach, breach.OpenBreach(**values))


def add(world, breach_id, kind, **more):
    values = {"submission": uuid.uuid4(), "version": None, "text": "Fordi.", **more}
    world.run("anne", breach.add, breach.AddToBreach(breach_id=breach_id, kind=kind, **values))


def test_the_desk_is_the_officers_first_page_and_shows_the_hours_left(world):
    client = signed_in(world, "anne")
    assert "Nothing waits." in client.get("/desk").text
    assert client.get("/desk").all("nav")[0].find(".//a").get("href") == "/desk"
    record(world)
    world.clock.advance(timedelta(hours=52))
    assert "19 hours left" in signed_in(world, "anne").get("/desk").text
    world.clock.advance(timedelta(hours=21))
    assert "1 hour late" in signed_in(world, "anne").get("/desk").text


def test_a_search_leads_to_a_record_with_the_same_selection(world):
    case_id = cases.new_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    client = signed_in(world, "anne")
    assert "/desk/breaches/new" not in client.get("/insight").text
    page = client.get(f"/insight?number={number}&group=read")
    [href] = [a.get("href") for a in page.all("a") if "/desk/breaches/new" in a.get("href", "")]
    form = client.get(href)
    assert shown(form, "/desk/breaches/new")["number"] == number
    answer = client.post(
        "/desk/breaches/new", {"text": "Noen så", **KNOWN, "number": number, "group": "read"}
    )
    assert answer.status == 303, answer.text
    told = client.get(answer.response.headers["Location"]).text
    assert "Ingrid Solberg" in told
    assert f"Case number: {number}" in told
    assert "What was done: Read" in told
    assert "Jonas" not in told


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(world):
    client = signed_in(world, "anne")
    for sent, said in (
        ({**KNOWN, "known_time": "25:00", "text": "Noe"}, "hours and minutes"),
        ({**KNOWN, "known_time": "23:59", "text": "Noe"}, "cannot be in the future"),
        ({**KNOWN, "known_time": "", "text": "Noe"}, "must be filled in"),
        (KNOWN, "Write what has happened"),
    ):
        client.get("/desk/breaches/new")
        page = client.post("/desk/breaches/new", sent)
        assert page.status == 422
        assert said in page.text
        assert shown(page, "/desk/breaches/new")["known_time"] == sent["known_time"]


def test_a_record_is_added_to_and_closed_on_its_page(world):
    breach_id = record(world, known_at=world.clock.now() - timedelta(hours=2))
    client = signed_in(world, "anne")
    address = f"/desk/breaches/{breach_id}"
    client.get(address)
    refused = client.post(address, {"kind": "closed", "text": "Ferdig"})
    assert refused.status == 422
    assert "Say first whether Datatilsynet was told." in refused.text
    reported = {"kind": "reported", "reference": "26/0123", "at_day": "2026-09-01"}
    assert "at what time" in client.post(address, reported).text
    for sent in (
        {**reported, "at_time": "09:15"},
        {"kind": "not_told", "text": "Alt var kryptert", "ground": "34-3-a"},
        {"kind": "closed", "text": "Ferdig"},
    ):
        client.get(address)
        assert client.post(address, sent).status == 303
    page = client.get(address)
    assert "Reference: 26/0123" in page.text
    assert "art. 34 (3) a" in page.text
    assert not [form for form in page.all("form") if form.get("action") == address]
    assert "Closed records of breaches" in client.get("/desk").text


def test_one_more_selection_is_kept_beside_the_first(world):
    cases.new_case(world)
    breach_id = record(world, question=Question(who="siv"))
    client = signed_in(world, "anne")
    client.get(f"/desk/breaches/{breach_id}")
    empty = client.post(f"/desk/breaches/{breach_id}/extent", {})
    assert empty.status == 422
    assert "Say which events" in empty.text
    more = client.post(f"/desk/breaches/{breach_id}/extent", {"who": "ingrid"})
    assert more.status == 303
    steps = world.run("anne", breach.show, breach_id=breach_id).steps
    assert [one.extent.asked for one in steps] == [{"who": "siv"}, {"who": "ingrid"}]


@pytest.mark.parametrize("who", ["ingrid", "siv", "hege", "asta", "arne", "vera"])
def test_for_everybody_else_there_is_no_desk(world, who):
    breach_id = record(world)
    client = signed_in(world, who)
    for address in ("/desk", "/desk/breaches/new", f"/desk/breaches/{breach_id}"):
        assert client.get(address).status == 404


def test_the_log_says_what_the_officer_did_and_names_no_case(world):
    number = world.run("ingrid", case.show_case, case_id=cases.new_case(world)).number
    before = len(acts(world))
    breach_id = record(world, question=Question(number=number))
    add(world, breach_id, BreachStepKind.NOTE)
    world.run("anne", breach.show, breach_id=breach_id)
    world.run("anne", desk.show)
    told = [act for act, _ in acts(world)[before:] if not act.startswith(("session", "approval"))]
    assert told == [
        "breach:record:create",
        "breach:record:add",
        "breach:record:read",
        "desk:list:read",
    ]
    page = signed_in(world, "anne").get("/insight?who=anne")
    assert "Opened a record of a breach" in page.text
    assert number not in page.text
