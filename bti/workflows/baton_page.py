"""What pages show of the baton: the card in a case, the forms, and offers waiting for an answer.

An offer that nobody answered in time is shown as over from that moment; its row is settled by the
next one who writes, because only they hold the key that its message is sealed with.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.crypto.errors import Locked
from bti.db.models import BatonOffer, Case, Log
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import day_in_norway
from bti.domain.levels import CaseStatus
from bti.domain.move import FROM_UNIT
from bti.workflows import directory, participant
from bti.workflows.case_file import case_row, child_of, ops_of
from bti.workflows.consent_page import knows_services
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

_PASSED = frozenset({"accepted", "reassigned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """An offer that waits for an answer."""

    id: uuid.UUID
    to_name: str
    from_name: str
    to_me: bool
    message: str = field(repr=False)
    expires_at: datetime
    #: Whether the case goes along.
    moves: bool


@dataclass(frozen=True, slots=True)
class HolderBefore:
    """Somebody who had the baton, and until which day."""

    name: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonCard:
    """The card in a case. ``holder_out``: the holder's service is no longer let in by consent."""

    holder: str
    unit: str
    is_me: bool
    holder_out: bool
    log: str
    offer: OpenOffer | None
    before: tuple[HolderBefore, ...]
    may_offer: bool
    may_answer: bool
    may_withdraw: bool
    may_reassign: bool
    may_move: bool
    #: The log is continued in another, so the baton rests.
    set_aside: bool
    may_join: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonPage:
    """What the forms about the baton need. ``child`` is empty when the case is not open."""

    case_id: uuid.UUID
    version: int | None
    child: str = field(repr=False)
    holder: str
    offer: OpenOffer | None
    candidates: tuple[participant.Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferToMe:
    """An offer for the worklist. ``child`` and ``message`` are empty when consent has ended."""

    case_id: uuid.UUID
    offer_id: uuid.UUID
    number: str
    child: str = field(repr=False)
    from_name: str
    message: str = field(repr=False)
    expires_at: datetime
    moves: bool


def card_of(context: Context, opened: Opened) -> BatonCard | None:
    """Return the card of an opened case, or None before there is a log."""
    case_id = opened.case_id
    log = context.session.scalars(select(Log).where(Log.case_id == case_id)).one_or_none()
    if log is None:
        return None
    case = case_row(context, case_id)
    unit = directory.units(context).get(log.holder_unit_id)
    waiting = _waiting(context, case_id)
    return BatonCard(
        holder=directory.name_of(context, log.holder_id),
        unit=unit.name if unit is not None else "",
        is_me=(log.holder_id, log.holder_unit_id)
        == (context.person.account_id, context.person.unit_id),
        holder_out=log.holder_unit_id not in participant.units_let_in(context, case),
        log=ops_of(case).log,
        offer=waiting,
        before=_before(context, case_id) if knows_services(context, opened) else (),
        may_offer=waiting is None and _may(context, opened, Action.OFFER_BATON),
        may_answer=waiting is not None and _may(context, opened, Action.ANSWER_OFFER),
        may_withdraw=waiting is not None and _may(context, opened, Action.WITHDRAW_OFFER),
        may_reassign=_may(context, opened, Action.REASSIGN_BATON),
        may_move=waiting is None
        and case.unit_id == context.person.unit_id
        and _may(context, opened, Action.MOVE_CASE),
        set_aside=opened.facts.set_aside,
        may_join=ops_of(case).status == CaseStatus.OPEN and _may(context, opened, Action.JOIN_LOGS),
    )


def offers_to_me(context: Context) -> tuple[OfferToMe, ...]:
    """Return the offers that wait for the person, soonest to expire first.

    Opens the core of each case that may be opened; the caller enters the list in the log.
    """
    subject = context.verbs.subject()
    rows = context.session.execute(
        select(BatonOffer, Case.number)
        .join(Case, Case.id == BatonOffer.case_id)
        .where(
            BatonOffer.tenant_id == subject.tenant_id,
            BatonOffer.to_id == subject.account_id,
            BatonOffer.to_unit_id == subject.unit_id,
            BatonOffer.open_slot == 1,
        )
    ).all()
    context.verbs.open_core([row.case_id for row, _ in rows])
    found = [
        OfferToMe(
            case_id=row.case_id,
            offer_id=row.id,
            number=number,
            child=_child(context, row.case_id),
            from_name=directory.name_of(context, row.from_id),
            message=_message(row),
            expires_at=_expires_at(row),
            moves=bool(row.meta.get(FROM_UNIT)),
        )
        for row, number in rows
        if _expires_at(row) > context.now
    ]
    return tuple(sorted(found, key=lambda one: one.expires_at))


def offer_page(context: Context, *, case_id: uuid.UUID) -> BatonPage:
    """Return what the holder's form needs: everybody in the case's services but the holder."""
    opened = context.verbs.open(case_id, Action.OFFER_BATON, entry=Act.CASE_OPEN_READ)
    return _page(context, opened, with_candidates=True)


def reassign_page(context: Context, *, case_id: uuid.UUID) -> BatonPage:
    """Return what the leader's form needs."""
    opened = context.verbs.open(case_id, Action.REASSIGN_BATON, entry=Act.CASE_OPEN_READ)
    return _page(context, opened, with_candidates=True)


def withdraw_page(context: Context, *, case_id: uuid.UUID) -> BatonPage:
    """Return what the holder is about to take back. Raises ``NotFound`` without an open offer."""
    opened = context.verbs.open(case_id, Action.WITHDRAW_OFFER, entry=Act.CASE_OPEN_READ)
    page = _page(context, opened)
    if page.offer is None:
        raise NotFound
    return page


def answer_page(context: Context, *, case_id: uuid.UUID) -> BatonPage:
    """Return the offer to the one who was offered the baton. Raises ``NotFound`` without one."""
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=Act.CASE_OPEN_READ)
    page = _page(context, opened)
    if page.offer is None:
        raise NotFound
    return page


