"""When a log can be continued in another: never by one, never twice by the same yes, and never in a circle."""

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain import join
from bti.domain.deadlines import Due, DueKind
from bti.domain.doubles import is_told
from bti.domain.errors import RuleBroken
from bti.domain.join import Continuation, Hanging
from tests.unit.domain.samples import NOON, TODAY
from tests.unit.domain.test_doubles import THERE, logs

INTO, ELSEWHERE = uuid.UUID(int=5), uuid.UUID(int=6)
NOTHING = Hanging(offer=False, referral=False, meeting=False, continued_here=False)
steps = st.lists(
    st.tuples(
        st.sampled_from(["join", "part"]), st.integers(-2, 3), st.sampled_from([INTO, ELSEWHERE])
    ),
    max_size=12,
)


@given(logs, logs)
def test_one_is_worked_with_afterwards_and_nobody_is_told_of_a_protected_address(mine, other):
    worked_with = (other.status.value, other.log.value) in THERE and not other.set_aside
    assert join.fits(mine, other) is (
        mine.case_id != other.case_id and worked_with and not other.protected
    )
    for found in (other, None):
        if found is None or not join.fits(mine, found):
            with pytest.raises(RuleBroken, match=r"^join\.over$"):
                join.check_fits(mine, found)
        else:
            join.check_fits(mine, found)


@given(
    logs,
    st.builds(
        Hanging,
        offer=st.booleans(),
        referral=st.booleans(),
        meeting=st.booleans(),
        continued_here=st.booleans(),
    ),
)
def test_a_log_is_set_aside_when_nothing_hangs_in_it(mine, waiting):
    there = (mine.status.value, mine.log.value) in THERE and not mine.set_aside
    fine = there and not mine.protected and waiting == NOTHING
    if fine:
        join.check_own(mine, waiting)
    else:
        with pytest.raises(RuleBroken, match=r"^join\."):
            join.check_own(mine, waiting)


@given(logs, logs)
def test_nobody_is_told_of_a_log_that_was_set_aside(one, other):
    if one.set_aside or other.set_aside:
        assert not is_told(one, other)


@given(steps)
def test_each_yes_is_good_for_one_change_and_the_last_one_decides(taken):
    """Against a list of what happened: begun and ended in turn, at later and later moments."""
    standing, happened = None, []
    at = NOON
    for what, minutes, into in taken:
        at += timedelta(minutes=minutes)
        last = happened[-1] if happened else None
        if what == "join":
            right = last is None or (last[0] == "part" and at > last[1])
            made = lambda now=at, to=into, was=standing: join.begun(was, to, TODAY, at=now)  # noqa: E731 - both are tried below
        else:
            right = last is not None and last[0] == "join" and at > last[1]
            made = lambda now=at, was=standing: join.ended(was, at=now)  # noqa: E731 - both are tried below
        if not right:
            with pytest.raises(RuleBroken, match=r"^join\.(not_)?set_aside$"):
                made()
            continue
        standing = made()
        happened.append((what, at))
        assert standing.lasts is (what == "join")
        stored = {
            key: str(value) if value is not None else None
            for key, value in standing.to_json().items()
        }
        assert Continuation.from_json(stored) == standing


@given(st.sampled_from(["since", "until"]))
def test_an_instant_without_a_time_zone_is_none(name):
    whole = {"into": str(INTO), "since": str(NOON), "talked_on": str(TODAY), "until": str(NOON)}
    with pytest.raises(ValueError, match="time zone"):
        Continuation.from_json(whole | {name: str(NOON.replace(tzinfo=None))})


@given(st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_the_family_is_talked_with_first(day):
    if day is not None and day <= TODAY:
        assert join.check_talked(day, today=TODAY) == day
    else:
        with pytest.raises(RuleBroken, match=r"^join\.(not_talked|day_in_future)$"):
            join.check_talked(day, today=TODAY)


@given(*[st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1))] * 3, st.integers(0, 30))
def test_what_was_due_is_kinds_and_days_and_reminds_around_its_day(
    talk, decision, evaluation, soon
):
    due = join.left_due(talk=talk, decision=decision, evaluation=evaluation)
    days = {DueKind.TALK: talk, DueKind.DECISION: decision, DueKind.EVALUATION: evaluation}
    assert {one.kind: one.on for one in due} == {kind: on for kind, on in days.items() if on}
    assert list(due) == sorted(due)
    first, last = TODAY - timedelta(days=soon), TODAY + timedelta(days=soon)
    for one in due:
        assert join.is_handed_on(one, TODAY, soon_days=soon) is (first <= one.on <= last)
    assert join.is_handed_on(Due(TODAY, DueKind.TALK), TODAY, soon_days=0)
