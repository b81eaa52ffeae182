"""Goals, measures and evaluations: what a plan needs, and where a measure stands today."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.ages import day_in_norway
from bti.domain.codes import (
    Arena,
    Decision,
    MeasureResult,
    MeasureType,
    NotHeardReason,
    Party,
)
from bti.domain.errors import RuleBroken
from bti.domain.events import MeasureEvaluated
from bti.domain.identifying import Trace, identifying
from bti.domain.local_rules import ProfileRules

_PERSONAL: Final = frozenset(
    {Trace.NAME, Trace.NATIONAL_ID, Trace.EMAIL, Trace.PHONE, Trace.NUMBER}
)


class MeasureState(StrEnum):
    """Where a measure stands on a day. DUE is the evaluation day and the days it is soon."""

    PLANNED = "planned"
    RUNNING = "running"
    DUE = "due"
    OVERDUE = "overdue"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class GoalFacts:
    """A goal. Its words are closed text and stay out of repr and of every rule."""

    goal_id: uuid.UUID
    written: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFacts:
    """A measure as it was agreed. ``responsible`` is a function in words, ``party`` whose it is."""

    measure_id: uuid.UUID
    goal_id: uuid.UUID | None
    title: str = field(repr=False)
    arena: Arena
    kind: MeasureType = MeasureType.OTHER
    party: Party = Party.STAFF
    responsible: str = field(repr=False)
    start_on: date | None
    evaluate_on: date | None


@dataclass(frozen=True, slots=True)
class View:
    """Somebody's view in an evaluation, or why it is missing. ``given`` says the words exist."""

    given: bool
    missing_reason: NotHeardReason | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a view, or a reason why not."""
        return self.given or self.missing_reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFacts:
    """One evaluation of one measure."""

    measure_id: uuid.UUID
    on: date
    result: MeasureResult
    child: View
    guardians: View
    professional: View
    decision: Decision
    next_evaluation_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one measure stands, folded from its evaluations."""

    measure_id: uuid.UUID
    state: MeasureState
    evaluate_on: date | None
    last_result: MeasureResult | None
    evaluations: int


def check_measure(
    measure: MeasureFacts, goals: Sequence[GoalFacts], *, rules: ProfileRules, today: date
) -> MeasureFacts:
    """Check a new measure; returns it.

    Raises ``RuleBroken`` with measure.no_goal, measure.no_title, measure.no_responsible,
    measure.names_somebody, measure.no_dates, measure.evaluation_before_start, measure.evaluation_past.
    """
    if measure.goal_id not in {goal.goal_id for goal in goals}:
        raise RuleBroken("measure.no_goal")
    if not measure.title.strip():
        raise RuleBroken("measure.no_title")
    if not measure.responsible.strip():
        raise RuleBroken("measure.no_responsible")
    if names_somebody(measure.responsible):
        raise RuleBroken("measure.names_somebody")
    if measure.start_on is None or measure.evaluate_on is None:
        raise RuleBroken("measure.no_dates", suggested=suggest_evaluation(today, rules))
    if measure.evaluate_on < measure.start_on:
        raise RuleBroken("measure.evaluation_before_start", start_on=measure.start_on)
    if measure.evaluate_on < today:
        raise RuleBroken("measure.evaluation_past", today=today)
    return measure


def names_somebody(function: str) -> bool:
    """Whether what should be a function is a person: a name, a number or an address to reach one at.

    People change work, and a measure stays: who holds a function is known where it is held.
    """
    return any(one.trace in _PERSONAL for one in identifying(function))


def suggest_evaluation(start_on: date, rules: ProfileRules) -> date:
    """The evaluation date to suggest: the municipality's interval after the start."""
    return start_on + timedelta(days=rules.evaluation_interval_days)


