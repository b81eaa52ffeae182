"""The rules of a breach record: the 72 hours, what an addition needs, and when it may be closed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.breach import (
    AuthorityState,
    BreachFacts,
    BreachStep,
    BreachStepKind,
    NotToldGround,
    authority_state,
    check_opening,
    check_step,
    hours_left,
)
from bti.domain.errors import RuleBroken

KNOWN = datetime(2026, 10, 23, 15, 30, tzinfo=UTC)  # a Friday; the clock is put back on Sunday
Kind = BreachStepKind


def facts(*steps):
    return BreachFacts(KNOWN, steps)


def step(kind, **more):
    return BreachStep(**{"kind": kind, "has_text": True, **more})


def refused(code, before, one, now=KNOWN + timedelta(hours=1)):
    with pytest.raises(RuleBroken) as broken:
        check_step(before, one, now)
    return broken.value.code == code


def test_the_hours_run_through_the_weekend_and_the_end_of_summer_time():
    assert facts().due_at == datetime(2026, 10, 26, 15, 30, tzinfo=UTC)
    assert hours_left(facts(), KNOWN) == 72
    assert hours_left(facts(), KNOWN + timedelta(hours=71, minutes=1)) == 0
    assert hours_left(facts(), KNOWN + timedelta(hours=72, minutes=1)) == -1


@given(st.integers(0, 200 * 60))
def test_it_is_overdue_exactly_when_72_hours_have_passed_without_a_report(minutes):
    now = KNOWN + timedelta(minutes=minutes)
    late = minutes > 72 * 60
    state = AuthorityState.OVERDUE if late else AuthorityState.WAITING
    assert authority_state(facts(), now) is state
    assert authority_state(facts(Kind.NOTE, Kind.TOLD), now) is state
    assert (hours_left(facts(), now) < 0) is late
    assert authority_state(facts(Kind.NOT_REPORTED), now) is AuthorityState.NOT_NEEDED
    assert authority_state(facts(Kind.NOT_REPORTED, Kind.REPORTED), now) is AuthorityState.REPORTED


def test_nothing_is_opened_without_words_or_before_it_is_known():
    check_opening(known_at=KNOWN, has_text=True, now=KNOWN)
    with pytest.raises(RuleBroken, match=r"breach\.text_missing"):
        check_opening(known_at=KNOWN, has_text=False, now=KNOWN)
    with pytest.raises(RuleBroken, match=r"breach\.in_future"):
        check_opening(known_at=KNOWN + timedelta(minutes=1), has_text=True, now=KNOWN)


def test_a_report_has_a_reference_and_a_time_and_a_reason_when_it_is_late():
    now = KNOWN + timedelta(days=5)
    in_time = step(Kind.REPORTED, has_reference=True, at=KNOWN + timedelta(hours=72))
    late = step(Kind.REPORTED, has_reference=True, at=KNOWN + timedelta(hours=72, minutes=1))
    check_step(facts(), BreachStep(**{**_fields(in_time), "has_text": False}), now)
    check_step(facts(), late, now)
    silent = BreachStep(**{**_fields(late), "has_text": False})
    assert refused("breach.late_reason", facts(), silent, now)
    check_step(facts(Kind.REPORTED), silent, now)  # art. 33 (4): more in a later phase
    assert refused("breach.reference_missing", facts(), step(Kind.REPORTED, at=KNOWN), now)
    assert refused("breach.time_missing", facts(), step(Kind.REPORTED, has_reference=True), now)


def _fields(one):
    return {name: getattr(one, name) for name in one.__slots__}


@pytest.mark.parametrize("kind", [Kind.REPORTED, Kind.TOLD])
def test_what_was_done_lies_between_the_knowing_and_now(kind):
    one = step(kind, has_reference=True, at=KNOWN - timedelta(minutes=1))
    assert refused("breach.before_known", facts(), one)
    one = step(kind, has_reference=True, at=KNOWN + timedelta(hours=2))
    assert refused("breach.in_future", facts(), one)


def test_what_is_not_done_is_reasoned():
    assert refused("breach.ground_missing", facts(), step(Kind.NOT_TOLD))
    for ground in NotToldGround:
        check_step(facts(), step(Kind.NOT_TOLD, ground=ground), KNOWN)
        mute = BreachStep(kind=Kind.NOT_TOLD, has_text=False, ground=ground)
        assert refused("breach.text_missing", facts(), mute)
    mute = BreachStep(kind=Kind.NOT_REPORTED, has_text=False)
    assert refused("breach.text_missing", facts(), mute)
    assert refused("breach.reported_already", facts(Kind.REPORTED), step(Kind.NOT_REPORTED))


@given(st.lists(st.sampled_from([one for one in Kind if one is not Kind.CLOSED]), max_size=8))
def test_it_can_be_closed_exactly_when_both_questions_are_answered(steps):
    before = facts(*steps)
    answered = {Kind.REPORTED, Kind.NOT_REPORTED} & set(steps) and before.people_settled
    if answered:
        check_step(before, step(Kind.CLOSED), KNOWN)
    else:
        with pytest.raises(RuleBroken, match=r"breach\.(authority|people)_open"):
            check_step(before, step(Kind.CLOSED), KNOWN)


@given(st.sampled_from(list(Kind)))
def test_nothing_is_added_to_a_closed_record(kind):
    closed = facts(Kind.REPORTED, Kind.TOLD, Kind.CLOSED)
    one = step(kind, has_reference=True, at=KNOWN, ground=NotToldGround.UNREADABLE)
    assert refused("breach.closed", closed, one)
