"""Goals, measures and evaluations: what is agreed, who may read it, and when it must be looked at."""

import uuid
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.domain.codes import Arena, Decision, InfoType, MeasureResult, NotHeardReason
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.goals import GoalStatus
from bti.domain.measures import MeasureState
from bti.domain.own_secrets import Mark
from bti.workflows import mark, measure
from bti.workflows.case_file import entries
from bti.workflows.errors import Conflict, NotFound
from bti.workflows.goal import EvaluateGoal, evaluate_goal
from bti.workflows.plan_facts import broken_follow_up
from tests.integration.workflows.cases import guardians, new_case
from tests.integration.workflows.states import (
    evaluation,
    goal,
    invite,
    ops,
    planned,
    share,
    today,
    version_of,
    with_log,
)


def plan(world, case_id, who="ingrid"):
    def read(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return measure.plan_of(context, opened, entries(context, case_id, opened=opened))

    return world.run(who, read)


def broken(world, case_id, who="ingrid"):
    def read(context):
        context.verbs.open_core([case_id])
        context.record(Act.WORKLIST_OWN_READ)
        return case_id in broken_follow_up(context, [case_id])

    return world.run(who, read)


def words_of(world, case_id, who):
    def read(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return [one.body for one in entries(context, case_id, opened=opened)]

    return world.run(who, read)


def test_a_goal_and_its_measure_are_read_back_as_written(world):
    case_id = with_log(world)
    goal_id = goal(world, case_id, text="Jonas kommer til første time.")
    planned(world, case_id, goal_id=goal_id)

    (read,) = plan(world, case_id).goals
    (one,) = read.measures
    assert read.text == "Jonas kommer til første time."
    assert (one.title, one.responsible) == ("Fast voksen om morgenen", "Kontaktlærer")
    assert one.unit == "Lindvik ungdomsskole"
    assert one.state is MeasureState.RUNNING
    assert one.days_over == 0


def test_a_measure_without_responsible_is_refused_and_nothing_is_written(world):
    case_id = with_log(world)
    goal_id = goal(world, case_id)
    command = measure.AddMeasure(
        case_id=case_id,
        version=version_of(world, case_id),
        goal_id=goal_id,
        title="Samtale",
        description="",
        arena=Arena.SCHOOL,
        responsible="  ",
        start_on=today(world),
        evaluate_on=today(world),
    )
    with pytest.raises(RuleBroken, match=r"measure\.no_responsible"):
        world.run("ingrid", measure.add_measure, command)
    assert plan(world, case_id).goals[0].measures == ()


def test_an_empty_goal_is_refused(world):
    case_id = with_log(world)
    with pytest.raises(RuleBroken, match=r"goal\.no_text"):
        goal(world, case_id, text=" ")


def test_every_change_of_the_plan_moves_the_day_worklists_read(world):
    case_id = with_log(world)
    assert ops(world, case_id).next_evaluation is None

    late = planned(world, case_id, evaluate_on=today(world) + timedelta(days=20))
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=20)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=10))
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=10)

    closing = evaluation(world, case_id, late, decision=Decision.CLOSE, next_on=None)
    world.run("ingrid", measure.evaluate, closing)
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=10)


def test_an_evaluation_keeps_all_three_views_and_gives_a_new_date(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    world.run("ingrid", measure.evaluate, evaluation(world, case_id, measure_id))

    (one,) = plan(world, case_id).goals[0].measures
    assert one.last.child.words == "Det er greit."
    assert one.last.guardians.words == "Morgenene er roligere."
    assert one.last.professional.words == "Vi ser bedring."
    assert one.last.by == "Ingrid Solberg"
    assert one.evaluate_on == today(world) + timedelta(days=14)


@pytest.mark.parametrize("missing", ["child", "guardians", "professional"])
def test_a_view_that_is_missing_without_a_reason_is_refused(world, missing):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    command = evaluation(world, case_id, measure_id, **{missing: measure.SaidView(" ")})
    with pytest.raises(RuleBroken, match=r"evaluation\.view_missing") as refused:
        world.run("ingrid", measure.evaluate, command)
    assert refused.value.facts["views"] == (missing,)


def test_a_reason_may_stand_for_the_childs_view(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    silent = measure.SaidView(missing=NotHeardReason.DID_NOT_WANT)
    world.run("ingrid", measure.evaluate, evaluation(world, case_id, measure_id, child=silent))
    (one,) = plan(world, case_id).goals[0].measures
    assert one.last.child.missing is NotHeardReason.DID_NOT_WANT


def test_a_change_must_say_what_changes(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    command = evaluation(world, case_id, measure_id, decision=Decision.CHANGE)
    with pytest.raises(RuleBroken, match=r"evaluation\.change_missing"):
        world.run("ingrid", measure.evaluate, command)


def test_a_closed_measure_is_not_evaluated_again(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    closing = evaluation(
        world,
        case_id,
        measure_id,
        decision=Decision.CLOSE,
        next_on=None,
        result=MeasureResult.REACHED,
    )
    world.run("ingrid", measure.evaluate, closing)
    with pytest.raises(RuleBroken, match=r"measure\.ended"):
        world.run("ingrid", measure.evaluate, evaluation(world, case_id, measure_id))


def test_a_passed_date_shows_how_many_days(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=3))
    world.clock.advance(timedelta(days=5))
    (one,) = plan(world, case_id).goals[0].measures
    assert (one.state, one.days_over) == (MeasureState.OVERDUE, 2)


def test_follow_up_is_broken_when_no_evaluation_is_coming_and_not_while_one_is(world):
    case_id = with_log(world)
    assert broken(world, case_id)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=3))
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=30))
    assert not broken(world, case_id)

    world.clock.advance(timedelta(days=5))
    assert not broken(world, case_id)
    world.clock.advance(timedelta(days=30))
    assert broken(world, case_id)
    assert plan(world, case_id).follow_up_broken


