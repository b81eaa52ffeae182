"""Moving a case to another service with its child: proposed by the one, accepted or declined by the other.

It is an offer of the baton that the case goes along with, so that exactly one person has the baton all the time. With
the yes, in one transaction, the new service has the case and the baton, and the one that was left is out of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import BatonOffer, ConsentCell
from bti.domain import baton as baton_rules
from bti.domain import move as rules
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import InfoType
from bti.domain.consent import Scope
from bti.domain.errors import RuleBroken
from bti.domain.move import FROM_UNIT
from bti.domain.protection import check_named
from bti.workflows import consent_cells, directory, participant
from bti.workflows.baton_file import (
    State,
    account_in,
    done_before,
    facts_of,
    meta_of,
    new_row,
    offered_in,
    rows_of,
    settle,
    with_room,
)
from bti.workflows.case_file import CORE, Kind, case_row, child_of, ops_of, to_date, write_entry
from bti.workflows.consent_file import asked_in
from bti.workflows.errors import NotFound
from bti.workflows.move_package import (
    Contents,
    Package,
    contents_for,
    open_until_to,
    package,
    stored,
)
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.db.models import Case, Log
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeMove:
    """Whom to ask in which service, and what is important to know. ``talked_on``: with the family."""

    case_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    to_id: uuid.UUID
    to_unit_id: uuid.UUID
    talked_on: date | None
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that consent has let in, whom one can ask there, and what it may read of ours until when."""

    name: str
    people: tuple[participant.Candidate, ...]
    open_until: tuple[tuple[InfoType, date], ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """The newest no, and why."""

    service: str
    on: date
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePage:
    """What the form needs. ``waiting``: the offer, of either kind, that nobody has answered yet."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    service: str
    services: tuple[Service, ...]
    waiting: uuid.UUID | None
    #: Whether the case goes along with that one.
    moves: bool
    declined: Declined | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """What somebody is asked. ``counts``: how many entries of each kind go along."""

    case_id: uuid.UUID
    offer_id: uuid.UUID
    child: str = field(repr=False)
    from_name: str
    from_service: str
    to_service: str
    message: str = field(repr=False)
    talked_on: date | None
    counts: tuple[tuple[InfoType, int], ...]
    expires_at: datetime


def move_page(context: Context, *, case_id: uuid.UUID) -> MovePage:
    """Return what the form needs; logged as a reading. ``NotFound`` in another service than the owner."""
    opened = context.verbs.open(case_id, Action.MOVE_CASE, entry=Act.CASE_OPEN_READ)
    case, log, row = _own_rows(context, case_id)
    over = row is None or baton_rules.expire(facts_of(case, log, row), at=context.now)
    units = directory.units(context)
    return MovePage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        service=units[case.unit_id].name,
        services=tuple(
            _service(context, opened, units[unit_id])
            for unit_id in participant.units_let_in(context, case)
            if unit_id != case.unit_id and units[unit_id].sector not in rules.NO_HOME
        ),
        waiting=row.id if row is not None and over is None else None,
        moves=row is not None and bool(row.meta.get(FROM_UNIT)),
        declined=_declined(context, case, units),
    )


def preview(context: Context, *, case_id: uuid.UUID, to_unit_id: uuid.UUID) -> Contents:
    """Return what would go along to a service, to be looked at first."""
    opened = context.verbs.open(case_id, Action.MOVE_CASE, entry=Act.CASE_OPEN_READ)
    _own_rows(context, case_id)
    return contents_for(context, opened, to_unit_id)


def propose(context: Context, *, command: ProposeMove) -> uuid.UUID:
    """Ask somebody at the new service to take the baton and the case. Returns the offer's id.

    The holder keeps the baton, and the service the case, until they have said yes. Raises ``RuleBroken`` as
    ``bti.domain.move.check_move`` and ``bti.domain.baton.offer``; ``Conflict``; ``NotFound``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.MOVE_CASE, entry=None)
    offer_id = row_id(context, "move", command.submission)
    if context.session.get(BatonOffer, offer_id) is not None:
        found_done(context, opened)
        return offer_id
    case, log, row = _own_rows(context, command.case_id)
    unchanged(case, command.version)
    unit = directory.units(context).get(command.to_unit_id)
    rules.check_move(
        rules.MoveFacts(
            owner=case.unit_id,
            by_unit=context.person.unit_id,
            to_unit=command.to_unit_id,
            to_sector=unit.sector if unit is not None else None,
            talked_on=command.talked_on,
        ),
        today=context.today,
    )
    check_named(ops_of(case).protection, command.to_id)
    event = baton_rules.offer(
        with_room(context, case, log, row),
        account_in(context, case, command.to_id, command.to_unit_id),
        at=context.now,
        by=context.person.account_id,
        rules=context.profile,
        # That it is the holder or the leader is for the access table.
        appointed=True,
    )
    contents = contents_for(context, opened, command.to_unit_id)
    new = new_row(case, log, event.to_id, event.to_unit_id, offer_id)
    new.open_slot = 1
    new.meta = {
        **meta_of(event.at, event.expires_at, State.OPEN),
        FROM_UNIT: case.unit_id,
    }
    new.body = {
        "message": command.message,
        "answer": "",
        **stored(contents, command.talked_on or context.today),
    }
    context.session.add(new)
    _record(context, Act.CASE_MOVE_PROPOSE, opened, offer_id, event.to_id)
    return offer_id


