from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import age, age_band, birthday, is_adult, start_of_day
from bti.domain.codes import AgeBand


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2019, 11, 23), date(2026, 11, 22), 6),  # 6 years and 364 days
        (date(2019, 11, 22), date(2026, 11, 22), 7),
        (date(2015, 1, 1), date(2026, 12, 31), 11),
        (date(2014, 11, 22), date(2026, 11, 22), 12),
        (date(2011, 11, 23), date(2026, 11, 22), 14),
        (date(2011, 11, 22), date(2026, 11, 22), 15),
        (date(2010, 11, 22), date(2026, 11, 22), 16),
        (date(2008, 11, 23), date(2026, 11, 22), 17),
        (date(2008, 11, 22), date(2026, 11, 22), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 11, 23), date(2026, 11, 22), -1),
    ],
)
def test_a_year_is_added_on_the_birthday(born, on, years):
    assert age(born, on) == years


def test_the_birthday_begins_at_midnight_in_norway():
    birth_date = date(2008, 7, 1)
    last_moment = datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in Norway, summer
    assert not is_adult(birth_date, last_moment)
    assert is_adult(birth_date, last_moment + timedelta(seconds=1))


def test_in_winter_norway_is_one_hour_ahead():
    assert start_of_day(date(2026, 11, 22)) == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert start_of_day(date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        age(date(2010, 1, 1), datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 100))
def test_age_on_a_birthday_is_its_number_and_one_less_the_day_before(born, years):
    day = birthday(born, years)
    assert age(born, day) == years
    assert age(born, day - timedelta(days=1)) == years - 1


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)))
def test_adulthood_begins_with_the_day_one_turns_18(born):
    begins = start_of_day(birthday(born, 18))
    assert is_adult(born, begins)
    assert not is_adult(born, begins - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (0, AgeBand.AGE_0_5),
        (5, AgeBand.AGE_0_5),
        (6, AgeBand.AGE_6_9),
        (10, AgeBand.AGE_10_12),
        (13, AgeBand.AGE_13_15),
        (16, AgeBand.AGE_16_18),
        (18, AgeBand.AGE_16_18),
        (19, AgeBand.AGE_19_23),
        (23, AgeBand.AGE_19_23),
        (24, None),
        (-1, None),
    ],
)
def test_every_age_has_its_band(years, band):
    assert age_band(date(2026 - years, 1, 1), date(2026, 6, 1)) is band
