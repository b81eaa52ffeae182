"""Requests for access on the officer's desk: the clock, the letter of the law, and the letter sent."""

import uuid
from datetime import date, timedelta

import pytest

from bti.domain.errors import AccessDenied, Conflict, RuleBroken
from bti.domain.rights_request import ExceptionLetter, Requester, RequestStepKind, Right
from bti.workflows import case, rights_request
from tests.integration.workflows import cases
from tests.web.case_site import acts, signed_in

NAME = "Kari Oppdiktet"


def received(world, **more):
    values = {
        "submission": uuid.uuid4(),
        "received_on": date(2026, 9, 1),
        "requester": Requester.GUARDIAN,
        "name": NAME,
        "language": "nn",
        **more,
    }
    return world.run("anne", rights_request.receive, rights_request.ReceiveRequest(**values))


def added(world, request_id, kind, **more):
    values = {"submission": uuid.uuid4(), "version": None, "text": "Fordi.", **more}
    command = rights_request.AddToRequest(request_id=request_id, kind=kind, **values)
    world.run("anne", rights_request.add, command)


def shown(world, request_id):
    return world.run("anne", rights_request.show, request_id=request_id)


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_request_is_followed_to_its_answer_and_names_who_makes_the_package(request, engine):
    world = request.getfixturevalue(engine)
    case_id = cases.new_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    request_id = received(world, number=number)
    page = shown(world, request_id)
    assert (page.line.due_on, page.line.days) == (date(2026, 10, 1), 30)
    assert page.unit == "Lindvik ungdomsskole"
    assert "Jonas" not in repr(page)
    added(world, request_id, RequestStepKind.EXTENDED, told_on=date(2026, 9, 1))
    assert shown(world, request_id).line.due_on == date(2026, 12, 1)
    added(world, request_id, RequestStepKind.PARTLY, letter=ExceptionLetter.D)
    assert shown(world, request_id).line.answered
    with pytest.raises(RuleBroken, match=r"rights_request\.answered"):
        added(world, request_id, RequestStepKind.GIVEN)
    cases.holds_together(world)


def test_the_desk_shows_the_days_left_and_those_over(world):
    received(world)
    assert "30 days left" in signed_in(world, "anne").get("/desk").text
    world.clock.advance(timedelta(days=31))
    assert "1 day late" in signed_in(world, "anne").get("/desk").text


def test_a_refusal_without_its_letter_is_not_saved_and_what_was_typed_is_kept(world):
    request_id = received(world)
    client = signed_in(world, "anne")
    address = f"/desk/requests/{request_id}"
    client.get(address)
    page = client.post(address, {"kind": "refused", "text": "Taushetsplikt om en annen."})
    assert page.status == 422
    assert "Choose the letter that the refusal rests on." in page.text
    assert "Taushetsplikt om en annen." in page.all("textarea")[0].text
    assert "A duty of confidentiality in law covers the information." in page.text
    assert client.get(f"{address}/letter").status == 404
    assert client.post(address, {"kind": "refused", "text": "x", "letter": "none"}).status == 422
    sent = {"kind": "refused", "text": "Taushetsplikt om en annen.", "letter": "d"}
    client.get(address)
    assert client.post(address, sent).status == 303


def test_the_letter_is_in_the_language_the_person_asked_for(world):
    request_id = received(world, language="nn")
    added(
        world, request_id, RequestStepKind.REFUSED, letter=ExceptionLetter.C, representative="Ola"
    )
    letter = signed_in(world, "anne").get(f"/desk/requests/{request_id}/letter")
    assert letter.dom.get("lang") == "nn"
    assert "personopplysningslova § 16 første ledd bokstav c" in letter.text
    assert NAME in letter.text
    assert "Gjeve til ein representant: Ola." in letter.text


def test_a_case_that_is_not_there_and_a_day_ahead_are_refused(world):
    with pytest.raises(RuleBroken, match=r"rights_request\.no_case"):
        received(world, number="1234-5678")
    with pytest.raises(RuleBroken, match=r"rights_request\.in_future"):
        received(world, received_on=date(2026, 9, 3))


def test_sent_twice_is_one_and_what_was_added_meanwhile_must_be_seen(world):
    submission = uuid.uuid4()
    assert received(world, submission=submission) == received(world, submission=submission)
    request_id = received(world, submission=submission)
    for _ in range(2):
        added(world, request_id, RequestStepKind.NOTE, submission=submission)
    assert shown(world, request_id).version == 1
    with pytest.raises(Conflict):
        added(world, request_id, RequestStepKind.NOTE, version=0)


@pytest.mark.parametrize("who", ["ingrid", "siv", "hege", "asta", "arne", "vera"])
def test_nobody_but_the_officer_receives_reads_or_answers(world, who):
    request_id = received(world)
    for workflow in (rights_request.show, rights_request.answer):
        with pytest.raises(AccessDenied):
            world.run(who, workflow, request_id=request_id)
    with pytest.raises(AccessDenied):
        world.run(who, rights_request.lines)
    client = signed_in(world, who)
    for address in ("new", str(request_id), f"{request_id}/letter"):
        assert client.get(f"/desk/requests/{address}").status == 404


def test_the_log_tells_of_it_and_names_no_case(world):
    number = world.run("ingrid", case.show_case, case_id=cases.new_case(world)).number
    before = len(acts(world))
    request_id = received(world, number=number)
    added(world, request_id, RequestStepKind.GIVEN)
    world.run("anne", rights_request.answer, request_id=request_id)
    told = [act for act, _ in acts(world)[before:] if not act.startswith("session")]
    assert told == ["request:record:create", "request:record:add", "request:record:read"]
    assert number not in signed_in(world, "anne").get("/insight?who=anne").text


def test_a_request_for_correction_is_answered_in_a_letter_without_a_letter_of_the_law(world):
    request_id = received(world, right=Right.CORRECTION, language="en")
    client = signed_in(world, "anne")
    assert f"{NAME} asks for correction" in client.get("/desk").text
    address = f"/desk/requests/{request_id}"
    page = client.get(address)
    assert "section 16" not in page.text
    sent = {"kind": "corrected", "text": "Fixed.", "recipients": ""}
    refused = client.post(address, sent)
    assert refused.status == 422
    assert "Write how those who had received it were told" in refused.text
    client.get(address)
    assert client.post(address, {**sent, "recipients": "Nobody had."}).status == 303
    letter = client.get(f"{address}/letter").text
    assert "Answer to your request for correction" in letter
    assert "This is how those were told who had received it: Nobody had." in letter
