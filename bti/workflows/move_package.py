"""What goes along when a case moves: our own entries that consent or the law opens to the new service, and no more.

Nothing is copied. The package is a list, kept in the offer as it was shown before; what it names is read through
the same cells as ever, so that it closes with them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from bti.audit.actions import Action as Act
from bti.db.models import BatonOffer
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import InfoType
from bti.domain.compartments import parse
from bti.domain.extract import LeftOut, Receiver, left_out
from bti.domain.move import FROM_UNIT
from bti.domain.own_secrets import opens_to
from bti.workflows import directory
from bti.workflows.case_file import case_row, child_of, entries, ops_of, to_date
from bti.workflows.consent_file import sectors_in
from bti.workflows.entry_marks import abouts_in
from bti.workflows.errors import NotFound
from bti.workflows.sheet import lines_of, pieces_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.domain.consent import CellFacts
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context
    from bti.workflows.sheet import Line

_ALL: Final = tuple(InfoType)


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes along, and what stays and why. ``open_until``: the last day of each kind, Norwegian."""

    lines: tuple[Line, ...] = field(repr=False)
    out: tuple[tuple[LeftOut, int], ...]
    open_until: tuple[tuple[InfoType, date], ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many entries of each kind go along, by the kind's code."""
        return dict(Counter(line.info_type.value for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that was sent, as far as the reader may read it now."""

    case_id: uuid.UUID
    offer_id: uuid.UUID
    number: str
    child: str = field(repr=False)
    birth_date: date = field(repr=False)
    from_service: str
    to_service: str
    by: str
    made_on: date
    talked_on: date | None
    message: str = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    #: How many entries it was sent with; there are fewer lines when some may no longer be read.
    sent: int


def contents_for(context: Context, opened: Opened, to_unit: uuid.UUID) -> Contents:
    """Return what would go along to a service now. Reads only what the person may read."""
    case = case_row(context, opened.case_id)
    ops = ops_of(case)
    sectors = sectors_in(context)
    records = entries(context, case.id, opened=opened)
    cells = _into(opened.facts.cells, to_unit, context.now)
    abouts = abouts_in(context, case.id)
    chosen: set[uuid.UUID] = set()
    out: Counter[LeftOut] = Counter()
    for record, piece in pieces_in(records, sectors):
        owner = parse(record.compartment)
        if owner is None:
            continue
        why = left_out(
            Receiver.NEW_SERVICE,
            piece,
            is_ours=owner[0] == case.unit_id,
            covered=any((cell.from_unit, cell.info_type) == owner for cell in cells),
            agreed=piece.about is not None
            and opens_to(to_unit, piece.about, record.compartment, cells, abouts, context.now),
        )
        if why is None:
            chosen.add(record.id)
        else:
            out[why] += 1
    return Contents(
        lines=lines_of(context, records, chosen, hide_place=ops.protection is not None),
        out=tuple((reason, out[reason]) for reason in LeftOut if out[reason]),
        open_until=_open_until(cells, case.unit_id),
    )


def stored(contents: Contents, talked_on: date) -> dict[str, Any]:
    """Return the package as it is sealed in the offer.

    How much stays and why is for the one who asks: it would tell the new service that there is something.
    """
    return {
        "entries": [line.id for line in contents.lines],
        "counts": contents.counts,
        "talked_on": talked_on,
    }


def package(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> Package:
    """Return a package for the service that sent it or got it; each time is a printing in the log.

    What may no longer be read is not in it. Raises ``NotFound`` for any other service.
    """
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=Act.CASE_PAGE_PRINT)
    row = context.session.get(BatonOffer, offer_id)
    if row is None or row.case_id != case_id or not row.meta.get(FROM_UNIT):
        raise NotFound
    left = uuid.UUID(row.meta[FROM_UNIT])
    if context.person.unit_id not in {left, row.to_unit_id}:
        raise NotFound
    case = case_row(context, case_id)
    ops, child, units = ops_of(case), child_of(context, case_id), directory.units(context)
    hidden = ops.protection is not None
    records = entries(context, case_id, opened=opened)
    named = {uuid.UUID(one) for one in row.body["entries"]}
    may = {record.id for record in records if record.readable} & named
    return Package(
        case_id=case_id,
        offer_id=offer_id,
        number=case.number,
        child=child.name,
        birth_date=ops.birth_date,
        from_service="" if hidden else units[left].name,
        to_service="" if hidden else units[row.to_unit_id].name,
        by="" if hidden else directory.name_of(context, row.from_id),
        made_on=day_in_norway(datetime.fromisoformat(row.meta["offered_at"])),
        talked_on=to_date(row.body["talked_on"]),
        message=row.body["message"],
        lines=lines_of(context, records, may, hide_place=hidden),
        sent=len(named),
    )


def open_until_to(
    context: Context, opened: Opened, to_unit: uuid.UUID
) -> tuple[tuple[InfoType, date], ...]:
    """Return which of our own kinds a service may read now, and until which day."""
    cells = _into(opened.facts.cells, to_unit, context.now)
    return _open_until(cells, case_row(context, opened.case_id).unit_id)


def _into(cells: Iterable[CellFacts], to_unit: uuid.UUID, at: datetime) -> tuple[CellFacts, ...]:
    return tuple(cell for cell in cells if cell.to_unit == to_unit and cell.is_live(at))


def _open_until(
    cells: Iterable[CellFacts], from_unit: uuid.UUID
) -> tuple[tuple[InfoType, date], ...]:
    ends: dict[InfoType, datetime] = {}
    for cell in cells:
        if cell.from_unit == from_unit:
            ends[cell.info_type] = max(cell.valid_to, ends.get(cell.info_type, cell.valid_to))
    return tuple((kind, day_in_norway(ends[kind])) for kind in _ALL if kind in ends)
