"""A plan as it is read: goals with their measures, and the pages that a measure is written on.

What stands in a compartment that is not open is left out as if it did not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action as AuditAction
from bti.domain import deadlines
from bti.domain import measures as rules
from bti.domain.access import Action, Allowed, decide
from bti.domain.codes import (
    Arena,
    Decision,
    MeasureResult,
    MeasureType,
    NotHeardReason,
    Party,
)
from bti.domain.goals import GoalStanding, GoalStatus
from bti.domain.levels import LogStatus
from bti.domain.measures import MeasureState, Standing
from bti.workflows import directory
from bti.workflows.case_file import (
    Kind,
    Record,
    case_row,
    child_of,
    entries,
    of_kind,
    ops_of,
    to_date,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.errors import NotFound
from bti.workflows.plan_facts import goal_standings_in, next_day_of, standings_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's view as it was written down, or why it is missing."""

    words: str = field(repr=False)
    missing: NotHeardReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationView:
    """One evaluation, by name of who wrote it."""

    id: uuid.UUID
    on: date
    at: datetime
    by: str
    result: MeasureResult
    decision: Decision
    next_on: date | None
    child: Said
    guardians: Said
    professional: Said
    change: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """A measure where it stands today. ``days_over`` is above zero when it is overdue."""

    id: uuid.UUID
    title: str = field(repr=False)
    description: str = field(repr=False)
    arena: Arena
    kind: MeasureType
    party: Party
    responsible: str = field(repr=False)
    unit: str
    start_on: date | None
    evaluate_on: date | None
    state: MeasureState
    days_over: int
    #: The meeting it was agreed on in, for those who can read that there was one.
    meeting_id: uuid.UUID | None
    evaluations: tuple[EvaluationView, ...]

    @property
    def ended(self) -> bool:
        """Whether it was closed by an evaluation."""
        return self.state is MeasureState.ENDED

    @property
    def last(self) -> EvaluationView | None:
        """The newest evaluation."""
        return self.evaluations[-1] if self.evaluations else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalEvaluationView:
    """One look at a goal, by name of who wrote it."""

    id: uuid.UUID
    on: date
    by: str
    status: GoalStatus
    reach_by: date | None
    child: Said
    guardians: Said
    professional: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView:
    """A goal where it stands today, and the measures towards it.

    For a goal one may not read ``text``, its day and its evaluations are empty, and it seems to be under way.
    """

    id: uuid.UUID
    text: str = field(repr=False)
    unit: str
    status: GoalStatus
    reach_by: date | None
    #: Above zero when the day has passed and the goal is under way.
    days_over: int
    evaluations: tuple[GoalEvaluationView, ...]
    measures: tuple[MeasureView, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more is written towards it."""
        return self.status is not GoalStatus.UNDER_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan section of the case page."""

    goals: tuple[GoalView, ...]
    next_evaluation: date | None
    follow_up_broken: bool
    may_write: bool
    may_evaluate: bool
    may_note: bool
    may_decide: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is agreed yet, as far as the reader may see."""
        return not self.goals

    @property
    def has_measures(self) -> bool:
        """Whether there is a measure one may read."""
        return any(goal.measures for goal in self.goals)

    @property
    def evaluated(self) -> bool:
        """Whether something was evaluated, so that the way on can be chosen."""
        return any(measure.evaluations for goal in self.goals for measure in goal.measures)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """What the pages for a new goal, measure or note show."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    goals: tuple[GoalView, ...] = field(repr=False)
    today: date
    suggested: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPage:
    """What the evaluation page shows."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    goal: str = field(repr=False)
    measure: MeasureView
    today: date
    suggested: date


def plan_of(context: Context, opened: Opened, records: tuple[Record, ...]) -> Plan:
    """Return the plan as far as the opened compartments show it; ``records`` oldest first."""
    ops = ops_of(case_row(context, opened.case_id))
    standings = standings_in(context, records)
    return Plan(
        goals=goals_in(context, records),
        next_evaluation=next_day_of(context, records),
        follow_up_broken=rules.is_follow_up_broken(
            log_active=ops.log == LogStatus.ACTIVE, standings=standings, at=context.now
        ),
        may_write=_may(context, opened, Action.WRITE_PLAN),
        may_evaluate=_may(context, opened, Action.EVALUATE),
        may_note=_may(context, opened, Action.WRITE_NOTE),
        may_decide=_may(context, opened, Action.CHANGE_LEVEL),
    )


def plan_page(context: Context, *, case_id: uuid.UUID, action: Action) -> PlanPage:
    """Open the page for something new in the plan. ``action`` is what it is for.

    Raises ``AccessDenied``.
    """
    opened = context.verbs.open(case_id, action, entry=AuditAction.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    case = case_row(context, case_id)
    return PlanPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        goals=tuple(goal for goal in goals_in(context, records) if goal.text and not goal.ended),
        today=context.today,
        suggested=rules.suggest_evaluation(context.today, rules_of(context, ops_of(case))),
    )


def evaluation_page(
    context: Context, *, case_id: uuid.UUID, measure_id: uuid.UUID
) -> EvaluationPage:
    """Open the page for evaluating one measure. Raises ``AccessDenied`` and ``NotFound``."""
    opened = context.verbs.open(case_id, Action.EVALUATE, entry=AuditAction.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    measure_in(records, measure_id)
    goal, measure = next(
        (goal, measure)
        for goal in goals_in(context, records)
        for measure in goal.measures
        if measure.id == measure_id
    )
    case = case_row(context, case_id)
    return EvaluationPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        goal=goal.text,
        measure=measure,
        today=context.today,
        suggested=rules.suggest_evaluation(context.today, rules_of(context, ops_of(case))),
    )


def measure_in(records: tuple[Record, ...], measure_id: uuid.UUID) -> Record:
    """Return a measure one may read. Raises ``NotFound``."""
    for record in of_kind(records, Kind.MEASURE):
        if record.id == measure_id and record.readable:
            return record
    raise NotFound


def goals_in(context: Context, records: tuple[Record, ...]) -> tuple[GoalView, ...]:
    """Return the readable goals, and the readable measures under each, oldest first.

    A measure towards a goal in a closed compartment stands under a goal without text.
    """
    standings = {one.measure_id: one for one in standings_in(context, records)}
    units = {one.id: one.name for one in directory.units(context).values()}
    towards: dict[uuid.UUID, list[MeasureView]] = {}
    for record in of_kind(records, Kind.MEASURE):
        if record.readable:
            unit = units.get(record.unit_id, "")
            view = _measure(context, record, records, standings[record.id], unit)
            towards.setdefault(uuid.UUID(record.meta["goal"]), []).append(view)
    stands = {one.goal_id: one for one in goal_standings_in(records)}
    return tuple(
        _goal(
            context,
            goal,
            stands[goal.id],
            records,
            unit=units.get(goal.unit_id, ""),
            measures=tuple(towards.get(goal.id, ())),
        )
        for goal in of_kind(records, Kind.GOAL)
        if goal.readable or goal.id in towards
    )


def _goal(
    context: Context,
    record: Record,
    stands: GoalStanding,
    records: tuple[Record, ...],
    *,
    unit: str,
    measures: tuple[MeasureView, ...],
) -> GoalView:
    shown = stands if record.readable else GoalStanding(record.id, GoalStatus.UNDER_WAY, None)
    day = shown.reach_by
    return GoalView(
        id=record.id,
        text=record.body.get("text", ""),
        unit=unit,
        status=shown.status,
        reach_by=day,
        days_over=max(0, deadlines.days_over(day, context.today)) if day is not None else 0,
        evaluations=tuple(
            GoalEvaluationView(
                id=one.id,
                on=date.fromisoformat(one.meta["on"]),
                by=directory.name_of(context, one.by),
                status=GoalStatus(one.meta["status"]),
                reach_by=to_date(one.meta["reach_by"]),
                child=_said(one.body["child"]),
                guardians=_said(one.body["guardians"]),
                professional=one.body["professional"],
            )
            for one in of_kind(records, Kind.GOAL_EVALUATION)
            if one.readable and one.meta["goal"] == str(record.id)
        ),
        measures=measures,
    )


def _measure(
    context: Context, record: Record, records: tuple[Record, ...], standing: Standing, unit: str
) -> MeasureView:
    return MeasureView(
        id=record.id,
        title=record.body["title"],
        description=record.body["description"],
        arena=Arena(record.meta["arena"]),
        kind=MeasureType(record.meta["kind_of_measure"]),
        party=Party(record.meta["party"]),
        responsible=record.body["responsible"],
        unit=unit,
        start_on=to_date(record.meta["start_on"]),
        evaluate_on=standing.evaluate_on,
        state=standing.state,
        days_over=deadlines.days_over(standing.evaluate_on, context.today)
        if standing.evaluate_on is not None
        else 0,
        meeting_id=_meeting_of(record, records),
        evaluations=tuple(
            _evaluation(context, one)
            for one in of_kind(records, Kind.EVALUATION)
            if one.readable and one.meta["measure"] == str(record.id)
        ),
    )


def _meeting_of(measure: Record, records: tuple[Record, ...]) -> uuid.UUID | None:
    minutes_id, _place = measure.meta.get("point") or ("", 0)
    for one in of_kind(records, Kind.MINUTES):
        if str(one.id) == minutes_id and one.readable:
            return uuid.UUID(one.meta["meeting"])
    return None


def _evaluation(context: Context, record: Record) -> EvaluationView:
    return EvaluationView(
        id=record.id,
        on=date.fromisoformat(record.meta["on"]),
        at=record.at,
        by=directory.name_of(context, record.by),
        result=MeasureResult(record.meta["result"]),
        decision=Decision(record.meta["decision"]),
        next_on=to_date(record.meta["next_on"]),
        child=_said(record.body["child"]),
        guardians=_said(record.body["guardians"]),
        professional=_said(record.body["professional"]),
        change=record.body["change"],
    )


def _said(body: Mapping[str, Any]) -> Said:
    return Said(body["words"], NotHeardReason(body["missing"]) if body["missing"] else None)


def _may(context: Context, opened: Opened, action: Action) -> bool:
    return isinstance(decide(context.verbs.subject(), action, opened.facts, context.now), Allowed)
