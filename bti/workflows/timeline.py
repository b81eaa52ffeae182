"""What has happened in a case, newest first, with what was put beside each entry."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bti.workflows import directory
from bti.workflows.case_file import Kind
from bti.workflows.meeting_measure import points_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.domain.meetings import AgreedPoint
    from bti.domain.own_secrets import Mark
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context

_TEXTS: Final = ("reason", "summary", "note", "text", "title", "why")
#: Why the log was opened is read above the timeline; an addition is read with what it is about.
_ELSEWHERE: Final = frozenset({Kind.BACKGROUND, Kind.CORRECTION, Kind.MARK, Kind.PROPOSAL})


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the timeline."""

    id: uuid.UUID
    kind: Kind
    at: datetime
    by: str
    unit: str
    meta: Mapping[str, Any]
    text: str = field(repr=False)
    #: Whether the reader may write something beside it.
    may_correct: bool
    #: How it is shared.
    mark: Mark
    #: Of minutes: what was agreed. Shown on paper; on the screen it stands on the meeting's page.
    points: tuple[AgreedPoint, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Background:
    """Why the log was opened, each time it was."""

    id: uuid.UUID
    text: str = field(repr=False)
    may_correct: bool


def happenings_in(
    context: Context, records: tuple[Record, ...], correctable: Collection[uuid.UUID]
) -> tuple[Happening, ...]:
    """Return the timeline, newest first. What one may not read is not even listed."""
    units = directory.units(context)
    return tuple(
        Happening(
            record.id,
            record.kind,
            record.at,
            directory.name_of(context, record.by),
            units[record.unit_id].name if record.unit_id in units else "",
            _meta(context, record),
            _words(record, units),
            record.id in correctable,
            record.mark,
            points_of(record) if record.kind is Kind.MINUTES else (),
        )
        for record in reversed(records)
        if record.readable and record.kind not in _ELSEWHERE
    )


def _meta(context: Context, record: Record) -> Mapping[str, Any]:
    """Return what a line is drawn from: the package of a move is for the two services alone."""
    if record.kind is not Kind.MOVE:
        return record.meta
    ends = {record.meta["from"], record.meta["to"]}
    offer = record.meta["offer"] if str(context.person.unit_id) in ends else None
    return {**record.meta, "offer": offer}


def _words(record: Record, units: Mapping[uuid.UUID, directory.UnitFact]) -> str:
    if record.kind is Kind.MOVE:
        ends = (units.get(uuid.UUID(record.meta[end])) for end in ("from", "to"))
        return " – ".join(unit.name for unit in ends if unit is not None)
    if record.kind is Kind.REFERENCE and record.body:
        return f"{record.body['system']}, {record.body['number']}"
    return next((str(record.body[key]) for key in _TEXTS if record.body.get(key)), "")


def backgrounds_in(
    records: tuple[Record, ...], correctable: Collection[uuid.UUID]
) -> tuple[Background, ...]:
    """Return why the log was opened, oldest first, as far as one may read it."""
    return tuple(
        Background(record.id, record.body["text"], record.id in correctable)
        for record in records
        if record.kind is Kind.BACKGROUND and record.readable and record.body.get("text")
    )
