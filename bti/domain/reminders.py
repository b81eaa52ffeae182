"""When somebody is reminded by e-mail that something waits: at most once a day, and never of what.

The message itself says nothing, so all that is decided here is whether one is due today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bti.domain.deadlines import Due, DueKind, is_working_day, working_day_before
from bti.domain.local_rules import ProfileRules


class Pace(StrEnum):
    """How often somebody wants to be reminded. What the law sets a date for is not turned off."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for somebody: from which day it is told, and whether an act dates it."""

    from_on: date
    by_law: bool = False


def waiting_for(due: Due, rules: ProfileRules) -> Waiting:
    """From which day a date in a case is told.

    An offer is another person who waits, and is told from its second day; a consent as early as
    the worklist shows it as soon; everything else on the working day before.
    """
    match due.kind:
        case DueKind.OFFER:
            return Waiting(due.on - timedelta(days=rules.offer_expiry_days - 1))
        case DueKind.CONSENT:
            return Waiting(due.on - timedelta(days=rules.soon_days))
        case _:
            return Waiting(working_day_before(due.on))


def is_reminded(
    waiting: Iterable[Waiting], pace: Pace, *, today: date, last_on: date | None
) -> bool:
    """Whether a reminder is due today; ``last_on`` is the day of the one before.

    From Monday to Friday, never twice in a day. A week in which nobody was at work loses nothing:
    what waits is still waiting.
    """
    current = [one for one in waiting if one.from_on <= today]
    if not current or not is_working_day(today) or (last_on is not None and last_on >= today):
        return False
    if any(one.by_law for one in current):
        return True
    match pace:
        case Pace.DAILY:
            return True
        case Pace.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            return last_on is None or last_on < monday
        case Pace.NEVER:
            return False
