"""Waiting after failures: grows, has a ceiling, never locks, and forgets."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bti.identity.throttle import (
    PER_ACCOUNT,
    PER_ADDRESS,
    Failures,
    after_failure,
    remaining_wait,
    wait_after,
)

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
COUNTS = st.integers(0, 10**6)


def test_the_first_mistakes_cost_nothing():
    assert [wait_after(count) for count in range(5)] == [timedelta(0)] * 5


def test_then_the_wait_doubles_up_to_a_quarter_of_an_hour():
    seconds = [wait_after(count).total_seconds() for count in range(5, 16)]
    assert seconds == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@given(COUNTS)
def test_the_wait_never_shrinks_with_failures_and_never_passes_the_ceiling(count):
    assert wait_after(count) <= wait_after(count + 1) <= PER_ACCOUNT.ceiling


@given(COUNTS)
def test_nobody_is_locked_out_for_good(count):
    failures = Failures(count=count, last_at=AT)
    assert remaining_wait(failures, AT + PER_ACCOUNT.ceiling) == timedelta(0)


def test_a_school_behind_one_address_gets_more_tries():
    assert wait_after(30, PER_ADDRESS) == timedelta(0)
    assert wait_after(31, PER_ADDRESS) == timedelta(seconds=2)


def test_without_failures_there_is_no_wait():
    assert remaining_wait(None, AT) == timedelta(0)


def test_the_wait_runs_down_with_time():
    failures = Failures(count=8, last_at=AT)
    assert remaining_wait(failures, AT + timedelta(seconds=10)) == timedelta(seconds=6)


def test_failures_are_counted_in_a_row():
    first = after_failure(None, AT)
    second = after_failure(first, AT + timedelta(hours=1))

    assert (first.count, second.count) == (1, 2)
    assert second.last_at == AT + timedelta(hours=1)


def test_a_day_without_failures_starts_over():
    assert after_failure(Failures(count=99, last_at=AT), AT + timedelta(hours=24)).count == 1


def test_a_clock_set_back_does_not_shorten_the_wait():
    failures = after_failure(Failures(count=9, last_at=AT), AT - timedelta(hours=1))
    assert failures == Failures(count=10, last_at=AT)
