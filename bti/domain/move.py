"""A case that goes to another service with its child: from kindergarten to school, from school to school.

The baton goes along, so that somebody has it all the time: the one who has it keeps it until somebody at the new
service has said yes (``baton``). What goes along is what consent opens to the new service; a move opens nothing by
itself. It ends something: the service that had the case is out of it from the same instant.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bti.domain.codes import Sector
from bti.domain.consent import CellFacts
from bti.domain.consent_facts import OPENING, ConsentStatus
from bti.domain.consent_status import ENDED
from bti.domain.errors import RuleBroken

FROM_UNIT: Final = "from_unit"
"""What an offer of the baton that the case goes along with is known by: the service it goes from."""

NO_HOME: Final = frozenset({Sector.TEAM, Sector.ADMINISTRATION})
"""Kinds of service that no case lies in: a team gives advice and has no children."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is asked for. ``talked_on``: the day the family was talked with about it (Norwegian)."""

    owner: uuid.UUID
    by_unit: uuid.UUID
    to_unit: uuid.UUID
    to_sector: Sector | None
    talked_on: date | None


def check_move(facts: MoveFacts, *, today: date) -> None:
    """Raise ``RuleBroken`` unless the new service may be asked.

    Codes: move.not_owner (another service's case is not moved), move.same_service, move.no_home,
    move.not_talked and move.day_in_future. That consent lets the new service in is for ``baton.may_hold``.
    """
    if facts.by_unit != facts.owner:
        raise RuleBroken("move.not_owner")
    if facts.to_unit == facts.owner:
        raise RuleBroken("move.same_service")
    if facts.to_sector is None or facts.to_sector in NO_HOME:
        raise RuleBroken("move.no_home")
    if facts.talked_on is None:
        raise RuleBroken("move.not_talked")
    if facts.talked_on > today:
        raise RuleBroken("move.day_in_future")


def check_taken(asked_from: uuid.UUID, owner: uuid.UUID) -> None:
    """Raise ``RuleBroken("move.over")`` when the case lies elsewhere than where it was asked from."""
    if asked_from != owner:
        raise RuleBroken("move.over")


def check_no(reason: str) -> None:
    """Raise ``RuleBroken("move.reason_missing")`` for a no without a reason: the child begins there all the same."""
    if not reason.strip():
        raise RuleBroken("move.reason_missing")


def cells_that_stop(
    cells: Iterable[CellFacts], left: uuid.UUID, at: datetime
) -> tuple[CellFacts, ...]:
    """Return the live cells that tell the service that was left something: it has no more business there."""
    return tuple(cell for cell in cells if cell.to_unit == left and cell.is_live(at))


def falls_with_the_move(standing: ConsentStatus, *, brings_in: bool) -> bool:
    """Whether a question falls: one to bring in a service that is not fully answered.

    It was put for what the service that was left would tell and be told. The new one asks for itself. What was agreed
    to stays agreed.
    """
    return brings_in and standing not in OPENING | ENDED
