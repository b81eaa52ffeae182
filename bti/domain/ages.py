"""Ages by the Norwegian calendar day. Birth dates are registered facts, never read out of a number."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from bti.domain.codes import AgeBand

NORWAY: Final = ZoneInfo("Europe/Oslo")
ADULT: Final = 18  # vergemålsloven § 8

_BANDS: Final = (
    (5, AgeBand.AGE_0_5),
    (9, AgeBand.AGE_6_9),
    (12, AgeBand.AGE_10_12),
    (15, AgeBand.AGE_13_15),
    (18, AgeBand.AGE_16_18),
    (23, AgeBand.AGE_19_23),
)


def day_in_norway(at: datetime) -> date:
    """The calendar day in Norway at ``at``. Raises ``ValueError`` for a naive instant."""
    if at.tzinfo is None:
        message = "an instant needs a time zone"
        raise ValueError(message)
    return at.astimezone(NORWAY).date()


def start_of_day(day: date) -> datetime:
    """The instant, in UTC, at which ``day`` begins in Norway."""
    return datetime.combine(day, time.min, NORWAY).astimezone(UTC)


def birthday(birth_date: date, years: int) -> date:
    """The day a person becomes ``years`` old. Born 29 February: 1 March in other years."""
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return date(birth_date.year + years, 3, 1)


def age(birth_date: date, at: datetime | date) -> int:
    """Whole years at an instant (by Norway's calendar) or on a day; negative before birth."""
    day = day_in_norway(at) if isinstance(at, datetime) else at
    years = day.year - birth_date.year
    return years if day >= birthday(birth_date, years) else years - 1


def is_adult(birth_date: date, at: datetime | date) -> bool:
    """Whether the 18th birthday has begun in Norway."""
    return age(birth_date, at) >= ADULT


def age_band(birth_date: date, at: datetime | date) -> AgeBand | None:
    """The band counts use, or None outside 0-23."""
    years = age(birth_date, at)
    if years < 0:
        return None
    return next((band for last, band in _BANDS if years <= last), None)
