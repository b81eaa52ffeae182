"""Instants are UTC; a deadline's day is Norway's."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bti.clock import FixedClock, SystemClock, norwegian_date


def test_the_system_clock_answers_in_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_fixed_clock_stands_still_until_it_is_moved():
    clock = FixedClock(datetime(2026, 3, 1, 9, 0, tzinfo=timezone(timedelta(hours=1))))

    assert clock.now() == clock.now() == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert clock.advance(timedelta(days=21)) == datetime(2026, 3, 22, 8, 0, tzinfo=UTC)
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_day_changes_at_midnight_in_norway():
    assert norwegian_date(datetime(2026, 7, 1, 21, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert norwegian_date(datetime(2026, 7, 1, 22, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert norwegian_date(datetime(2026, 1, 1, 22, 59, tzinfo=UTC)) == date(2026, 1, 1)
    assert norwegian_date(datetime(2026, 1, 1, 23, 0, tzinfo=UTC)) == date(2026, 1, 2)


@pytest.mark.parametrize("use", [FixedClock, norwegian_date])
def test_an_instant_without_a_time_zone_is_refused(use):
    with pytest.raises(ValueError, match="time zone"):
        use(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
