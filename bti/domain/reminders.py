"""When somebody is reminded by e-mail that something waits: at most once a day, and never of what.

The message itself says nothing, so all that is decided here is whether one is due today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.deadlines import Due, DueKind, is_working_day, working_day_before
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import ProfileRules


class Pace(StrEnum):
    """How often somebody wants to be reminded. Their own page shows the same whatever they choose."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for somebody, and from which day it is told."""

    from_on: date


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
        case DueKind.OF_AGE:
            return Waiting(due.on)  # the day of the warning, not of what it warns of
        case _:
            return Waiting(working_day_before(due.on))


def is_reminded(
    waiting: Iterable[Waiting], pace: Pace, *, today: date, last_on: date | None
) -> bool:
    """Whether a reminder is due today; ``last_on`` is the day of the one before.

    On working days, never twice in a day. A week in which nobody was at work loses nothing:
    what waits is still waiting.
    """
    current = [one for one in waiting if one.from_on <= today]
    if not current or not is_working_day(today) or (last_on is not None and last_on >= today):
        return False
    match pace:
        case Pace.DAILY:
            return True
        case Pace.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            return last_on is None or last_on < monday
        case Pace.NEVER:
            return False


FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=6)
_MOST_DOUBLINGS: Final = 10
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_LONGEST_ADDRESS: Final = 120


def pause_after(attempts: int) -> timedelta:
    """How long a reminder waits after so many failed attempts, at least one: it doubles, to six hours."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, _MOST_DOUBLINGS)), LONGEST_PAUSE)


def check_address(text: str) -> None:
    """Nothing that could end a line of a message, or is no e-mail address by its form.

    Raises ``RuleBroken`` with reminder.address for what is none.
    """
    if len(text) > _LONGEST_ADDRESS or _ADDRESS.fullmatch(text) is None:
        raise RuleBroken("reminder.address")
