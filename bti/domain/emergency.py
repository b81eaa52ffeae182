"""Emergency access: what must be said, how long it lasts, and when it stops until it is reviewed.

Who may take it and what it opens is in ``policy``. It never opens more than the core.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.errors import RuleBroken

LASTS: Final = timedelta(hours=2)
REVIEW_WITHIN: Final = timedelta(hours=72)
WINDOW: Final = timedelta(days=30)
MOST_UNREVIEWED: Final = 2
LEAST_REASON: Final = 20


class EmergencyReason(StrEnum):
    """What kind of emergency it is."""

    LIFE_AND_HEALTH = "life_and_health"
    MISSING = "missing"
    ACUTE_MEASURE = "acute_measure"
    NOBODY_REACHED = "nobody_reached"


class ReviewOutcome(StrEnum):
    """What the one who looks at it afterwards finds. ASK does not settle it."""

    FINE = "fine"
    ASK = "ask"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class UseFacts:
    """One use by one person: when, and whether somebody has settled it (instants in UTC)."""

    opened_at: datetime
    settled: bool


def checked_reason(text: str) -> str:
    """Return the reason without needless space. Raises ``RuleBroken("emergency.reason_short")``."""
    tidy = " ".join(text.split())
    if len(tidy) < LEAST_REASON:
        raise RuleBroken("emergency.reason_short", least=LEAST_REASON)
    return tidy


def is_blocked(uses: Iterable[UseFacts], at: datetime) -> bool:
    """Whether a person must wait: two uses within thirty days that nobody has settled."""
    waiting = [one for one in uses if not one.settled and at - one.opened_at < WINDOW]
    return len(waiting) >= MOST_UNREVIEWED


def settles(outcome: ReviewOutcome) -> bool:
    """Whether an outcome ends the review."""
    return outcome is not ReviewOutcome.ASK
