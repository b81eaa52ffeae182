"""The baton: offering it, answering, taking an offer back, and moving it when the holder is gone.

The row of the log has one holder who cannot be null, and one offer can be open; both are the
database's own promise. Here the row is changed by the events of ``bti.domain.baton`` under a lock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import BatonOffer, Log
from bti.domain import baton as rules
from bti.domain.access import Action
from bti.domain.baton import AccountFacts, BatonFacts, OfferFacts
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.domain.levels import LogStatus
from bti.domain.protection import check_named
from bti.workflows import directory, gaps, participant
from bti.workflows.baton_page import (
    BatonCard,
    BatonPage,
    OfferToMe,
    answer_page,
    card_of,
    offer_page,
    offers_to_me,
    open_offer,
    reassign_page,
    withdraw_page,
)
from bti.workflows.case_file import CORE, case_row, ops_of
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


class State(StrEnum):
    """What became of an offer. REASSIGNED is no offer: it keeps that a leader moved the baton."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REASSIGNED = "reassigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferBaton:
    """To whom, in which service, and what is important to know."""

    case_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    to_id: uuid.UUID
    to_unit_id: uuid.UUID
    message: str = field(repr=False)


def offer(context: Context, *, command: OfferBaton) -> uuid.UUID:
    """Offer the baton; the holder keeps it until the other has said yes. Returns the offer's id.

    Raises ``RuleBroken`` as ``bti.domain.baton.offer``; ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.OFFER_BATON, entry=None)
    return _offer(context, opened, command, appointed=False)


def offer_by_team(context: Context, *, command: OfferBaton) -> uuid.UUID:
    """Offer the baton on the holder's behalf, as the leader of the team that has the case.

    The new holder must accept like everybody else. Raises as ``offer``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.APPOINT_HOLDER, entry=None)
    offer_id = _offer(context, opened, command, appointed=True)
    context.record(
        Act.REFERRAL_HOLDER_APPOINT,
        Reference("case", command.case_id),
        Reference("account", command.to_id),
        ground=opened.ground,
    )
    return offer_id


def offer_for_leaver(context: Context, *, command: OfferBaton) -> uuid.UUID:
    """Offer the baton of somebody who leaves, or who cannot act, as the leader of the case's unit.

    The new holder must accept like everybody else. Raises as ``offer``, and
    ``RuleBroken("leaving.not_leaving")`` while the holder stays: then it is theirs to offer.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.REASSIGN_BATON, entry=None)
    _, log, _ = _rows(context, command.case_id)
    if not gaps.leaves_or_is_gone(context, log.holder_id, log.holder_unit_id):
        raise RuleBroken("leaving.not_leaving")
    return _offer(context, opened, command, appointed=True)


def accept(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> None:
    """Take the baton. From this transaction on, the person is the one holder.

    Twice is the same as once. Raises ``RuleBroken`` as ``bti.domain.baton.accept``.
    """
    hold(context, case_id)
    if _done_before(context, case_id, offer_id, State.ACCEPTED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = _offered(context, case_id, offer_id)
    person = context.person
    directory.hold_account(context, person.account_id)
    to = _account(context, case, person.account_id, person.unit_id)
    event = rules.accept(_facts(case, log, row), to, at=context.now)
    if CORE not in opened.compartments:
        raise RuleBroken("baton.no_consent")
    _pass_on(context, case, log, event.to_id, event.to_unit_id)
    _settle(context, row, State.ACCEPTED)
    _record(context, Act.BATON_OFFER_ACCEPT, opened, offer_id, event.from_id, event.to_id)


def decline(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID, reason: str) -> None:
    """Say no to the baton; the holder keeps it. Raises as ``bti.domain.baton.decline``."""
    hold(context, case_id)
    if _done_before(context, case_id, offer_id, State.DECLINED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = _offered(context, case_id, offer_id)
    rules.decline(_facts(case, log, row), at=context.now, by=context.person.account_id)
    if CORE not in opened.compartments:
        # Consent ended meanwhile: the row cannot be sealed anew, and the offer ends by itself.
        raise RuleBroken("baton.no_consent")
    _settle(context, row, State.DECLINED, answer=reason)
    _record(context, Act.BATON_OFFER_DECLINE, opened, offer_id)


def withdraw(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> None:
    """Take an offer back before it is answered. Raises as ``bti.domain.baton.withdraw_offer``."""
    hold(context, case_id)
    if _done_before(context, case_id, offer_id, State.WITHDRAWN):
        return
    opened = context.verbs.open(case_id, Action.WITHDRAW_OFFER, entry=None)
    case, log, row = _offered(context, case_id, offer_id)
    rules.withdraw_offer(_facts(case, log, row), at=context.now, by=context.person.account_id)
    _settle(context, row, State.WITHDRAWN)
    _record(context, Act.BATON_OFFER_WITHDRAW, opened, offer_id)


def reassign(
    context: Context,
    *,
    case_id: uuid.UUID,
    to_id: uuid.UUID,
    to_unit_id: uuid.UUID,
    reason: str,
    version: int | None,
) -> None:
    """Move the baton because the holder is gone: for the leader of the case's own unit.

    An open offer falls. Raises ``RuleBroken`` as ``bti.domain.baton.reassign``; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.REASSIGN_BATON, entry=None)
    case, log, row = _rows(context, case_id)
    unchanged(case, version)
    directory.hold_account(context, to_id)
    check_named(ops_of(case).protection, to_id)
    event = rules.reassign(
        _facts(case, log, row),
        _account(context, case, to_id, to_unit_id),
        at=context.now,
        by=context.person.account_id,
        reason_written=bool(reason.strip()),
    )
    if row is not None:
        _settle(context, row, State.WITHDRAWN)
    moved = _new_row(case, log, event.to_id, event.to_unit_id)
    moved.meta = _meta(context.now, context.now, State.REASSIGNED, settled_at=context.now)
    moved.body = {"message": reason, "answer": ""}
    context.session.add(moved)
    _pass_on(context, case, log, event.to_id, event.to_unit_id)
    _record(context, Act.BATON_HOLDER_REASSIGN, opened, moved.id, event.from_id, event.to_id)


