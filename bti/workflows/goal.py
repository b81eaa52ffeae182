"""Goals of a plan: written by each unit for itself, and evaluated apart from their measures.

A goal's evaluation stands in the compartment the goal stands in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain import goals as rules
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.errors import RuleBroken
from bti.domain.goals import GoalEvaluation, GoalStatus
from bti.workflows.case_file import Kind, case_row, compartment_of, entries, ops_of, write_entry
from bti.workflows.level_facts import require_working_log
from bti.workflows.once import hold, unchanged
from bti.workflows.plan_facts import goal_in, goal_standings_in, next_look_of

if TYPE_CHECKING:
    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context
    from bti.workflows.measure import SaidView


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateGoal:
    """How a goal stands, and until when it goes on."""

    case_id: uuid.UUID
    version: int | None
    goal_id: uuid.UUID
    on: date
    status: GoalStatus
    child: SaidView
    guardians: SaidView
    seen: str = field(repr=False)
    reach_by: date | None


def add_goal(
    context: Context,
    *,
    case_id: uuid.UUID,
    version: int | None,
    text: str,
    reach_by: date | None = None,
) -> uuid.UUID:
    """Write a goal. Raises ``RuleBroken`` with goal.no_text and as ``domain.goals.check_day``; ``Conflict``."""
    case, opened = enter(context, case_id, version, Action.WRITE_PLAN)
    goal_id = write_goal(context, opened, text, reach_by)
    refresh(context, case)
    context.record(Act.LOG_GOAL_CREATE, Reference("case", case_id), ground=opened.ground)
    return goal_id


def evaluate_goal(context: Context, command: EvaluateGoal) -> None:
    """Record how a goal stands, beside it.

    Raises ``RuleBroken`` as ``domain.goals.check_evaluation``, ``NotFound`` for a goal one cannot read,
    and ``Conflict``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.EVALUATE)
    records = entries(context, command.case_id, opened=opened)
    goal = goal_in(records, command.goal_id)
    rules.check_evaluation(
        next(one for one in goal_standings_in(records) if one.goal_id == goal.id),
        GoalEvaluation(
            goal_id=goal.id,
            on=command.on,
            status=command.status,
            child=command.child.facts(),
            guardians=command.guardians.facts(),
            seen=bool(command.seen.strip()),
            reach_by=command.reach_by,
        ),
        written_on=date.fromisoformat(goal.meta["on"]),
        today=context.today,
    )
    write_entry(
        context,
        command.case_id,
        kind=Kind.GOAL_EVALUATION,
        compartment=goal.compartment,
        meta={
            "goal": goal.id,
            "on": command.on,
            "status": command.status.value,
            "reach_by": command.reach_by,
        },
        body={
            "child": command.child.body(),
            "guardians": command.guardians.body(),
            "professional": command.seen,
        },
    )
    refresh(context, case)
    context.record(
        Act.LOG_GOAL_EVALUATE,
        Reference("case", command.case_id),
        Reference("entry", goal.id),
        ground=opened.ground,
    )


def enter(
    context: Context, case_id: uuid.UUID, version: int | None, action: Action
) -> tuple[Case, Opened]:
    """Open a case for a change of its plan. Raises ``AccessDenied``, ``Conflict`` and ``RuleBroken``."""
    hold(context, case_id)
    opened = context.verbs.open(case_id, action, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    require_working_log(context, case)
    return case, opened


def own_compartment(context: Context, opened: Opened, info_type: InfoType) -> str:
    """Return one's own service's compartment of a type, made where it is missing."""
    name = compartment_of(context.person.unit_id, info_type)
    context.verbs.new_compartments(opened, [name])
    return name


def write_goal(
    context: Context, opened: Opened, text: str, reach_by: date | None = None
) -> uuid.UUID:
    """Write a goal in a case that is open for it. Raises as ``add_goal``."""
    if not text.strip():
        code = "goal.no_text"
        raise RuleBroken(code)
    rules.check_day(reach_by, today=context.today)
    return write_entry(
        context,
        opened.case_id,
        kind=Kind.GOAL,
        compartment=own_compartment(context, opened, InfoType.MEASURES),
        meta={"on": context.today, "reach_by": reach_by},
        body={"text": text},
    )


def refresh(context: Context, case: Case) -> None:
    """Keep the day that worklists read; also moves the case's version, so that nobody overwrites."""
    case.ops = next_evaluation(context, case.id, ops_of(case)).to_json()


def next_evaluation(context: Context, case_id: uuid.UUID, ops: Ops) -> Ops:
    """Return ``ops`` with the first day that a measure or a goal is to be looked at again, and which."""
    context.session.flush()
    day, looked = next_look_of(context, entries(context, case_id))
    return replace(ops, next_evaluation=day, evaluation_of=looked.value)
