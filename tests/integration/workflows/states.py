"""Cases in the states that plans, referrals and worklists are tested in."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.db.models import Log, Participant
from bti.domain.access import Action
from bti.domain.codes import Arena, Decision, InfoType, MeasureResult
from bti.workflows import measure
from bti.workflows.case_file import Kind, case_row, ops_of, write_entry
from tests.integration.workflows import cases

if TYPE_CHECKING:
    from bti.workflows.context import Context
    from tests.world import World


def today(world: World) -> date:
    """The day in Norway."""
    return norwegian_date(world.clock.now())


def with_log(world: World, who: str = "ingrid", *, level: int = 1) -> uuid.UUID:
    """A case with an active log on a level; ``who`` has the baton."""
    case_id = cases.new_case(world, who)

    def start(context: Context) -> None:
        context.verbs.open(case_id, Action.OPEN_LOG, entry=None)
        person = context.person
        context.session.add(
            Log(
                tenant_id=person.tenant_id,
                case_id=case_id,
                holder_id=person.account_id,
                holder_unit_id=person.unit_id,
            )
        )
        _change(context, case_id, level=level, log="active", decision_due=None, talk_due=None)
        context.record(Act.LOG_OPEN_WRITE, Reference("case", case_id))

    world.run(who, start)
    return case_id


def change_ops(world: World, case_id: uuid.UUID, who: str = "ingrid", **changes: Any) -> None:
    """Put the working state as a test needs it."""

    def change(context: Context) -> None:
        context.verbs.subject()
        _change(context, case_id, **changes)
        context.record(Act.CASE_LEVEL_CHANGE, Reference("case", case_id))

    world.run(who, change)


def _change(context: Context, case_id: uuid.UUID, **changes: Any) -> None:
    case = case_row(context, case_id)
    case.ops = replace(ops_of(case), **changes).to_json()


def share(world: World, case_id: uuid.UUID, unit: str, *types: InfoType) -> uuid.UUID:
    """Cells both ways between the school and ``unit`` that every guardian has said yes to."""
    return cases.agreed(world, case_id, unit, info_types=frozenset(types or (InfoType.MEASURES,)))


def invite(world: World, case_id: uuid.UUID, who: str, owner: str = "ingrid") -> None:
    """Make ``who`` a participant; a cell must lead to their unit for it to count."""
    guest = world.actor(who)

    def write(context: Context) -> None:
        context.verbs.open(case_id, Action.INVITE_PARTICIPANT, entry=None)
        context.session.add(
            Participant(
                tenant_id=context.person.tenant_id,
                case_id=case_id,
                account_id=guest.account_id,
                unit_id=guest.unit_id,
                relation="participant",
                valid_from=context.now,
                valid_to=None,
                revoked_at=None,
            )
        )
        context.record(Act.PARTICIPANT_ACCESS_INVITE, Reference("case", case_id))

    world.run(owner, write)


def talked(world: World, case_id: uuid.UUID, who: str = "ingrid") -> None:
    """Conversations held with guardians, child and leader."""

    def write(context: Context) -> None:
        context.verbs.open(case_id, Action.RECORD_CONVERSATION, entry=None)
        for whom in ("guardians", "child", "leader"):
            write_entry(
                context,
                case_id,
                kind=Kind.CONVERSATION,
                compartment="core",
                meta={"with": whom, "held": True, "both": True, "on": context.today},
                body={"summary": "", "reason": ""},
            )
        context.record(Act.CASE_CONVERSATION_RECORD, Reference("case", case_id))

    world.run(who, write)


def ready_for_team(world: World) -> uuid.UUID:
    """A case on level 2 that has everything level 3 asks for, but the words in the form."""
    case_id = with_log(world, level=2)
    cases.agreed(world, case_id)
    talked(world, case_id)
    measure_id = planned(world, case_id)
    world.run("ingrid", measure.evaluate, evaluation(world, case_id, measure_id))
    return case_id


def ops(world: World, case_id: uuid.UUID, who: str = "ingrid") -> Any:
    """The working state as it is now."""

    def read(context: Context) -> Any:
        context.verbs.subject()
        return ops_of(case_row(context, case_id))

    return world.run(who, read)


def version_of(world: World, case_id: uuid.UUID, who: str = "ingrid") -> int:
    """The case's version, as a form would carry it."""

    def read(context: Context) -> int:
        context.verbs.subject()
        return case_row(context, case_id).version

    return world.run(who, read)


def goal(world: World, case_id: uuid.UUID, who: str = "ingrid", text: str = "I tide") -> uuid.UUID:
    """A goal."""
    return world.run(
        who, measure.add_goal, case_id=case_id, version=version_of(world, case_id), text=text
    )


def planned(
    world: World,
    case_id: uuid.UUID,
    who: str = "ingrid",
    *,
    goal_id: uuid.UUID | None = None,
    title: str = "Fast voksen om morgenen",
    evaluate_on: date | None = None,
) -> uuid.UUID:
    """A measure (with a goal of its own unless one is given), by default due in two weeks."""
    towards = goal_id or goal(world, case_id, who)
    command = measure.AddMeasure(
        case_id=case_id,
        goal_id=towards,
        version=version_of(world, case_id),
        title=title,
        description="Ingrid møter Jonas i døra.",
        arena=Arena.SCHOOL,
        responsible="Kontaktlærer",
        start_on=today(world),
        evaluate_on=evaluate_on or today(world) + timedelta(days=14),
    )
    return world.run(who, measure.add_measure, command)


def evaluation(
    world: World, case_id: uuid.UUID, measure_id: uuid.UUID, **changes: Any
) -> measure.Evaluate:
    """A whole evaluation: partly reached, goes on for two weeks."""
    whole = measure.Evaluate(
        case_id=case_id,
        version=version_of(world, case_id),
        measure_id=measure_id,
        on=today(world),
        result=MeasureResult.PARTLY,
        child=measure.SaidView("Det er greit."),
        guardians=measure.SaidView("Morgenene er roligere."),
        professional=measure.SaidView("Vi ser bedring."),
        decision=Decision.CONTINUE,
        next_on=today(world) + timedelta(days=14),
    )
    return replace(whole, **changes)