def drop_offers_to_outsiders(context: Context, case: Case) -> None:
    """Take back an open offer to somebody whose service is no longer let in."""
    row = open_offer(context, case.id)
    if row is not None and row.to_unit_id not in participant.units_let_in(context, case):
        _drop(context, case, row)


def drop_offer_to_unnamed(context: Context, case: Case, named: Collection[uuid.UUID]) -> None:
    """Take back an open offer to somebody who may no longer open a protected case."""
    row = open_offer(context, case.id)
    if row is not None and row.to_id not in named:
        _drop(context, case, row)


def _drop(context: Context, case: Case, row: BatonOffer) -> None:
    _settle(context, row, State.WITHDRAWN)
    context.record(Act.BATON_OFFER_WITHDRAW, Reference("case", case.id), Reference("offer", row.id))


def _offer(context: Context, opened: Opened, command: OfferBaton, *, appointed: bool) -> uuid.UUID:
    offer_id = row_id(context, "baton", command.submission)
    if context.session.get(BatonOffer, offer_id) is not None:
        found_done(context, opened)
        return offer_id
    case, log, row = _rows(context, command.case_id)
    unchanged(case, command.version)
    check_named(ops_of(case).protection, command.to_id)
    facts = _facts(case, log, row)
    if row is not None and rules.expire(facts, at=context.now) is not None:
        _settle(context, row, State.EXPIRED)
        context.record(
            Act.BATON_OFFER_EXPIRE, Reference("case", case.id), Reference("offer", row.id)
        )
        # Before the new one: a flush writes new rows first, and one offer may be open.
        context.session.flush()
        facts = _facts(case, log, None)
    event = rules.offer(
        facts,
        _account(context, case, command.to_id, command.to_unit_id),
        at=context.now,
        by=context.person.account_id,
        rules=context.profile,
        appointed=appointed,
    )
    new = _new_row(case, log, event.to_id, event.to_unit_id, offer_id)
    new.open_slot = 1
    new.meta = _meta(event.at, event.expires_at, State.OPEN)
    new.body = {"message": command.message, "answer": ""}
    context.session.add(new)
    _record(context, Act.BATON_OFFER_CREATE, opened, offer_id, event.to_id)
    return offer_id


def _rows(context: Context, case_id: uuid.UUID) -> tuple[Case, Log, BatonOffer | None]:
    log = context.session.scalars(select(Log).where(Log.case_id == case_id)).one_or_none()
    if log is None:
        raise RuleBroken("baton.log_not_active")
    return case_row(context, case_id), log, open_offer(context, case_id)


