"""My day: what hurts most comes first, and nobody sees a name they may not see."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied
from bti.workflows import consent, referral, worklist
from bti.workflows.worklist import Relation, Show, TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import (
    change_ops,
    invite,
    planned,
    ready_for_team,
    share,
    today,
    version_of,
    with_log,
)


def day(world, who="ingrid", **choices):
    return world.run(who, worklist.my_day, **choices)


def kinds(page):
    return [task.kind for task in page.tasks]


def test_someone_new_has_nothing_to_do(world):
    page = day(world, "per")
    assert page.is_new
    assert page.tasks == page.rows == page.week == ()


def test_those_who_do_no_case_work_have_no_worklist(world):
    for who in ("anne", "arne", "asta"):
        with pytest.raises(AccessDenied):
            day(world, who)


def test_a_broken_follow_up_comes_before_everything(world):
    late = with_log(world)
    planned(world, late, evaluate_on=today(world) + timedelta(days=1))
    planned(world, late, evaluate_on=today(world) + timedelta(days=60))
    broken = with_log(world)
    planned(world, broken, evaluate_on=today(world) + timedelta(days=2))
    world.clock.advance(timedelta(days=4))

    page = day(world)
    first, second = page.tasks
    assert (first.kind, first.case_id, first.days_over) == (TaskKind.BROKEN, broken, 2)
    assert (second.kind, second.case_id, second.days_over) == (TaskKind.EVALUATION, late, 3)
    assert page.urgent == 2


def test_a_log_without_any_measure_is_a_broken_follow_up(world):
    with_log(world)
    assert kinds(day(world)) == [TaskKind.BROKEN]


def test_an_evaluation_far_ahead_is_no_task_but_a_next_step(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=40))
    page = day(world)
    assert page.tasks == ()
    (row,) = page.rows
    assert (row.next_step, row.due_on) == (
        TaskKind.EVALUATION,
        today(world) + timedelta(days=40),
    )
    assert (row.child, row.group, row.relation) == ("Jonas Berg Hansen", "8B", Relation.HOLDER)
    assert row.holder == "Ingrid Solberg"


def test_the_way_on_from_level_0_is_due_after_two_weeks(world):
    cases.new_case(world)
    assert kinds(day(world)) == []
    world.clock.advance(timedelta(days=10))
    assert kinds(day(world)) == [TaskKind.DECISION]
    world.clock.advance(timedelta(days=6))
    (task,) = day(world).tasks
    assert (task.days_over, task.urgent) == (2, True)


def test_a_talk_with_guardians_that_is_due_is_a_task(world):
    case_id = cases.new_case(world)
    change_ops(world, case_id, talk_due=today(world))
    assert TaskKind.TALK in kinds(day(world))


def test_an_offered_baton_is_the_others_task_and_the_holder_keeps_the_case(world):
    case_id = with_log(world)
    planned(world, case_id)
    cases.offered(world, case_id, "per")
    (task,) = day(world, "per").tasks
    assert (task.kind, task.about, task.urgent) == (TaskKind.OFFER, "Ingrid Solberg", True)
    assert day(world).rows[0].relation is Relation.HOLDER


def test_a_consent_that_waits_for_an_answer_is_a_task_and_is_gone_when_all_have_answered(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=40))
    consent_id = cases.ask(world, case_id, unit="pps")
    (task,) = day(world).tasks
    assert (task.kind, task.about) == (TaskKind.CONSENT_MISSING, "PP-tjenesten")
    for person_id in cases.guardians(world, case_id).values():
        cases.say(world, case_id, consent_id, person_id)
    assert day(world).tasks == ()


def test_a_consent_that_soon_ends_is_a_task(world):
    case_id = with_log(world)
    share(world, case_id, "pps")
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=500))
    world.clock.advance(timedelta(days=340))
    assert kinds(day(world)) == [TaskKind.CONSENT_ENDING]


def test_the_team_is_told_how_many_wait_and_the_holder_when_one_comes_back(world):
    case_id = ready_for_team(world)
    share(world, case_id, "team")
    command = referral.Refer(
        case_id=case_id,
        version=version_of(world, case_id),
        team_unit=world.units["team"],
        why="Ikke nok.",
        question="Hva nå?",
        danger_assessed=True,
    )
    world.run("ingrid", referral.refer, command)
    (task,) = day(world, "turid").tasks
    assert (task.kind, task.count) == (TaskKind.QUEUE, 1)

    world.run(
        "hege", referral.return_, case_id=case_id, version=version_of(world, case_id), reason="Vent"
    )
    assert day(world, "turid").tasks == ()
    assert TaskKind.RETURNED in kinds(day(world))


def test_hidden_names_leave_the_workflow_with_no_name(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=2))
    cases.offered(world, case_id, "per")
    for who in ("ingrid", "per"):
        page = day(world, who, names_hidden=True)
        shown = [*page.rows, *page.tasks, *page.week]
        assert {one.child for one in shown} == {""}
        assert {one.group for one in (*page.rows, *page.tasks)} == {""}
        assert {task.words for task in page.tasks} == {""}
        assert all(one.number for one in shown)


def test_the_table_can_show_one_kind_of_case_and_counts_them_all(world):
    held = with_log(world)
    wonder = cases.new_case(world)
    page = day(world, show=Show.WONDER)
    assert [row.case_id for row in page.rows] == [wonder]
    assert page.counts == {Show.ALL: 2, Show.HOLDER: 1, Show.PARTICIPANT: 0, Show.WONDER: 1}
    assert [row.case_id for row in day(world, show=Show.HOLDER).rows] == [held]


def test_withdrawn_consent_takes_the_case_off_the_others_list(world):
    case_id = with_log(world, level=2)
    consent_id = share(world, case_id, "health", InfoType.MEASURES)
    invite(world, case_id, "kari")
    assert [row.case_id for row in day(world, "kari").rows] == [case_id]

    person_id = next(iter(cases.guardians(world, case_id).values()))
    world.run(
        "ingrid", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=person_id
    )
    assert day(world, "kari").rows == ()


def test_a_leader_sees_the_units_counts_and_what_is_overdue_with_the_holder(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=1))
    cases.new_case(world, "per")
    world.clock.advance(timedelta(days=3))
    page = day(world, "siv")
    assert page.unit.levels == ((0, 1), (1, 1), (2, 0), (3, 0))
    (row,) = page.unit.overdue
    assert (row.case_id, row.holder, row.relation) == (case_id, "Ingrid Solberg", Relation.UNIT)
    assert page.rows == ()


def test_a_leader_of_another_unit_sees_nothing_of_it(world):
    with_log(world)
    assert day(world, "hege").rows == ()
    assert day(world, "ingrid").unit is None


def test_a_closed_case_is_not_on_the_list(world):
    case_id = with_log(world)
    change_ops(world, case_id, status="closed")
    assert day(world).rows == ()


def test_this_week_holds_what_is_due_within_seven_days(world):
    for days in (3, 12):
        planned(world, with_log(world), evaluate_on=today(world) + timedelta(days=days))
    (one,) = day(world).week
    assert one.on == today(world) + timedelta(days=3)


def test_the_list_is_one_entry_that_names_every_case_on_it(world):
    expected = {with_log(world), cases.new_case(world)}
    day(world)
    found = cases.rows(world, AuditEvent, AuditEvent.act == Act.WORKLIST_OWN_READ.value)
    assert len(found) == 1
    subjects = cases.rows(world, AuditSubject, AuditSubject.idx == found[0].idx)
    assert {one.object_id for one in subjects if one.kind == "case"} == expected


def questions(world, who):
    """How many statements one look at the list costs."""
    asked = []
    actor = world.actor(who)
    engine = world.runtime.doorway.sessions.kw["bind"]

    def count(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        world.runtime.doorway.perform(worklist.my_day, actor)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    # What a sequencer asks after the act is not the page's.
    asked = asked[: next((at for at, one in enumerate(asked) if "DISTINCT tenant_id" in one), None)]
    return [one for one in asked if one.lstrip().startswith("SELECT")]


def test_many_cases_cost_as_many_questions_as_few(world):
    for _ in range(2):
        planned(world, with_log(world), evaluate_on=today(world) + timedelta(days=40))
    few = questions(world, "ingrid")
    for _ in range(6):
        planned(world, with_log(world), evaluate_on=today(world) + timedelta(days=40))
    many = questions(world, "ingrid")
    assert len(many) == len(few)
    assert len(many) < 37


def test_the_list_stands_on_postgresql_too(postgres_world):
    world = postgres_world
    case_id = with_log(world)
    cases.offered(world, case_id, "per")
    assert kinds(day(world)) == [TaskKind.BROKEN]
    assert kinds(day(world, "per")) == [TaskKind.OFFER]
    assert [row.case_id for row in day(world).rows] == [case_id]