def evaluate(
    measure: MeasureFacts,
    evaluation: EvaluationFacts,
    *,
    at: datetime,
    by: uuid.UUID,
    previous: Iterable[EvaluationFacts] = (),
) -> MeasureEvaluated:
    """Record how a measure went.

    Each of the child's, the guardians' and the professional view is there, or a reason why not. A
    measure that goes on gets a new date: no open log without a coming evaluation.

    Raises ``RuleBroken`` with measure.ended, evaluation.wrong_measure, evaluation.future,
    evaluation.before_start, evaluation.view_missing (views=...), evaluation.next_date_missing,
    evaluation.next_date_past, evaluation.next_date_not_needed.
    """
    today = day_in_norway(at)
    if evaluation.measure_id != measure.measure_id:
        raise RuleBroken("evaluation.wrong_measure")
    if standing(measure, previous, today).state is MeasureState.ENDED:
        raise RuleBroken("measure.ended")
    if evaluation.on > today:
        raise RuleBroken("evaluation.future", today=today)
    if measure.start_on is not None and evaluation.on < measure.start_on:
        raise RuleBroken("evaluation.before_start", start_on=measure.start_on)
    views = {
        "child": evaluation.child,
        "guardians": evaluation.guardians,
        "professional": evaluation.professional,
    }
    missing = tuple(name for name, view in views.items() if not view.answered)
    if missing:
        raise RuleBroken("evaluation.view_missing", views=missing)
    _check_next(evaluation, today)
    return MeasureEvaluated(
        at=at,
        by=by,
        measure_id=measure.measure_id,
        result=evaluation.result,
        decision=evaluation.decision,
        next_evaluation_on=evaluation.next_evaluation_on,
    )


def _check_next(evaluation: EvaluationFacts, today: date) -> None:
    goes_on = evaluation.decision is not Decision.CLOSE
    following = evaluation.next_evaluation_on
    if goes_on and following is None:
        raise RuleBroken("evaluation.next_date_missing")
    if goes_on and following is not None and following <= today:
        raise RuleBroken("evaluation.next_date_past", today=today)
    if not goes_on and following is not None:
        raise RuleBroken("evaluation.next_date_not_needed")


def standing(
    measure: MeasureFacts,
    evaluations: Iterable[EvaluationFacts],
    today: date,
    *,
    soon_days: int = 0,
) -> Standing:
    """Fold a measure's evaluations (any order) into where it stands on ``today``."""
    own = sorted(
        (one for one in evaluations if one.measure_id == measure.measure_id),
        key=lambda one: one.on,
    )
    last = own[-1] if own else None
    evaluate_on = last.next_evaluation_on if last is not None else measure.evaluate_on
    ended = last is not None and last.decision is Decision.CLOSE
    return Standing(
        measure_id=measure.measure_id,
        state=MeasureState.ENDED if ended else _state(measure, evaluate_on, today, soon_days),
        evaluate_on=None if ended else evaluate_on,
        last_result=last.result if last is not None else None,
        evaluations=len(own),
    )


def _state(
    measure: MeasureFacts, evaluate_on: date | None, today: date, soon_days: int
) -> MeasureState:
    if evaluate_on is not None and today > evaluate_on:
        return MeasureState.OVERDUE
    if evaluate_on is not None and today >= evaluate_on - timedelta(days=soon_days):
        return MeasureState.DUE
    if measure.start_on is not None and today < measure.start_on:
        return MeasureState.PLANNED
    return MeasureState.RUNNING


def is_follow_up_broken(*, log_active: bool, standings: Iterable[Standing], at: datetime) -> bool:
    """Whether help has stopped being followed up (oppfølgingsbrudd).

    True for an active log without one coming evaluation: every date is past or missing.
    """
    today = day_in_norway(at)
    coming = any(
        one.state is not MeasureState.ENDED
        and one.evaluate_on is not None
        and one.evaluate_on >= today
        for one in standings
    )
    return log_active and not coming


def next_evaluation_on(standings: Iterable[Standing]) -> date | None:
    """The earliest evaluation that is due or coming, or None."""
    days = (one.evaluate_on for one in standings if one.state is not MeasureState.ENDED)
    return min((day for day in days if day is not None), default=None)
