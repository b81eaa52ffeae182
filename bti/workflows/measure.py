"""The plan of a case: goals, measures, evaluations and notes, written by each unit for itself.

What is written stands in the writing unit's own compartment; dates, codes and whether something
was written stand in the entry's meta, which is all that the level rules and worklists read.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain import measures as rules
from bti.domain.access import Action
from bti.domain.codes import (
    Arena,
    Decision,
    InfoType,
    MeasureResult,
    MeasureType,
    NotHeardReason,
    Party,
)
from bti.domain.errors import RuleBroken
from bti.domain.measures import EvaluationFacts, GoalFacts, MeasureFacts, View
from bti.workflows.case_file import (
    Kind,
    case_row,
    entries,
    of_kind,
    ops_of,
    write_entry,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.first_plan import FirstPlan
from bti.workflows.goal import (
    add_goal,
    enter,
    own_compartment,
    refresh,
    write_goal,
)
from bti.workflows.plan_facts import (
    PlanFacts,
    evaluations_in,
    goal_standings_in,
    measure_facts,
    plan_facts,
    standings_of,
)
from bti.workflows.plan_view import Plan, evaluation_page, measure_in, plan_of, plan_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

__all__ = [
    "AddMeasure",
    "Evaluate",
    "FirstPlan",
    "Plan",
    "PlanFacts",
    "SaidView",
    "add_first_plan",
    "add_goal",
    "add_measure",
    "add_note",
    "add_plan",
    "evaluate",
    "evaluation_page",
    "plan_facts",
    "plan_of",
    "plan_page",
    "standings_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMeasure:
    """A measure towards a goal. ``responsible`` is a function in words, never a name."""

    case_id: uuid.UUID
    version: int | None
    goal_id: uuid.UUID | None
    title: str = field(repr=False)
    description: str = field(repr=False)
    arena: Arena
    kind: MeasureType = MeasureType.OTHER
    party: Party = Party.STAFF
    responsible: str = field(repr=False)
    start_on: date
    evaluate_on: date
    #: A goal to write first, in the place of ``goal_id``.
    new_goal: str = field(default="", repr=False)
    #: The approved minutes and the place in them that the measure was agreed on at.
    point: tuple[uuid.UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class SaidView:
    """What somebody thinks of a measure, or why that is missing."""

    words: str = field(default="", repr=False)
    missing: NotHeardReason | None = None

    def facts(self) -> View:
        """Return the view as the rules see it. Words count before a reason for none."""
        given = bool(self.words.strip())
        return View(given, None if given else self.missing)

    def body(self) -> dict[str, str]:
        """Return what is sealed."""
        missing = self.facts().missing_reason
        return {"words": self.words, "missing": missing.value if missing else ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """How a measure went, in three views, and what happens to it now."""

    case_id: uuid.UUID
    version: int | None
    measure_id: uuid.UUID
    on: date
    result: MeasureResult
    child: SaidView
    guardians: SaidView
    professional: SaidView
    decision: Decision
    change: str = field(default="", repr=False)
    next_on: date | None


def add_measure(context: Context, command: AddMeasure) -> uuid.UUID:
    """Write a measure towards a goal one can read and that is under way, or a new one.

    Raises ``RuleBroken`` as ``domain.measures.check_measure``, and ``Conflict``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.WRITE_PLAN)
    records = entries(context, command.case_id, opened=opened)
    ended = {one.goal_id for one in goal_standings_in(records) if one.ended}
    goals = [
        GoalFacts(one.id)
        for one in of_kind(records, Kind.GOAL)
        if one.readable and one.id not in ended
    ]
    goal_id = command.goal_id
    if command.new_goal.strip():
        goal_id = write_goal(context, opened, command.new_goal)
        goals.append(GoalFacts(goal_id))
        context.record(
            Act.LOG_GOAL_CREATE, Reference("case", command.case_id), ground=opened.ground
        )
    measure_id = _write_measure(context, opened, command, goal_id, goals)
    refresh(context, case)
    context.record(Act.LOG_MEASURE_CREATE, Reference("case", command.case_id), ground=opened.ground)
    return measure_id


def add_plan(
    context: Context,
    *,
    case_id: uuid.UUID,
    version: int | None,
    goal: str,
    measures: Sequence[AddMeasure],
) -> uuid.UUID:
    """Write a goal and the measures towards it at once; returns the goal's id.

    Raises ``RuleBroken("measure.none_chosen")``, as ``add_goal`` and ``add_measure``, and ``Conflict``.
    """
    case, opened = enter(context, case_id, version, Action.WRITE_PLAN)
    if not measures:
        code = "measure.none_chosen"
        raise RuleBroken(code)
    goal_id = write_goal(context, opened, goal)
    for one in measures:
        _write_measure(context, opened, one, goal_id, [GoalFacts(goal_id)])
    refresh(context, case)
    about = Reference("case", case_id)
    context.record(Act.LOG_GOAL_CREATE, about, ground=opened.ground)
    for _one in measures:
        context.record(Act.LOG_MEASURE_CREATE, about, ground=opened.ground)
    return goal_id


