"""Correction by addition: what was written stays, and what is right stands beside it for its readers."""

import uuid
from datetime import date, timedelta

import pytest

from bti.db.models import Entry
from bti.domain.codes import InfoType
from bti.domain.correction import Stance, Voice
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.rights_request import Requester, RequestStepKind, Right
from bti.workflows import case, consent, correction, rights_request, worklist
from bti.workflows.case_file import Kind
from bti.workflows.worklist_rows import TaskKind
from tests.integration.workflows import cases, states
from tests.web.case_site import acts

WORDS = "Jonas har vært borte 12 dager."
RIGHT = "Det var 2 dager. Tallet gjaldt en annen elev."


def shared(world):
    """A case with a log, a note on absence, and Nina who reads it by consent."""
    case_id = cases.new_case(world)
    cases.log_open(world, case_id)
    cases.agreed(world, case_id, "pps")
    cases.invite(world, case_id)
    cases.write(world, "ingrid", case_id, InfoType.ATTENDANCE, WORDS)
    return case_id


def page(world, case_id, who="ingrid"):
    return world.run(who, case.show_case, case_id=case_id)


def note(world, case_id, who="ingrid"):
    return next(one for one in page(world, case_id, who).happenings if one.kind is Kind.NOTE)


def put(world, case_id, entry_id, who="ingrid", **more):
    values = {
        "submission": uuid.uuid4(),
        "stance": Stance.CORRECTION,
        "text": RIGHT,
        "why": "Tallet var ført på feil elev.",
        **more,
    }
    command = correction.WriteBeside(case_id=case_id, entry_id=entry_id, **values)
    world.run(who, correction.write, command)


def kinds(world, who):
    return [task.kind for task in world.run(who, worklist.my_day).tasks]


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_the_original_is_read_as_before_and_the_right_stands_beside_it_for_all_its_readers(
    request, engine
):
    world = request.getfixturevalue(engine)
    case_id = shared(world)
    entry_id, at = note(world, case_id).id, world.clock.now()
    put(world, case_id, entry_id)
    for who in ("ingrid", "siv", "nina"):
        seen = page(world, case_id, who)
        assert [one.text for one in seen.happenings if one.kind is Kind.NOTE] == [WORDS]
        (beside,) = seen.beside[entry_id]
        assert (beside.text, beside.by) == (RIGHT, "Ingrid Solberg")
        assert beside.at == at
    assert acts(world).count(("case:entry:correct", "allow")) == 1
    cases.holds_together(world)


def test_who_cannot_read_the_entry_cannot_read_what_stands_beside_it(world):
    case_id = shared(world)
    cases.write(world, "ingrid", case_id, InfoType.OWN, "Bare for skolen.")
    own = next(one for one in page(world, case_id).happenings if one.text == "Bare for skolen.")
    put(world, case_id, own.id)
    assert own.id in page(world, case_id, "siv").beside
    assert own.id not in page(world, case_id, "nina").beside
    with pytest.raises(AccessDenied):
        world.run("nina", correction.page, case_id=case_id, entry_id=own.id)


def test_a_view_stands_beside_what_is_not_corrected_and_says_whose_it_is(world):
    case_id = shared(world)
    entry_id = note(world, case_id).id
    with pytest.raises(RuleBroken, match=r"correction\.no_voice"):
        put(world, case_id, entry_id, stance=Stance.STATEMENT)
    put(
        world,
        case_id,
        entry_id,
        stance=Stance.STATEMENT,
        voice=Voice.CHILD,
        text="Jeg var syk.",
        why="Fraværet er ført riktig.",
    )
    (beside,) = page(world, case_id).beside[entry_id]
    assert (beside.stance, beside.voice) == (Stance.STATEMENT, Voice.CHILD)
    assert ("case:statement:create", "allow") in acts(world)


def test_the_author_and_who_keeps_the_case_may_and_another_reader_may_not(world):
    case_id = shared(world)
    entry_id = note(world, case_id).id
    assert note(world, case_id, "siv").may_correct
    assert not note(world, case_id, "nina").may_correct
    with pytest.raises(AccessDenied):
        put(world, case_id, entry_id, "nina")
    cases.write(world, "nina", case_id, InfoType.ATTENDANCE, "Fra PPT.")
    own = next(one for one in page(world, case_id, "nina").happenings if one.text == "Fra PPT.")
    assert own.may_correct
    put(world, case_id, own.id, "nina")
    assert len(page(world, case_id, "nina").beside[own.id]) == 1


def test_an_addition_an_entry_of_another_case_and_none_at_all_are_refused_alike(world):
    case_id = shared(world)
    entry_id = note(world, case_id).id
    put(world, case_id, entry_id)
    addition = cases.rows(world, Entry, Entry.supersedes == entry_id)[0].id
    other = cases.new_case(world)
    for wrong in (addition, uuid.uuid4(), page(world, other).concerns[0].id):
        with pytest.raises(AccessDenied, match=r"access\.no_entry"):
            put(world, case_id, wrong)