def _facts(case: Case, log: Log, row: BatonOffer | None) -> BatonFacts:
    waiting = None if row is None else _offer_facts(row)
    return BatonFacts(LogStatus(ops_of(case).log), log.holder_id, log.holder_unit_id, waiting)


def _offer_facts(row: BatonOffer) -> OfferFacts:
    expires_at = datetime.fromisoformat(row.meta["expires_at"])
    return OfferFacts(row.id, row.to_id, row.to_unit_id, expires_at)


def _account(
    context: Context, case: Case, account_id: uuid.UUID, unit_id: uuid.UUID
) -> AccountFacts:
    """Return somebody as the rules see them; without a role in that unit today they are inactive."""
    found = directory.colleague(context, account_id, unit_id)
    return AccountFacts(
        account_id=account_id,
        unit_id=unit_id,
        role=found.role if found is not None else Role.STAFF,
        active=found is not None,
        same_tenant=found is not None,
        unit_let_in=unit_id in participant.units_let_in(context, case),
    )


def _pass_on(
    context: Context, case: Case, log: Log, to_id: uuid.UUID, to_unit_id: uuid.UUID
) -> None:
    """Write the new holder. The one before goes on taking part, as long as consent lets them."""
    before = (log.holder_id, log.holder_unit_id)
    if participant.place_of(context, case.id, *before) is None:
        ends = participant.units_let_in(context, case)
        if before[1] in ends:
            participant.add_place(context, case, *before, until=ends[before[1]])
    log.holder_id, log.holder_unit_id = to_id, to_unit_id
    case.access_epoch += 1


def _done_before(context: Context, case_id: uuid.UUID, offer_id: uuid.UUID, wanted: State) -> bool:
    """Tell whether a second click finds the thing done by the same person's first.

    Whoever came too late hears that the offer is over: they were part of it, although they may
    have no business in the case any more. Raises ``RuleBroken`` with baton.no_offer or
    baton.offer_expired.
    """
    row = context.session.get(BatonOffer, offer_id)
    me = context.person.account_id
    if row is None or row.case_id != case_id or me not in {row.from_id, row.to_id}:
        return False
    state = State(row.meta["state"])
    if state is State.OPEN:
        if me == row.to_id and context.now >= _offer_facts(row).expires_at:
            raise RuleBroken("baton.offer_expired")
        return False
    own = row.from_id if wanted is State.WITHDRAWN else row.to_id
    if state is not wanted or own != me:
        raise RuleBroken("baton.no_offer")
    return True


def _offered(
    context: Context, case_id: uuid.UUID, offer_id: uuid.UUID
) -> tuple[Case, Log, BatonOffer]:
    case, log, row = _rows(context, case_id)
    if row is None or row.id != offer_id:
        raise RuleBroken("baton.no_offer")
    return case, log, row


def _new_row(
    case: Case,
    log: Log,
    to_id: uuid.UUID,
    to_unit_id: uuid.UUID,
    offer_id: uuid.UUID | None = None,
) -> BatonOffer:
    return BatonOffer(
        id=offer_id or uuid.uuid4(),
        tenant_id=case.tenant_id,
        log_id=log.id,
        case_id=case.id,
        from_id=log.holder_id,
        to_id=to_id,
        to_unit_id=to_unit_id,
        open_slot=None,
        compartment=CORE,
    )


def _meta(
    offered_at: datetime,
    expires_at: datetime,
    state: State,
    settled_at: datetime | None = None,
) -> dict[str, Any]:
    return {
        "state": state.value,
        "offered_at": offered_at,
        "expires_at": expires_at,
        "settled_at": settled_at,
    }


def _settle(context: Context, row: BatonOffer, state: State, answer: str = "") -> None:
    row.open_slot = None
    row.meta = {**row.meta, "state": state.value, "settled_at": context.now}
    row.body = {**row.body, "answer": answer}


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
    "BatonCard",
    "BatonPage",
    "OfferBaton",
    "OfferToMe",
    "State",
    "accept",
    "answer_page",
    "card_of",
    "decline",
    "drop_offers_to_outsiders",
    "offer",
    "offer_by_team",
    "offer_for_leaver",
    "offer_page",
    "offers_to_me",
    "reassign",
    "reassign_page",
    "withdraw",
    "withdraw_page",
]