def add_first_plan(context: Context, opened: Opened, plan: FirstPlan) -> None:
    """Write the goal and measure a log opens with; the opening's workflow has let itself in.

    The day of the next evaluation is the caller's to keep in the case's own row. Raises as ``add_goal`` and ``add_measure``.
    """
    goal_id = write_goal(context, opened, plan.goal)
    _write_measure(context, opened, plan, goal_id, [GoalFacts(goal_id)])
    about = Reference("case", opened.case_id)
    context.record(Act.LOG_GOAL_CREATE, about, ground=opened.ground)
    context.record(Act.LOG_MEASURE_CREATE, about, ground=opened.ground)


def evaluate(context: Context, command: Evaluate) -> None:
    """Record an evaluation beside the measure, in the compartment the measure stands in.

    Raises ``RuleBroken`` as ``domain.measures.evaluate`` and with evaluation.change_missing,
    ``NotFound`` for a measure one cannot read, and ``Conflict``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.EVALUATE)
    records = entries(context, command.case_id, opened=opened)
    measure = measure_in(records, command.measure_id)
    facts = _evaluation_of(command)
    rules.evaluate(
        measure_facts(measure),
        facts,
        at=context.now,
        by=context.person.account_id,
        previous=evaluations_in(records),
    )
    if command.decision is Decision.CHANGE and not command.change.strip():
        code = "evaluation.change_missing"
        raise RuleBroken(code)
    write_entry(
        context,
        command.case_id,
        kind=Kind.EVALUATION,
        compartment=measure.compartment,
        meta={
            "measure": measure.id,
            "on": command.on,
            "result": command.result.value,
            "decision": command.decision.value,
            "next_on": command.next_on,
        },
        body={
            "child": command.child.body(),
            "guardians": command.guardians.body(),
            "professional": command.professional.body(),
            "change": command.change,
        },
    )
    refresh(context, case)
    context.record(
        Act.LOG_EVALUATION_CREATE,
        Reference("case", command.case_id),
        Reference("entry", measure.id),
        ground=opened.ground,
    )


def add_note(
    context: Context, *, case_id: uuid.UUID, version: int | None, info_type: InfoType, text: str
) -> uuid.UUID:
    """Write a note of one type of information; consent to that type decides who else reads it.

    Raises ``RuleBroken("note.no_text")`` and ``Conflict``.
    """
    case, opened = enter(context, case_id, version, Action.WRITE_NOTE)
    if not text.strip():
        code = "note.no_text"
        raise RuleBroken(code)
    note_id = write_entry(
        context,
        case_id,
        kind=Kind.NOTE,
        compartment=own_compartment(context, opened, info_type),
        meta={"info_type": info_type.value, "on": context.today},
        body={"text": text},
    )
    refresh(context, case)
    context.record(Act.LOG_NOTE_CREATE, Reference("case", case_id), ground=opened.ground)
    return note_id


def _write_measure(
    context: Context,
    opened: Opened,
    plan: AddMeasure | FirstPlan,
    goal_id: uuid.UUID | None,
    goals: list[GoalFacts],
) -> uuid.UUID:
    checked = rules.check_measure(
        MeasureFacts(
            measure_id=uuid.uuid4(),
            goal_id=goal_id,
            title=plan.title,
            arena=plan.arena,
            kind=plan.kind,
            party=plan.party,
            responsible=plan.responsible,
            start_on=plan.start_on,
            evaluate_on=plan.evaluate_on,
        ),
        goals,
        rules=rules_of(context, ops_of(case_row(context, opened.case_id))),
        today=context.today,
    )
    return write_entry(
        context,
        opened.case_id,
        kind=Kind.MEASURE,
        compartment=own_compartment(context, opened, InfoType.MEASURES),
        meta={
            "goal": goal_id,
            "point": list(plan.point) if isinstance(plan, AddMeasure) and plan.point else None,
            "arena": checked.arena.value,
            "kind_of_measure": checked.kind.value,
            "party": checked.party.value,
            "has_title": bool(checked.title.strip()),
            "has_responsible": bool(checked.responsible.strip()),
            "start_on": checked.start_on,
            "evaluate_on": checked.evaluate_on,
        },
        body={
            "title": plan.title,
            "description": plan.description,
            "responsible": plan.responsible,
        },
    )


def _evaluation_of(command: Evaluate) -> EvaluationFacts:
    return EvaluationFacts(
        measure_id=command.measure_id,
        on=command.on,
        result=command.result,
        child=command.child.facts(),
        guardians=command.guardians.facts(),
        professional=command.professional.facts(),
        decision=command.decision,
        next_evaluation_on=command.next_on,
    )
