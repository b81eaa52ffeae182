"""A part of a case, chosen by somebody in it, for a referral, a journal or a pupil's folder."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import InfoType, Sector
from bti.domain.compartments import parse
from bti.domain.extract import LeftOut, Receiver, check_extract, left_out, receivers_for
from bti.domain.own_secrets import opens_to
from bti.workflows.case_file import (
    Kind,
    case_row,
    child_of,
    entries,
    ops_of,
    to_date,
    write_entry,
)
from bti.workflows.consent_file import sectors_in
from bti.workflows.entry_marks import abouts_in
from bti.workflows.errors import NotFound
from bti.workflows.level import own_compartment
from bti.workflows.once import found_done, hold, row_id
from bti.workflows.sheet import copy_in, lines_of, pieces_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.domain.consent import CellFacts
    from bti.domain.family import Piece
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context
    from bti.workflows.sheet import Line

_ALL: Final = tuple(InfoType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody wants to take out. Days are Norwegian, both included."""

    case_id: uuid.UUID
    receiver: Receiver
    kinds: frozenset[InfoType]
    since: date | None
    until: date | None
    purpose: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractPage:
    """What the form shows. ``covered``: until when consent lets a PPT have our own of each kind."""

    case_id: uuid.UUID
    child: str = field(repr=False)
    receivers: tuple[Receiver, ...]
    covered: tuple[tuple[InfoType, date | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The part, and what stays out of it and why."""

    case_id: uuid.UUID
    number: str
    child: str = field(repr=False)
    birth_date: date = field(repr=False)
    choice: Choice
    on: date
    lines: tuple[Line, ...] = field(repr=False)
    out: tuple[tuple[LeftOut, int], ...]


def extract_page(context: Context, *, case_id: uuid.UUID) -> ExtractPage:
    """Return what the form needs; logged as a reading."""
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=Act.CASE_OPEN_READ)
    sectors = sectors_in(context)
    cells = _to_ppt(opened.facts.cells, sectors, context.now)
    return ExtractPage(
        case_id=case_id,
        child=child_of(context, case_id).first_name,
        receivers=receivers_for(sectors[context.person.unit_id]),
        covered=tuple(
            (kind, _until(cells, context.person.unit_id, kind))
            for kind in _ALL
            if kind is not InfoType.OWN
        ),
    )


def preview(context: Context, choice: Choice) -> Extract:
    """Return the part to look at. Raises ``RuleBroken`` as ``domain.extract.check_extract``."""
    opened = context.verbs.open(choice.case_id, Action.PRINT_CASE, entry=Act.CASE_OPEN_READ)
    return _extract(context, opened, choice)


def take_out(context: Context, choice: Choice, *, submission: uuid.UUID | None) -> uuid.UUID:
    """Write in the case and in the log what is taken where, and why; returns the entry's id.

    A second sending of the same form does nothing. Raises as ``preview``.
    """
    hold(context, choice.case_id)
    opened = context.verbs.open(choice.case_id, Action.PRINT_CASE, entry=None)
    part_id = row_id(context, "part", submission or uuid.uuid4())
    if context.session.get(Entry, part_id) is not None:
        found_done(context, opened)
        return part_id
    made = _extract(context, opened, choice)
    write_entry(
        context,
        choice.case_id,
        kind=Kind.COPY,
        compartment=own_compartment(context, opened),
        meta={
            "for": choice.receiver.value,
            "person": None,
            "kinds": sorted(choice.kinds),
            "since": choice.since,
            "until": choice.until,
        },
        body={"why": choice.purpose, "entries": [line.id for line in made.lines]},
        entry_id=part_id,
    )
    context.record(Act.CASE_PART_PRINT, Reference("case", choice.case_id), ground=opened.ground)
    return part_id


def show(context: Context, *, case_id: uuid.UUID, part_id: uuid.UUID) -> Extract:
    """Return a part that was taken out, for the paper; each time is a printing in the log.

    What may no longer be given is left out. Raises ``NotFound`` for another service's.
    """
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=Act.CASE_PAGE_PRINT)
    record = copy_in(entries(context, case_id, opened=opened), part_id)
    if record.meta["for"] not in frozenset(Receiver):
        raise NotFound
    choice = Choice(
        case_id=case_id,
        receiver=Receiver(record.meta["for"]),
        kinds=frozenset(InfoType(one) for one in record.meta["kinds"]),
        since=to_date(record.meta["since"]),
        until=to_date(record.meta["until"]),
        purpose=record.body["why"],
    )
    made = _extract(context, opened, choice)
    kept = set(record.body["entries"])
    return replace(made, lines=tuple(line for line in made.lines if str(line.id) in kept))


def _extract(context: Context, opened: Opened, choice: Choice) -> Extract:
    sectors = sectors_in(context)
    check_extract(
        choice.receiver,
        sectors[context.person.unit_id],
        choice.kinds,
        choice.since,
        choice.until,
        has_purpose=bool(choice.purpose.strip()),
    )
    case = case_row(context, choice.case_id)
    ops = ops_of(case)
    records = entries(context, choice.case_id, opened=opened)
    chosen: set[uuid.UUID] = set()
    out: Counter[LeftOut] = Counter()
    wanted = (
        (one, piece) for one, piece in pieces_in(records, sectors) if _wanted(one, piece, choice)
    )
    for record, why in _sorted(context, opened, choice, wanted, sectors):
        if why is None:
            chosen.add(record.id)
        else:
            out[why] += 1
    return Extract(
        case_id=case.id,
        number=case.number,
        child=child_of(context, case.id).name,
        birth_date=ops.birth_date,
        choice=choice,
        on=context.today,
        lines=lines_of(context, records, chosen, hide_place=ops.protection is not None),
        out=tuple((reason, out[reason]) for reason in LeftOut if out[reason]),
    )


def _sorted(
    context: Context,
    opened: Opened,
    choice: Choice,
    wanted: Iterable[tuple[Record, Piece]],
    sectors: Mapping[uuid.UUID, Sector],
) -> Iterable[tuple[Record, LeftOut | None]]:
    """Give each record with why it stays out."""
    cells = _to_ppt(opened.facts.cells, sectors, context.now)
    abouts = abouts_in(context, choice.case_id)
    for record, piece in wanted:
        owner = parse(record.compartment)
        if owner is None:
            continue
        agreed = piece.about is not None and any(
            opens_to(unit, piece.about, record.compartment, cells, abouts, context.now)
            for unit in {cell.to_unit for cell in cells}
        )
        yield (
            record,
            left_out(
                choice.receiver,
                piece,
                is_ours=owner[0] == context.person.unit_id,
                covered=_until(cells, *owner) is not None,
                agreed=agreed,
            ),
        )


def _wanted(record: Record, piece: Piece, choice: Choice) -> bool:
    day = day_in_norway(record.at)
    begun = choice.since is None or choice.since <= day
    return (
        piece.info_type in choice.kinds and begun and (choice.until is None or day <= choice.until)
    )


def _to_ppt(
    cells: Iterable[CellFacts], sectors: Mapping[uuid.UUID, Sector], at: datetime
) -> tuple[CellFacts, ...]:
    return tuple(
        cell for cell in cells if sectors.get(cell.to_unit) is Sector.PPS and cell.is_live(at)
    )


def _until(cells: Iterable[CellFacts], unit: uuid.UUID, kind: InfoType) -> date | None:
    ends = [one.valid_to for one in cells if (one.from_unit, one.info_type) == (unit, kind)]
    return day_in_norway(max(ends)) if ends else None