def test_a_case_without_a_log_has_no_broken_follow_up(world):
    case_id = new_case(world)
    assert not plan(world, case_id).follow_up_broken


def test_an_invited_service_sees_the_measures_its_consent_covers_and_no_others(world):
    case_id = with_log(world, level=2)
    planned(world, case_id)
    share(world, case_id, "health", InfoType.ATTENDANCE)
    invite(world, case_id, "kari")
    assert plan(world, case_id, "kari").goals == ()

    share(world, case_id, "pps", InfoType.MEASURES)
    invite(world, case_id, "nina")
    assert len(plan(world, case_id, "nina").goals) == 1


def test_another_services_measure_is_evaluated_where_it_stands_so_that_both_can_read_it(world):
    case_id = with_log(world, level=2)
    share(world, case_id, "health", InfoType.MEASURES)
    invite(world, case_id, "kari")
    measure_id = planned(world, case_id)

    world.run("kari", measure.evaluate, evaluation(world, case_id, measure_id))

    (seen_by_school,) = plan(world, case_id, "ingrid").goals[0].measures
    assert seen_by_school.last.by == "Kari Lund"


def test_a_measure_one_cannot_read_cannot_be_evaluated(world):
    case_id = with_log(world, level=2)
    measure_id = planned(world, case_id)
    share(world, case_id, "health", InfoType.ATTENDANCE)
    invite(world, case_id, "kari")
    with pytest.raises(NotFound):
        world.run("kari", measure.evaluate, evaluation(world, case_id, measure_id))


def test_a_measure_cannot_lead_to_a_goal_one_cannot_read(world):
    case_id = with_log(world, level=2)
    goal_id = goal(world, case_id)
    share(world, case_id, "health", InfoType.ATTENDANCE)
    invite(world, case_id, "kari")
    with pytest.raises(RuleBroken, match=r"measure\.no_goal"):
        planned(world, case_id, "kari", goal_id=goal_id)


def test_a_note_is_read_only_by_services_whose_consent_covers_its_type(world):
    case_id = with_log(world, level=2)
    share(world, case_id, "health", InfoType.ATTENDANCE)
    invite(world, case_id, "kari")
    for info_type in (InfoType.ATTENDANCE, InfoType.LEARNING):
        world.run(
            "ingrid",
            measure.add_note,
            case_id=case_id,
            version=version_of(world, case_id),
            info_type=info_type,
            text=f"Om {info_type.value}",
        )

    def notes(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        records = entries(context, case_id, opened=opened)
        return {one.body["text"] for one in records if one.kind == "note" and one.readable}

    assert world.run("kari", notes) == {"Om attendance"}
    assert world.run("ingrid", notes) == {"Om attendance", "Om learning"}


def test_a_stranger_meets_no_plan(world):
    case_id = with_log(world)
    with pytest.raises(AccessDenied):
        goal(world, case_id, "per")


def test_an_old_form_is_a_conflict_and_writes_nothing(world):
    case_id = with_log(world)
    old = version_of(world, case_id)
    goal(world, case_id)
    with pytest.raises(Conflict):
        world.run("ingrid", measure.add_goal, case_id=case_id, version=old, text="To ganger")
    assert len(plan(world, case_id).goals) == 1


def test_the_plan_stands_on_postgresql_too(postgres_world):
    world = postgres_world
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    world.run("ingrid", measure.evaluate, evaluation(world, case_id, measure_id))
    (one,) = plan(world, case_id).goals[0].measures
    assert one.last.result is MeasureResult.PARTLY
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=14)


def test_how_a_goal_stands_follows_the_mark_of_the_goal(world):
    case_id = with_log(world)
    who = guardians(world, case_id)
    share(world, case_id, "pps")
    invite(world, case_id, "nina")
    goal_id = goal(world, case_id)
    said = measure.SaidView("Mamma er syk.")
    look = EvaluateGoal(
        case_id=case_id,
        version=version_of(world, case_id),
        goal_id=goal_id,
        on=today(world),
        status=GoalStatus.REACHED,
        child=said,
        guardians=said,
        seen="Ro.",
        reach_by=None,
    )
    world.run("ingrid", evaluate_goal, look)
    assert plan(world, case_id, "nina").goals[0].evaluations[0].child.words == said.words
    marked = mark.PutMark(
        case_id=case_id,
        entry_id=goal_id,
        submission=uuid.uuid4(),
        mark=Mark(about=who["Maria"]),
        why="Maria fortalte om seg selv.",
    )
    world.run("ingrid", mark.put, marked)
    assert said.words not in str(words_of(world, case_id, "nina"))
    assert said.words in str(words_of(world, case_id, "ingrid"))