def test_sent_twice_is_one_addition(world):
    case_id = shared(world)
    entry_id, submission = note(world, case_id).id, uuid.uuid4()
    for _ in range(2):
        put(world, case_id, entry_id, submission=submission)
    assert len(page(world, case_id).beside[entry_id]) == 1


def test_those_who_can_read_it_meet_it_on_their_day_until_they_have_read_it(world):
    case_id = shared(world)
    entry_id = note(world, case_id).id
    assert TaskKind.CORRECTED not in kinds(world, "nina")
    put(world, case_id, entry_id)
    assert TaskKind.CORRECTED in kinds(world, "nina")
    assert TaskKind.CORRECTED not in kinds(world, "ingrid")
    world.clock.advance(timedelta(minutes=1))
    page(world, case_id, "nina")
    assert TaskKind.CORRECTED not in kinds(world, "nina")


def test_who_has_lost_access_is_told_by_hand_and_it_stands_how(world):
    case_id = shared(world)
    entry_id = note(world, case_id).id
    world.clock.advance(timedelta(days=1))
    consent_id = next(row.id for row in cases.section(world, case_id).rows if row.service)
    world.run(
        "ingrid",
        consent.withdraw,
        case_id=case_id,
        consent_id=consent_id,
        person_id=next(iter(cases.guardians(world, case_id).values())),
    )
    shown = world.run("ingrid", correction.page, case_id=case_id, entry_id=entry_id)
    assert (shown.reading, shown.no_longer) == ((), ("PP-tjenesten",))
    with pytest.raises(RuleBroken, match=r"correction\.not_told"):
        put(world, case_id, entry_id)
    put(world, case_id, entry_id, told="Ringte PP-tjenesten i dag.")
    assert page(world, case_id).beside[entry_id][0].told == "Ringte PP-tjenesten i dag."


def test_also_a_closed_case_is_corrected(world):
    case_id = cases.new_case(world)
    entry_id = page(world, case_id).concerns[0].id
    states.change_ops(world, case_id, status="closed")
    put(world, case_id, entry_id, "siv")
    assert len(page(world, case_id).beside[entry_id]) == 1


def received(world, number, right=Right.CORRECTION):
    command = rights_request.ReceiveRequest(
        submission=uuid.uuid4(),
        right=right,
        received_on=date(2026, 9, 1),
        requester=Requester.GUARDIAN,
        name="Kari Oppdiktet",
        language="nb",
        number=number,
    )
    return world.run("anne", rights_request.receive, command)


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_request_is_a_task_for_the_holder_until_it_is_answered(request, engine):
    world = request.getfixturevalue(engine)
    case_id = cases.new_case(world)
    number = page(world, case_id).number
    for right in Right:
        received(world, number, right)
    assert kinds(world, "siv").count(TaskKind.REQUEST) == 2
    assert TaskKind.REQUEST not in kinds(world, "ingrid")
    cases.log_open(world, case_id)
    tasks = world.run("ingrid", worklist.my_day).tasks
    asked = [one for one in tasks if one.kind is TaskKind.REQUEST]
    assert {one.about for one in asked} == {"access", "correction"}
    assert {one.due_on for one in asked} == {date(2026, 10, 1)}
    for who in ("siv", "per", "nina"):
        assert TaskKind.REQUEST not in kinds(world, who)
    for line in world.run("anne", rights_request.lines):
        is_access = line.right is Right.ACCESS
        command = rights_request.AddToRequest(
            request_id=line.request_id,
            submission=uuid.uuid4(),
            version=None,
            kind=RequestStepKind.GIVEN if is_access else RequestStepKind.CORRECTED,
            text="Gjort.",
            recipients="" if is_access else "Ingen hadde fått det.",
        )
        world.run("anne", rights_request.add, command)
    assert TaskKind.REQUEST not in kinds(world, "ingrid")


def test_an_answer_is_one_to_what_was_asked_and_says_how_receivers_were_told(world):
    request_id = received(world, "")

    def add(kind, **more):
        command = rights_request.AddToRequest(
            request_id=request_id,
            submission=uuid.uuid4(),
            version=None,
            kind=kind,
            text="Gjort.",
            **more,
        )
        world.run("anne", rights_request.add, command)

    with pytest.raises(RuleBroken, match=r"rights_request\.other_right"):
        add(RequestStepKind.GIVEN)
    with pytest.raises(RuleBroken, match=r"rights_request\.recipients_missing"):
        add(RequestStepKind.CORRECTED)
    add(RequestStepKind.BESIDE)
    assert world.run("anne", rights_request.show, request_id=request_id).line.answered
