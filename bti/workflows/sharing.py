"""Sharing without consent: written down first, then opened, by a second person where that is due.

Two steps for every gate, so that the ground is committed before anything opens: the key broker reads
it there. A sharing lies among the consents, because a cell rests on one of them, and is none.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Consent, ConsentAnswer, ConsentCell
from bti.domain import gates
from bti.domain.access import Action
from bti.domain.ages import day_in_norway, start_of_day
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis
from bti.domain.consent_record import Way, cells_between
from bti.domain.gates import BY_LAW, GATES, OPENED, STOPPED, Gate, SharingFacts
from bti.domain.legal import LegalBasis, basis_on
from bti.profiles import legal_bases
from bti.workflows import consent_cells, directory
from bti.workflows.case_file import CORE, case_row, child_of
from bti.workflows.consent_page import invitable
from bti.workflows.errors import NotFound
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


class Step(Enum):
    """What is done with a sharing."""

    WRITE = auto()
    OPEN = auto()
    STOP = auto()


#: How a step is entered: among services, which all in the case may see, and towards the police, which they may not.
_ACTS: Final = {
    Step.WRITE: (Act.SHARING_GROUND_CREATE, Act.OUTSIDE_GROUND_CREATE),
    Step.OPEN: (Act.SHARING_ACCESS_OPEN, Act.OUTSIDE_TELLING_OPEN),
    Step.STOP: (Act.SHARING_ACCESS_STOP, Act.OUTSIDE_TELLING_STOP),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDown:
    """A sharing to write down. ``to_unit`` is None for the police."""

    case_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    gate: Gate
    to_unit: uuid.UUID | None
    info_types: frozenset[InfoType]
    necessity: str = field(repr=False)
    proportionality: str = field(repr=False)
    told_on: date | None
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingLine:
    """One sharing without consent. ``why`` is the act as it read the day it was written down."""

    id: uuid.UUID
    gate: Gate
    why: LegalBasis
    service: str
    types: tuple[InfoType, ...]
    necessity: str = field(repr=False)
    proportionality: str = field(repr=False)
    told_on: date | None
    written_by: str
    written_on: date
    until: date
    opened_by: str
    opened_on: date | None
    stopped_on: date | None
    #: Whether it is open now, and what the reader may do with it.
    is_open: bool
    may_open: bool
    may_stop: bool
    two_people: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPage:
    """The sharings of a case, newest first, and what the form offers."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    lines: tuple[SharingLine, ...]
    gates: tuple[tuple[Gate, LegalBasis], ...]
    services: tuple[tuple[uuid.UUID, str], ...]


def page(context: Context, *, case_id: uuid.UUID) -> SharingPage:
    """Return the sharings of a case and what the form needs. ``NotFound`` in another service."""
    opened = context.verbs.open(case_id, Action.SHARE_BY_LAW, entry=Act.CASE_OPEN_READ)
    case = _own_case(context, case_id)
    marks = _marks(context, case_id)
    rows = [
        row
        for row in context.session.scalars(select(Consent).where(Consent.case_id == case_id))
        if row.meta["scope"] == BY_LAW
    ]
    rows.sort(key=lambda row: (str(row.meta["asked_at"]), str(row.id)), reverse=True)
    sector = directory.units(context)[case.unit_id].sector
    return SharingPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, opened.case_id).first_name,
        lines=tuple(_line(context, case, row, marks.get(row.id, {})) for row in rows),
        gates=tuple(
            (gate, basis_on(legal_bases(), GATES[gate].basis, context.today))
            for gate in gates.gates_for(sector)
        ),
        services=tuple((unit.id, unit.name) for unit in invitable(context, case.unit_id)),
    )


def write_down(context: Context, *, command: WriteDown) -> uuid.UUID:
    """Write down a sharing; opens nothing. Returns its id.

    Raises ``RuleBroken`` as ``bti.domain.gates.write_down``; ``Conflict``; ``NotFound``. The same
    sending twice is one.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.SHARE_BY_LAW, entry=None)
    sharing_id = row_id(context, "sharing", command.submission)
    if context.session.get(Consent, sharing_id) is not None:
        found_done(context, opened)
        return sharing_id
    case = _own_case(context, command.case_id)
    unchanged(case, command.version)
    units = directory.units(context)
    if command.to_unit not in {None, *(unit.id for unit in invitable(context, case.unit_id))}:
        raise NotFound
    cells = cells_between(case.unit_id, command.to_unit, command.info_types, Way.OUT)
    until = gates.write_down(
        gates.GateQuestion(
            gate=command.gate,
            giver=units[case.unit_id].sector,
            taker=units[command.to_unit].sector if command.to_unit is not None else None,
            cells=cells,
            necessity=command.necessity,
            proportionality=command.proportionality,
            told_on=command.told_on,
            until=start_of_day(command.until),
        ),
        at=context.now,
    )
    facts = SharingFacts(
        gate=command.gate,
        cells=cells,
        written_at=context.now,
        written_by=context.person.account_id,
        until=until,
    )
    row = Consent(id=sharing_id, tenant_id=case.tenant_id, case_id=case.id, compartment=CORE)
    row.meta = gates.sharing_meta(facts, owner=case.unit_id, to_unit=command.to_unit)
    row.body = {
        "necessity": command.necessity,
        "proportionality": command.proportionality,
        "told_on": command.told_on,
    }
    context.session.add(row)
    _record(context, Step.WRITE, opened, sharing_id, command.gate)
    return sharing_id


def open_now(context: Context, *, case_id: uuid.UUID, sharing_id: uuid.UUID) -> None:
    """Open what is written down; for the police, that it may be told. Twice is the same as once.

    Raises ``RuleBroken`` as ``bti.domain.gates.check_open``; ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.SHARE_BY_LAW, entry=None)
    case = _own_case(context, case_id)
    facts = _facts(context, case_id, sharing_id)
    if facts.opened_at is not None and facts.stopped_at is None:
        found_done(context, opened)
        return
    gates.check_open(
        facts, by=context.person.account_id, leads=_leads(context, case), at=context.now
    )
    consent_cells.mark(context, sharing_id, OPENED, case_id=case_id)
    for cell in sorted(facts.cells):
        context.session.add(
            ConsentCell(
                tenant_id=case.tenant_id,
                case_id=case.id,
                consent_id=sharing_id,
                from_unit_id=cell.from_unit,
                to_unit_id=cell.to_unit,
                info_type=cell.info_type.value,
                basis=CellBasis.LAW.value,
                valid_from=context.now,
                valid_to=facts.until,
                withdrawn_at=None,
            )
        )
    if facts.cells:
        case.access_epoch += 1
    _record(context, Step.OPEN, opened, sharing_id, facts.gate)


