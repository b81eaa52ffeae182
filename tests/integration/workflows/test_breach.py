"""The record of a breach: whom it reaches as the log says, kept as it was, and only ever added to."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.db.guards import UnauditedChangeError
from bti.db.models import DeskMatter, DeskStep
from bti.domain.breach import AuthorityState, BreachStepKind, NotToldGround
from bti.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken
from bti.workflows import breach, case, desk, insight
from bti.workflows.insight_question import Group, Question
from tests.integration.workflows import cases
from tests.world import PEOPLE

SECRET_WORDS = "Utskrift funnet på bussen"


def opened(world, **more):
    values = {
        "submission": uuid.uuid4(),
        "text": SECRET_WORDS,
        "known_at": world.clock.now(),
        **more,
    }
    return world.run("anne", breach.open_breach, breach.OpenBreach(**values))


def added(world, breach_id, kind, **more):
    values = {"submission": uuid.uuid4(), "version": None, "text": "Fordi.", **more}
    world.run("anne", breach.add, breach.AddToBreach(breach_id=breach_id, kind=kind, **values))


def shown(world, breach_id):
    return world.run("anne", breach.show, breach_id=breach_id)


def number_of(world, case_id, who="ingrid"):
    return world.run(who, case.show_case, case_id=case_id).number


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_those_who_looked_are_found_counted_and_named_and_those_refused_are_not(request, engine):
    world = request.getfixturevalue(engine)
    one, other = cases.new_case(world), cases.new_case(world)
    number = number_of(world, one)
    world.clock.advance(timedelta(hours=1))
    world.actor("siv")
    began = world.clock.now()
    for _ in range(2):
        world.run("siv", case.show_case, case_id=one)
        world.clock.advance(timedelta(minutes=10))
    world.run("siv", case.show_case, case_id=other)
    with pytest.raises(AccessDenied):
        world.run("kari", case.show_case, case_id=one)
    breach_id = opened(world, question=Question(number=number))
    [step] = shown(world, breach_id).steps
    assert step.kind is BreachStepKind.EXTENT
    extent = step.extent
    assert [(row.number, row.unit) for row in extent.cases] == [(number, "Lindvik ungdomsskole")]
    assert [(row.name, row.numbers) for row in extent.people] == [
        ("Ingrid Solberg", (number,)),
        ("Siv Aas", (number,)),
    ]
    siv = extent.people[1]
    assert (siv.looks, siv.first, siv.last) == (2, began, began + timedelta(minutes=10))
    assert extent.refused == 1
    assert extent.asked == {"number": number}
    cases.holds_together(world)


def test_what_was_found_stays_as_it_was_when_the_log_goes_on(world):
    one = cases.new_case(world)
    number = number_of(world, one)
    breach_id = opened(world, question=Question(number=number))
    before = shown(world, breach_id).steps[0].extent
    world.run("siv", case.show_case, case_id=one)
    assert shown(world, breach_id).steps[0].extent == before
    added(world, breach_id, BreachStepKind.EXTENT, question=Question(number=number))
    first, second = shown(world, breach_id).steps
    assert first.extent == before
    assert len(second.extent.people) == len(before.people) + 1


def test_a_selection_by_person_finds_every_case_they_saw(world):
    numbers = {number_of(world, cases.new_case(world)) for _ in range(2)}
    number_of(world, cases.new_case(world, "mona"), "mona")
    breach_id = opened(world, question=Question(who="ingrid", group=Group.READ))
    extent = shown(world, breach_id).steps[0].extent
    assert {row.number for row in extent.cases} == numbers
    assert [row.name for row in extent.people] == ["Ingrid Solberg"]


def test_a_selection_that_says_nothing_or_finds_too_much_is_refused(world, monkeypatch):
    breach_id = opened(world)
    assert shown(world, breach_id).steps == ()
    with pytest.raises(RuleBroken, match=r"breach\.no_selection"):
        added(world, breach_id, BreachStepKind.EXTENT, question=Question())
    cases.new_case(world)
    monkeypatch.setattr(insight, "MOST_ROWS", 0)
    with pytest.raises(RuleBroken, match=r"breach\.too_many"):
        opened(world, question=Question(who="ingrid"))


def test_it_is_reported_told_and_closed_and_then_nothing_more_is_added(world):
    breach_id = opened(world)
    world.clock.advance(timedelta(hours=70, minutes=30))
    assert shown(world, breach_id).line.hours == 1
    world.clock.advance(timedelta(hours=1, minutes=31))
    assert shown(world, breach_id).line.authority is AuthorityState.OVERDUE
    now = world.clock.now()
    with pytest.raises(RuleBroken, match=r"breach\.late_reason"):
        added(world, breach_id, BreachStepKind.REPORTED, at=now, reference="26/01", text="")
    added(world, breach_id, BreachStepKind.REPORTED, at=now, reference="26/01")
    with pytest.raises(RuleBroken, match=r"breach\.people_open"):
        added(world, breach_id, BreachStepKind.CLOSED)
    added(world, breach_id, BreachStepKind.NOT_TOLD, ground=NotToldGround.UNREADABLE)
    added(world, breach_id, BreachStepKind.CLOSED)
    page = shown(world, breach_id)
    assert page.line.closed
    assert [one.reference for one in page.steps] == ["26/01", "", ""]
    assert page.steps[1].ground is NotToldGround.UNREADABLE
    with pytest.raises(RuleBroken, match=r"breach\.closed"):
        added(world, breach_id, BreachStepKind.NOTE)


def test_a_form_sent_twice_makes_one_record_and_one_addition(world):
    submission = uuid.uuid4()
    assert opened(world, submission=submission) == opened(world, submission=submission)
    breach_id = opened(world, submission=submission)
    for _ in range(2):
        added(world, breach_id, BreachStepKind.NOTE, submission=submission)
    assert len(shown(world, breach_id).steps) == 1
    assert len(world.run("anne", desk.show).breaches) == 1


def test_what_was_added_meanwhile_must_be_seen_before_more_is_added(world):
    breach_id = opened(world)
    added(world, breach_id, BreachStepKind.NOTE, version=0)
    with pytest.raises(Conflict):
        added(world, breach_id, BreachStepKind.NOTE, version=0)


@pytest.mark.parametrize("who", sorted(set(PEOPLE) - {"anne"}))
def test_nobody_but_the_officer_opens_reads_or_adds(world, who):
    breach_id = opened(world)
    command = breach.OpenBreach(submission=uuid.uuid4(), text="x", known_at=world.clock.now())
    more = breach.AddToBreach(
        breach_id=breach_id,
        submission=uuid.uuid4(),
        version=None,
        kind=BreachStepKind.NOTE,
        text="x",
    )
    for workflow, values in (
        (desk.show, {}),
        (breach.lines, {}),
        (breach.show, {"breach_id": breach_id}),
        (breach.open_breach, {"command": command}),
        (breach.add, {"command": more}),
    ):
        with pytest.raises(AccessDenied):
            world.run(who, workflow, **values)
    assert shown(world, breach_id).steps == ()


def test_a_record_that_is_not_there_is_not_found(world):
    with pytest.raises(NotFound):
        shown(world, uuid.uuid4())


def test_not_even_a_program_error_changes_a_record_unseen(world):
    breach_id = opened(world)

    def change(context):
        context.verbs.subject()
        row = context.session.get_one(DeskMatter, breach_id)
        row.body = {**row.body, "text": "Noe annet"}

    with pytest.raises(UnauditedChangeError):
        world.run("anne", change)
    assert shown(world, breach_id).line.text == SECRET_WORDS


def test_neither_the_words_nor_the_names_stand_plain_in_the_database(world):
    one = cases.new_case(world)
    breach_id = opened(world, question=Question(number=number_of(world, one)))
    added(world, breach_id, BreachStepKind.NOTE, text="Rektor er varslet")

    def raw(context):
        context.enter(world.tenant_id)
        rows = [
            *context.session.scalars(select(DeskMatter)),
            *context.session.scalars(select(DeskStep)),
        ]
        return b"".join(row.body_ct.blob for row in rows)

    kept = world.system(raw)
    assert len(kept) > 3000
    for words in (SECRET_WORDS, "Rektor", "Ingrid Solberg", "known_at"):
        assert words.encode() not in kept