def answer_page(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> AnswerPage:
    """Return what the person is asked. Raises ``NotFound`` for an offer that is over, or without a case."""
    context.verbs.open(case_id, Action.ANSWER_OFFER, entry=Act.CASE_OPEN_READ)
    row = context.session.get(BatonOffer, offer_id)
    if row is None or row.case_id != case_id or row.open_slot is None:
        raise NotFound
    if not row.meta.get(FROM_UNIT):
        raise NotFound
    units = directory.units(context)
    counts = row.body["counts"]
    return AnswerPage(
        case_id=case_id,
        offer_id=offer_id,
        child=child_of(context, case_id).first_name,
        from_name=directory.name_of(context, row.from_id),
        from_service=units[uuid.UUID(row.meta[FROM_UNIT])].name,
        to_service=units[row.to_unit_id].name,
        message=row.body["message"],
        talked_on=to_date(row.body["talked_on"]),
        counts=tuple((kind, counts[kind.value]) for kind in InfoType if kind.value in counts),
        expires_at=datetime.fromisoformat(row.meta["expires_at"]),
    )


def accept(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> None:
    """Take the case and the baton. From this transaction on the service that had it is out.

    Twice is the same as once. Raises ``RuleBroken`` as ``bti.domain.baton.accept``, and move.over.
    """
    hold(context, case_id)
    if done_before(context, case_id, offer_id, State.ACCEPTED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = _moving(context, case_id, offer_id)
    left = uuid.UUID(row.meta[FROM_UNIT])
    rules.check_taken(left, case.unit_id)
    person = context.person
    directory.hold_account(context, person.account_id)
    to = account_in(context, case, person.account_id, person.unit_id)
    event = baton_rules.accept(facts_of(case, log, row), to, at=context.now)
    if CORE not in opened.compartments:
        raise RuleBroken("baton.no_consent")
    before = log.holder_id
    _move(context, opened, case, log, row)
    settle(context, row, State.ACCEPTED)
    _record(context, Act.CASE_MOVE_ACCEPT, opened, offer_id, before, event.to_id)


def decline(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID, reason: str) -> None:
    """Say no, with a reason; case and baton stay where they are.

    Raises ``RuleBroken`` with move.reason_missing, and as ``bti.domain.baton.decline``.
    """
    hold(context, case_id)
    if done_before(context, case_id, offer_id, State.DECLINED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = _moving(context, case_id, offer_id)
    baton_rules.decline(facts_of(case, log, row), at=context.now, by=context.person.account_id)
    if CORE not in opened.compartments:
        raise RuleBroken("baton.no_consent")
    rules.check_no(reason)
    settle(context, row, State.DECLINED, answer=reason)
    _record(context, Act.CASE_MOVE_DECLINE, opened, offer_id)


def _move(context: Context, opened: Opened, case: Case, log: Log, row: BatonOffer) -> None:
    """Write the new owner and holder, and end what the service that was left had.

    Everything is looked up first: each of these rows is written once (ADR 0018).
    """
    person, left = context.person, case.unit_id
    places = [one for one in participant.live_places(context, case.id) if one.unit_id == left]
    cells = _cells_to(context, opened, case, left)
    kept = _place_to_keep(context, case, log, left)
    sector = directory.units(context)[person.unit_id].sector
    ops = replace(ops_of(case), sector=sector.value)
    for one in asked_in(context, case.id):
        brings_in = one.facts.scope is Scope.BRING_IN_SERVICE
        if rules.falls_with_the_move(one.status, brings_in=brings_in):
            consent_cells.lapse(context, case, one)
    write_entry(
        context,
        case.id,
        kind=Kind.MOVE,
        compartment=CORE,
        meta={"from": left, "to": person.unit_id, "offer": row.id, "on": context.today},
        body={},
    )
    for cell in cells:
        cell.withdrawn_at = context.now
    for place in places:
        place.revoked_at = context.now
    if kept is not None:
        participant.add_place(context, case, log.holder_id, log.holder_unit_id, until=kept)
    log.holder_id, log.holder_unit_id = person.account_id, person.unit_id
    case.unit_id = person.unit_id
    case.ops = ops.to_json()
    case.access_epoch += 1


def _cells_to(context: Context, opened: Opened, case: Case, left: uuid.UUID) -> list[ConsentCell]:
    stopping = {
        (cell.consent_id, cell.from_unit, cell.info_type.value)
        for cell in rules.cells_that_stop(opened.facts.cells, left, context.now)
    }
    rows = context.session.scalars(
        select(ConsentCell).where(
            ConsentCell.case_id == case.id,
            ConsentCell.to_unit_id == left,
            ConsentCell.withdrawn_at.is_(None),
        )
    )
    return [row for row in rows if (row.consent_id, row.from_unit_id, row.info_type) in stopping]


def _place_to_keep(context: Context, case: Case, log: Log, left: uuid.UUID) -> datetime | None:
    """Return until when a holder of a third service goes on taking part; None for who does not."""
    holder = (log.holder_id, log.holder_unit_id)
    if holder[1] == left or participant.place_of(context, case.id, *holder) is not None:
        return None
    return participant.units_let_in(context, case).get(holder[1])


def _own_rows(context: Context, case_id: uuid.UUID) -> tuple[Case, Log, BatonOffer | None]:
    """Return the rows of a case of the person's own service. Raises ``NotFound`` for another's."""
    if case_row(context, case_id).unit_id != context.person.unit_id:
        raise NotFound
    return rows_of(context, case_id)


def _moving(
    context: Context, case_id: uuid.UUID, offer_id: uuid.UUID
) -> tuple[Case, Log, BatonOffer]:
    case, log, row = offered_in(context, case_id, offer_id)
    if not row.meta.get(FROM_UNIT):
        raise RuleBroken("baton.no_offer")
    return case, log, row


def _service(context: Context, opened: Opened, unit: directory.UnitFact) -> Service:
    return Service(
        unit.name,
        tuple(
            participant.Candidate(one.account_id, unit.id, f"{one.name}, {one.title}, {unit.name}")
            for one in directory.colleagues(context, unit.id)
        ),
        open_until_to(context, opened, unit.id),
    )


def _declined(
    context: Context, case: Case, units: dict[uuid.UUID, directory.UnitFact]
) -> Declined | None:
    """Return the newest answer where it is a no that this service got."""
    rows = [
        row
        for row in context.session.scalars(
            select(BatonOffer).where(BatonOffer.case_id == case.id, BatonOffer.open_slot.is_(None))
        )
        if row.meta.get(FROM_UNIT) == str(case.unit_id)
    ]
    newest = max(rows, key=lambda row: str(row.meta["offered_at"]), default=None)
    if newest is None or newest.meta["state"] != State.DECLINED.value:
        return None
    on = day_in_norway(datetime.fromisoformat(newest.meta["settled_at"]))
    return Declined(units[newest.to_unit_id].name, on, newest.body["answer"])


def _record(
    context: Context, act: Act, opened: Opened, offer_id: uuid.UUID, *accounts: uuid.UUID
) -> None:
    context.record(
        act,
        Reference("case", opened.case_id),
        Reference("offer", offer_id),
        more=[Reference("account", one) for one in accounts],
        ground=opened.ground,
    )


__all__ = [
    "AnswerPage",
    "Contents",
    "Declined",
    "MovePage",
    "Package",
    "ProposeMove",
    "Service",
    "accept",
    "answer_page",
    "decline",
    "move_page",
    "package",
    "preview",
    "propose",
]
