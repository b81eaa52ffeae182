"""Who is away, and who stands in: whose reminders go where. Nobody reads more by it.

A substitute is told that something waits, and may be offered the baton as anybody in the unit. What
they may open is decided as before: by a place in the case, and by consent.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bti.domain.errors import RuleBroken

LONGEST: Final = timedelta(days=366)
"""Whoever is away longer hands the baton over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away from one Norwegian day to another, both included."""

    account_id: uuid.UUID
    substitute_id: uuid.UUID
    from_on: date
    to_on: date

    def covers(self, day: date) -> bool:
        """Whether the person is away on a day."""
        return self.from_on <= day <= self.to_on


def check_absence(wanted: Absence, others: Iterable[Absence], *, today: date) -> None:
    """Raise ``RuleBroken`` for an absence that cannot stand; ``others`` are the person's own.

    With absence.self, absence.order, absence.past, absence.long or absence.overlaps.
    """
    if wanted.substitute_id == wanted.account_id:
        raise RuleBroken("absence.self")
    if wanted.to_on < wanted.from_on:
        raise RuleBroken("absence.order")
    if wanted.to_on < today:
        raise RuleBroken("absence.past")
    if wanted.to_on - wanted.from_on > LONGEST:
        raise RuleBroken("absence.long")
    if any(one.from_on <= wanted.to_on and wanted.from_on <= one.to_on for one in others):
        raise RuleBroken("absence.overlaps")


def who_is_told(account_id: uuid.UUID, absences: Iterable[Absence], day: date) -> uuid.UUID:
    """Who gets somebody's reminders on a day: themselves, or whoever stands in for them.

    A substitute who is away too has one of their own. Where everybody in a circle is away, the
    person: a reminder is never nobody's.
    """
    away = {one.account_id: one.substitute_id for one in absences if one.covers(day)}
    seen, found = {account_id}, account_id
    while found in away:
        found = away[found]
        if found in seen:
            return account_id
        seen.add(found)
    return found
