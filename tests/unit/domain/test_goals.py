"""A goal's own day and status, whatever its measures came to."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import NotHeardReason
from bti.domain.errors import RuleBroken
from bti.domain.goals import (
    GoalEvaluation,
    GoalStanding,
    GoalStatus,
    Looked,
    check_day,
    check_evaluation,
    next_day,
    next_look,
    standing,
)
from bti.domain.measures import View

TODAY = date(2026, 9, 14)
DAY = timedelta(days=1)
GOAL = uuid.UUID(int=1)
UNDER_WAY = GoalStanding(GOAL, GoalStatus.UNDER_WAY, TODAY)
SAID = View(given=True)
FINE = GoalEvaluation(
    goal_id=GOAL,
    on=TODAY,
    status=GoalStatus.UNDER_WAY,
    child=SAID,
    guardians=SAID,
    seen=True,
    reach_by=TODAY,
)
days = st.none() | st.dates(TODAY, TODAY + 30 * DAY)
statuses = st.sampled_from(GoalStatus)


def check(evaluation, now=UNDER_WAY):
    check_evaluation(now, evaluation, written_on=TODAY - 9 * DAY, today=TODAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"on": TODAY + DAY}, "goal.evaluation_future"),
        ({"on": TODAY - 10 * DAY}, "goal.evaluation_before"),
        ({"child": View(given=False)}, "goal.view_missing"),
        ({"guardians": View(given=False)}, "goal.view_missing"),
        ({"seen": False}, "goal.view_missing"),
        ({"reach_by": None}, "goal.day_missing"),
        ({"reach_by": TODAY - DAY}, "goal.day_past"),
        ({"reach_by": TODAY + 1097 * DAY}, "goal.day_far"),
        ({"status": GoalStatus.REACHED}, "goal.day_not_needed"),
    ],
)
def test_what_is_missing_or_impossible_is_refused_by_name(changes, code):
    check(FINE)
    with pytest.raises(RuleBroken) as refused:
        check(replace(FINE, **changes))
    assert refused.value.code == code


def test_the_edges_of_every_limit_are_allowed():
    check(replace(FINE, on=TODAY - 9 * DAY, reach_by=TODAY + 1096 * DAY))
    check(replace(FINE, child=View(given=False, missing_reason=NotHeardReason.DID_NOT_WANT)))
    check(replace(FINE, status=GoalStatus.LEFT, reach_by=None))
    check_day(None, today=TODAY)


@given(st.sampled_from([GoalStatus.REACHED, GoalStatus.LEFT]), statuses)
def test_a_goal_that_has_ended_is_not_evaluated_again(ended, status):
    with pytest.raises(RuleBroken, match=r"goal\.ended"):
        check(replace(FINE, status=status), GoalStanding(GOAL, ended, None))


@given(days, st.lists(st.tuples(st.booleans(), statuses, days), max_size=5))
def test_a_goal_stands_as_its_own_last_evaluation_says_and_no_other_goals(first, rows):
    looks = [
        replace(FINE, goal_id=GOAL if own else uuid.UUID(int=2), status=status, reach_by=day)
        for own, status, day in rows
    ]
    own = [one for one in looks if one.goal_id == GOAL]
    expected = (own[-1].status, own[-1].reach_by) if own else (GoalStatus.UNDER_WAY, first)
    found = standing(GOAL, first, looks)
    assert (found.status, found.reach_by) == expected


def test_the_first_of_the_goals_days_is_the_next_one():
    later = GoalStanding(GOAL, GoalStatus.UNDER_WAY, TODAY + DAY)
    none = GoalStanding(GOAL, GoalStatus.REACHED, None)
    assert next_day([later, none, UNDER_WAY]) == TODAY
    assert next_day([none]) is None


NEAR = st.none() | st.dates(TODAY, TODAY + timedelta(days=2))


@given(NEAR, NEAR)
def test_the_coming_day_is_the_first_of_the_two_and_says_which(measures, goal):
    day, looked = next_look(measures, goal)
    assert day == min((one for one in (measures, goal) if one is not None), default=None)
    due = {Looked.GOAL: {goal}, Looked.MEASURES: {measures}, Looked.BOTH: {goal, measures}}
    assert due[looked] == {day}
    assert (looked is Looked.BOTH) == (measures == goal is not None)
