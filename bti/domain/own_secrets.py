"""What is written about somebody's own circumstances follows the consent of that person alone.

Forvaltningsloven § 13 a nr. 1: the one who is entitled to the secrecy lifts it. A parent's illness is that
parent's, and neither the other parent nor the child can share it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bti.domain.compartments import parse
from bti.domain.consent import CellBasis, CellFacts
from bti.domain.errors import RuleBroken

Abouts = Mapping[uuid.UUID, AbstractSet[uuid.UUID]]
"""Whose own secrets each consent asked about, by the consent."""

NOBODY: Final[Abouts] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How one entry is to be shared. The newest mark beside an entry counts.

    ``about``: whose own circumstances it tells of. ``agreed_on``: the day that person let the others
    of the family read it. ``kept``: the child wants it kept from the guardians.
    """

    about: uuid.UUID | None = None
    agreed_on: date | None = None
    kept: bool = False


def check_mark(
    mark: Mark, people: AbstractSet[uuid.UUID], today: date, *, has_reason: bool
) -> None:
    """Raise ``RuleBroken`` unless the mark may be put beside an entry.

    Codes: mark.no_reason, mark.stranger, mark.nobody_agreed and mark.day_in_future.
    """
    if not has_reason:
        raise RuleBroken("mark.no_reason")
    if mark.about is not None and mark.about not in people:
        raise RuleBroken("mark.stranger")
    if mark.agreed_on is not None and mark.about is None:
        raise RuleBroken("mark.nobody_agreed")
    if mark.agreed_on is not None and mark.agreed_on > today:
        raise RuleBroken("mark.day_in_future")


def opens_to(
    unit: uuid.UUID,
    about: uuid.UUID,
    compartment: str,
    cells: Iterable[CellFacts],
    abouts: Abouts,
    at: datetime,
) -> bool:
    """Whether a unit may read what a compartment holds about somebody's own circumstances.

    A live cell must rest on a question that asked that very person, who then has said yes: without it
    no cell opens. A cell that rests on the law lifts everybody's confidentiality by that law.
    """
    owner = parse(compartment)
    for cell in cells:
        covers = owner is None or (cell.from_unit, cell.info_type) == owner
        asked = cell.basis is CellBasis.LAW or about in abouts.get(cell.consent_id, frozenset())
        if cell.to_unit == unit and covers and asked and cell.is_live(at):
            return True
    return False
