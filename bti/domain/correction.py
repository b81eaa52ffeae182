"""What stands beside an entry: the right information, or the family's own view. Nothing is overwritten.

GDPR art. 16 and 19; arkivforskrifta § 11: what is wrong is corrected by an addition that says what, when
and by whom, and the original stays readable.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.compartments import parse
from bti.domain.consent import CellFacts
from bti.domain.errors import RuleBroken
from bti.domain.relations import Relation

TOLD_FOR: Final = timedelta(days=30)
"""How long a correction stands on the day of who has not read it."""

_KEEPERS: Final = frozenset({Relation.HOLDER, Relation.FOLLOWER, Relation.LEAD})


class Stance(StrEnum):
    """What an addition is to what it stands beside."""

    #: It was wrong, and this is right.
    CORRECTION = "correction"
    #: The service stands by it; this is the view of those it is about.
    STATEMENT = "statement"


class Voice(StrEnum):
    """Whose view a statement is."""

    CHILD = "child"
    GUARDIAN = "guardian"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What somebody wants to put beside an entry. ``told``: how those without access were told."""

    stance: Stance
    has_text: bool
    has_reason: bool
    voice: Voice | None
    told: bool


@dataclass(frozen=True, slots=True)
class Receivers:
    """The units that consent has let read an entry, by whether it still does."""

    reading: frozenset[uuid.UUID]
    no_longer: frozenset[uuid.UUID]


def may_write_beside(held: Iterable[Relation], *, is_author: bool) -> bool:
    """Whether somebody who can read an entry may also put something beside it.

    Its author, and whoever keeps the case: the baton holder, who follows it, or the unit's leader.
    """
    return is_author or bool(_KEEPERS.intersection(held))


def check_addition(addition: Addition, receivers: Receivers) -> None:
    """Raise ``RuleBroken`` unless the addition may be saved.

    It says what, and why: for a statement, why the service does not correct (art. 12 (4)). Whose view
    a statement is stands by it. Those who had read a wrong entry and cannot any longer are told by hand
    (art. 19): it stands how, or why not.
    """
    if not addition.has_text:
        raise RuleBroken("correction.no_text")
    if not addition.has_reason:
        raise RuleBroken("correction.no_reason")
    if addition.stance is Stance.STATEMENT and addition.voice is None:
        raise RuleBroken("correction.no_voice")
    if addition.stance is Stance.CORRECTION and receivers.no_longer and not addition.told:
        raise RuleBroken("correction.not_told")


def receivers_of(
    cells: Iterable[CellFacts], compartment: str, *, since: datetime, at: datetime
) -> Receivers:
    """Return which units consent let read a compartment at some moment from ``since`` to ``at``.

    Whoever is let into the case at all reads its core.
    """
    owner = parse(compartment)
    reading, before = set(), set()
    for cell in cells:
        if owner is not None and (cell.from_unit, cell.info_type) != owner:
            continue
        if cell.is_live(at):
            reading.add(cell.to_unit)
        elif cell.valid_from <= at and _ended(cell) > since:
            before.add(cell.to_unit)
    return Receivers(frozenset(reading), frozenset(before - reading))


def _ended(cell: CellFacts) -> datetime:
    return cell.valid_to if cell.withdrawn_at is None else min(cell.valid_to, cell.withdrawn_at)
