"""What is written in a case as it goes on paper: lines in the order they were written, with their words.

Chooses nothing: who may have a line is decided before. Only what a consent can be asked for has lines
here, and a service's own entries where its own record is made; no report, no draft and no concern does.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bti.domain.codes import InfoType
from bti.domain.compartments import parse
from bti.domain.family import Piece
from bti.workflows import directory
from bti.workflows.case_file import Kind
from bti.workflows.correction import beside_in
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bti.domain.codes import Sector
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context
    from bti.workflows.correction import Beside

PRINTABLE: Final = frozenset(
    {
        Kind.BACKGROUND,
        Kind.GOAL,
        Kind.GOAL_EVALUATION,
        Kind.MEASURE,
        Kind.EVALUATION,
        Kind.DECISION,
        Kind.NOTE,
        Kind.REFERENCE,
        Kind.CONVERSATION,
    }
)
"""Kinds of entry with words for others. A concern, a step and a protection may tell of a danger."""


_PLACES: Final = frozenset({"responsible", "system", "number"})
"""Parts that say who or where: a colleague's name and a service's archive tell where a child is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry on paper. ``parts``: the code of what it is, and the words. ``by`` may be hidden."""

    id: uuid.UUID
    kind: Kind
    info_type: InfoType
    meta: Mapping[str, Any] = field(repr=False)
    at: datetime
    by: str
    unit: str
    parts: tuple[tuple[str, str], ...] = field(repr=False)
    beside: tuple[Beside, ...] = field(repr=False)


def pieces_in(
    records: Iterable[Record], sectors: Mapping[uuid.UUID, Sector]
) -> Iterator[tuple[Record, Piece]]:
    """Give each readable entry that may go on paper, as the rules see it. Oldest first."""
    for record in records:
        owner = parse(record.compartment)
        if record.readable and record.kind in PRINTABLE and owner is not None:
            unit, info_type = owner
            yield (
                record,
                Piece(
                    giver=sectors.get(unit),
                    info_type=info_type,
                    about=record.mark.about,
                    agreed=record.mark.agreed_on is not None,
                    kept=record.mark.kept,
                ),
            )


def copy_in(records: Iterable[Record], copy_id: uuid.UUID) -> Record:
    """Return the entry of a copy that one's own service made. Raises ``NotFound``."""
    for record in records:
        if record.id == copy_id and record.kind is Kind.COPY and record.readable:
            return record
    raise NotFound


def lines_of(
    context: Context,
    records: tuple[Record, ...],
    chosen: Collection[uuid.UUID],
    *,
    hide_place: bool = False,
) -> tuple[Line, ...]:
    """Return the chosen entries with what stands beside them.

    With ``hide_place`` nobody's name and no service stands there, nor where something is kept: they tell where
    a child is.
    """
    units = directory.units(context)
    beside = beside_in(context, records)
    found = []
    for record in records:
        owner = parse(record.compartment)
        if record.id not in chosen or owner is None:
            continue
        unit = units.get(record.unit_id)
        found.append(
            Line(
                id=record.id,
                kind=record.kind,
                info_type=owner[1],
                meta=record.meta,
                at=record.at,
                by="" if hide_place else directory.name_of(context, record.by),
                unit="" if hide_place or unit is None else unit.name,
                parts=tuple(
                    part for part in _parts(record.body) if not (hide_place and part[0] in _PLACES)
                ),
                beside=() if hide_place else beside.get(record.id, ()),
            )
        )
    return tuple(found)


def _parts(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for code, value in body.items():
        # A view is its words; the reason for a missing one is a code.
        words = value.get("words", "") if isinstance(value, Mapping) else value
        if isinstance(words, str) and words.strip():
            yield code, words
