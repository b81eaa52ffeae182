"""How often something may happen: a pure rule on a small record of a count and when it began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Pace:
    """At most ``most`` times within ``within``, counted from the first."""

    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Counted:
    """How many since when."""

    count: int
    since: datetime


#: A journal that sends a class's notes at the end of the day stays below; a loop that went wrong does not.
PER_AGREEMENT: Final = Pace(120, timedelta(minutes=1))
PER_CLIENT: Final = Pace(600, timedelta(minutes=1))
#: What is entered about a key that opens nothing: the log only grows.
PER_REFUSAL: Final = Pace(1, timedelta(minutes=10))


def once_more(before: Counted | None, pace: Pace, at: datetime) -> Counted | timedelta:
    """Return the record with one more at ``at``, or how long to wait first."""
    if before is None or at >= before.since + pace.within or at < before.since:
        return Counted(1, at)
    if before.count >= pace.most:
        return before.since + pace.within - at
    return Counted(before.count + 1, before.since)