def stop(context: Context, *, case_id: uuid.UUID, sharing_id: uuid.UUID) -> None:
    """Stop a sharing, or give up one that was written down. Twice is the same as once."""
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.SHARE_BY_LAW, entry=None)
    case = _own_case(context, case_id)
    facts = _facts(context, case_id, sharing_id)
    if facts.stopped_at is not None:
        found_done(context, opened)
        return
    consent_cells.mark(context, sharing_id, STOPPED, case_id=case_id)
    for row in context.session.scalars(
        select(ConsentCell).where(
            ConsentCell.consent_id == sharing_id, ConsentCell.withdrawn_at.is_(None)
        )
    ):
        row.withdrawn_at = context.now
    if facts.opened_at is not None and facts.cells:
        consent_cells.close_doors(context, case)
    _record(context, Step.STOP, opened, sharing_id, facts.gate)


def _own_case(context: Context, case_id: uuid.UUID) -> Case:
    """Return the case if it is of the person's own service: a gate is the giver's. ``NotFound``."""
    case = case_row(context, case_id)
    if case.unit_id != context.person.unit_id:
        raise NotFound
    return case


def _leads(context: Context, case: Case) -> bool:
    subject = context.verbs.subject()
    return subject.role is Role.UNIT_LEAD and subject.unit_id == case.unit_id


def _facts(context: Context, case_id: uuid.UUID, sharing_id: uuid.UUID) -> SharingFacts:
    row = context.session.get(Consent, sharing_id)
    if row is None or row.case_id != case_id or row.meta["scope"] != BY_LAW:
        raise NotFound
    marks = _marks(context, case_id).get(sharing_id, {})
    return gates.sharing_from(row.meta, {kind: at for kind, (at, _) in marks.items()})


def _marks(
    context: Context, case_id: uuid.UUID
) -> dict[uuid.UUID, dict[str, tuple[datetime, uuid.UUID]]]:
    """Return when each sharing was opened and stopped, and by whom."""
    found: dict[uuid.UUID, dict[str, tuple[datetime, uuid.UUID]]] = {}
    for row in context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.case_id == case_id)
    ):
        if row.meta["answer"] in {OPENED, STOPPED}:
            by = uuid.UUID(row.body["recorded_by"])
            at = datetime.fromisoformat(row.meta["at"])
            found.setdefault(row.consent_id, {})[row.meta["answer"]] = (at, by)
    return found


def _record(
    context: Context, step: Step, opened: Opened, sharing_id: uuid.UUID, gate: Gate
) -> None:
    within, outside = _ACTS[step]
    context.record(
        within if GATES[gate].takers else outside,
        Reference("case", opened.case_id),
        Reference("consent", sharing_id),
        ground=f"gate:{gate.value}",
    )


def _line(
    context: Context,
    case: Case,
    row: Consent,
    marks: dict[str, tuple[datetime, uuid.UUID]],
) -> SharingLine:
    meta: dict[str, Any] = row.meta
    facts = gates.sharing_from(meta, {kind: at for kind, (at, _) in marks.items()})
    rule = GATES[facts.gate]
    unit = directory.units(context).get(uuid.UUID(meta["to_unit"])) if meta["to_unit"] else None
    opened_at, opened_by = marks.get(OPENED, (None, None))
    over = facts.stopped_at is not None or (bool(rule.takers) and context.now >= facts.until)
    second = not rule.two_people or (
        _leads(context, case) and context.person.account_id != facts.written_by
    )
    return SharingLine(
        id=row.id,
        gate=facts.gate,
        why=basis_on(legal_bases(), rule.basis, day_in_norway(facts.written_at)),
        service=unit.name if unit is not None else "",
        types=tuple(one for one in InfoType if one in {cell.info_type for cell in facts.cells}),
        necessity=row.body["necessity"],
        proportionality=row.body["proportionality"],
        told_on=date.fromisoformat(row.body["told_on"]) if row.body["told_on"] else None,
        written_by=directory.name_of(context, facts.written_by),
        written_on=day_in_norway(facts.written_at),
        until=day_in_norway(facts.until),
        opened_by=directory.name_of(context, opened_by) if opened_by is not None else "",
        opened_on=day_in_norway(opened_at) if opened_at is not None else None,
        stopped_on=day_in_norway(facts.stopped_at) if facts.stopped_at is not None else None,
        is_open=opened_at is not None and not over and bool(rule.takers),
        may_open=opened_at is None and not over and second,
        may_stop=not over and (bool(rule.takers) or opened_at is None),
        two_people=rule.two_people,
    )