def open_offer(context: Context, case_id: uuid.UUID) -> BatonOffer | None:
    """Return the row of the one open offer, also when its time is out."""
    return context.session.scalars(
        select(BatonOffer).where(BatonOffer.case_id == case_id, BatonOffer.open_slot == 1)
    ).one_or_none()


def _page(context: Context, opened: Opened, *, with_candidates: bool = False) -> BatonPage:
    case = case_row(context, opened.case_id)
    log = context.session.scalars(select(Log).where(Log.case_id == case.id)).one_or_none()
    if log is None:
        raise NotFound
    now_holding = (log.holder_id, log.holder_unit_id)
    candidates = (
        tuple(
            participant.Candidate(
                one.account_id, unit_id, f"{one.name}, {one.title}, {one.unit_name}"
            )
            for unit_id in participant.units_let_in(context, case)
            for one in directory.colleagues(context, unit_id)
            if (one.account_id, unit_id) != now_holding
        )
        if with_candidates
        else ()
    )
    return BatonPage(
        case_id=case.id,
        version=case.version,
        child=_child(context, case.id),
        holder=directory.name_of(context, log.holder_id),
        offer=_waiting(context, case.id),
        candidates=candidates,
    )


def _waiting(context: Context, case_id: uuid.UUID) -> OpenOffer | None:
    row = open_offer(context, case_id)
    if row is None or _expires_at(row) <= context.now:
        return None
    me = (context.person.account_id, context.person.unit_id)
    return OpenOffer(
        id=row.id,
        to_name=directory.name_of(context, row.to_id),
        from_name=directory.name_of(context, row.from_id),
        to_me=(row.to_id, row.to_unit_id) == me,
        message=_message(row),
        expires_at=_expires_at(row),
        moves=bool(row.meta.get(FROM_UNIT)),
    )


def _before(context: Context, case_id: uuid.UUID) -> tuple[HolderBefore, ...]:
    rows = context.session.scalars(
        select(BatonOffer).where(BatonOffer.case_id == case_id, BatonOffer.open_slot.is_(None))
    )
    passed = [
        (datetime.fromisoformat(row.meta["settled_at"]), row.from_id)
        for row in rows
        if row.meta["state"] in _PASSED
    ]
    return tuple(
        HolderBefore(directory.name_of(context, who), day_in_norway(at))
        for at, who in sorted(passed, key=lambda one: one[0], reverse=True)
    )


def _expires_at(row: BatonOffer) -> datetime:
    return datetime.fromisoformat(row.meta["expires_at"])


def _message(row: BatonOffer) -> str:
    try:
        return str(row.body["message"])
    except Locked:
        return ""


def _child(context: Context, case_id: uuid.UUID) -> str:
    try:
        return child_of(context, case_id).first_name
    except Locked:
        return ""


def _may(context: Context, opened: Opened, action: Action) -> bool:
    subject = context.verbs.subject()
    return isinstance(decide(subject, action, opened.facts, context.now), Allowed)
