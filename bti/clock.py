"""The one place where the product reads the time.

Rules take time as an argument; those who call them hold a Clock. Instants are UTC; a deadline
in the law is a calendar day in Norway, and `norwegian_date` is the only bridge between them.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

NORWAY = ZoneInfo("Europe/Oslo")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests, and for loading past years."""

    def __init__(self, at: datetime) -> None:
        self._at = _in_utc(at)

    def now(self) -> datetime:
        """The instant it was set to, in UTC."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to ``at``; raises ValueError for a naive instant."""
        self._at = _in_utc(at)

    def advance(self, by: timedelta) -> datetime:
        """Move by ``by`` (which may be negative) and return the new instant."""
        self._at += by
        return self._at


def norwegian_date(at: datetime) -> date:
    """The calendar day in Norway at the instant ``at``; raises ValueError for a naive instant."""
    return _in_utc(at).astimezone(NORWAY).date()


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)
