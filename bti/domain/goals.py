"""A goal's own day and status: when it should be reached, and whether it was, apart from its measures.

A measure that was carried out says nothing of whether the goal was reached, and a goal may be reached while a
measure goes on. What a goal stands on is folded from its evaluations, oldest first.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.errors import RuleBroken
from bti.domain.measures import View

_AHEAD: Final = timedelta(days=1096)


class GoalStatus(StrEnum):
    """What became of a goal. Only the first goes on."""

    UNDER_WAY = "under_way"
    REACHED = "reached"
    #: Something else matters more now.
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalEvaluation:
    """One look at one goal. ``seen``: whether somebody wrote what they see. ``reach_by`` of one that goes on."""

    goal_id: uuid.UUID
    on: date
    status: GoalStatus
    child: View
    guardians: View
    seen: bool
    reach_by: date | None


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """Where one goal stands. ``reach_by`` is None for one that has ended, and where none was set."""

    goal_id: uuid.UUID
    status: GoalStatus
    reach_by: date | None

    @property
    def ended(self) -> bool:
        """Whether nothing more is written towards it."""
        return self.status is not GoalStatus.UNDER_WAY


def check_day(reach_by: date | None, *, today: date) -> None:
    """Check the day a goal should be reached by; none is no fault of a new goal.

    Raises ``RuleBroken`` with goal.day_past, goal.day_far.
    """
    if reach_by is not None and reach_by < today:
        raise RuleBroken("goal.day_past")
    if reach_by is not None and reach_by > today + _AHEAD:
        raise RuleBroken("goal.day_far")


def standing(
    goal_id: uuid.UUID, reach_by: date | None, evaluations: Iterable[GoalEvaluation]
) -> GoalStanding:
    """Fold a goal's evaluations, in the order they were written, into where it stands.

    ``reach_by`` is the day it was written with. Evaluations of other goals are passed over.
    """
    status = GoalStatus.UNDER_WAY
    for one in evaluations:
        if one.goal_id == goal_id:
            status, reach_by = one.status, one.reach_by
    return GoalStanding(goal_id, status, reach_by)


def check_evaluation(
    now: GoalStanding, evaluation: GoalEvaluation, *, written_on: date, today: date
) -> None:
    """Check how a goal is said to stand. The child and the guardians are heard, or it says why not.

    Raises ``RuleBroken`` with goal.ended, goal.evaluation_future, goal.evaluation_before, goal.view_missing,
    goal.day_missing, goal.day_not_needed and as ``check_day``.
    """
    if now.ended:
        raise RuleBroken("goal.ended")
    if evaluation.on > today:
        raise RuleBroken("goal.evaluation_future")
    if evaluation.on < written_on:
        raise RuleBroken("goal.evaluation_before")
    if not (evaluation.child.answered and evaluation.guardians.answered and evaluation.seen):
        raise RuleBroken("goal.view_missing")
    goes_on = evaluation.status is GoalStatus.UNDER_WAY
    if goes_on and evaluation.reach_by is None:
        raise RuleBroken("goal.day_missing")
    if not goes_on and evaluation.reach_by is not None:
        raise RuleBroken("goal.day_not_needed")
    check_day(evaluation.reach_by, today=today)


class Looked(StrEnum):
    """What is to be looked at on the coming day of a plan."""

    MEASURES = "measures"
    GOAL = "goal"
    BOTH = "both"


def next_look(measures: date | None, goal: date | None) -> tuple[date | None, Looked]:
    """Return the first of two days, and what is due on it; ``MEASURES`` where there is no day."""
    if goal is None or (measures is not None and measures < goal):
        return measures, Looked.MEASURES
    return goal, Looked.BOTH if measures == goal else Looked.GOAL


def next_day(standings: Iterable[GoalStanding]) -> date | None:
    """Return the earliest day that a goal under way should be reached by, or None."""
    return min((one.reach_by for one in standings if one.reach_by is not None), default=None)
