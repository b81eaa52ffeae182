"""The rows of a baton and its offers, read as the rules see them, and closed. Decides nothing."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import BatonOffer, Log
from bti.domain import baton as rules
from bti.domain.baton import AccountFacts, BatonFacts, OfferFacts
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.domain.levels import LogStatus
from bti.workflows import directory, participant
from bti.workflows.baton_page import open_offer
from bti.workflows.case_file import CORE, case_row, ops_of

if TYPE_CHECKING:
    from bti.db.models import Case
    from bti.workflows.context import Context


class State(StrEnum):
    """What became of an offer. REASSIGNED is no offer: it keeps that a leader moved the baton."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REASSIGNED = "reassigned"


def rows_of(context: Context, case_id: uuid.UUID) -> tuple[Case, Log, BatonOffer | None]:
    """Return a case, its log and the one open offer. Raises ``RuleBroken("baton.log_not_active")``."""
    log = context.session.scalars(select(Log).where(Log.case_id == case_id)).one_or_none()
    if log is None:
        raise RuleBroken("baton.log_not_active")
    return case_row(context, case_id), log, open_offer(context, case_id)


def facts_of(case: Case, log: Log, row: BatonOffer | None) -> BatonFacts:
    """Return the baton as the rules see it."""
    waiting = None if row is None else _offer_facts(row)
    return BatonFacts(LogStatus(ops_of(case).log), log.holder_id, log.holder_unit_id, waiting)


def with_room(context: Context, case: Case, log: Log, row: BatonOffer | None) -> BatonFacts:
    """Return the baton as it is when an offer that ran out has been closed, so that one can be made."""
    facts = facts_of(case, log, row)
    if row is None or rules.expire(facts, at=context.now) is None:
        return facts
    settle(context, row, State.EXPIRED)
    context.record(Act.BATON_OFFER_EXPIRE, Reference("case", case.id), Reference("offer", row.id))
    # Before the new one: a flush writes new rows first, and one offer may be open.
    context.session.flush()
    return facts_of(case, log, None)


def _offer_facts(row: BatonOffer) -> OfferFacts:
    expires_at = datetime.fromisoformat(row.meta["expires_at"])
    return OfferFacts(row.id, row.to_id, row.to_unit_id, expires_at)


def account_in(
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
        kept_out=participant.is_kept_out(case, account_id),
    )


def done_before(context: Context, case_id: uuid.UUID, offer_id: uuid.UUID, wanted: State) -> bool:
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


def offered_in(
    context: Context, case_id: uuid.UUID, offer_id: uuid.UUID
) -> tuple[Case, Log, BatonOffer]:
    """Return the rows of an offer that is open. Raises ``RuleBroken("baton.no_offer")``."""
    case, log, row = rows_of(context, case_id)
    if row is None or row.id != offer_id:
        raise RuleBroken("baton.no_offer")
    return case, log, row


def new_row(
    case: Case,
    log: Log,
    to_id: uuid.UUID,
    to_unit_id: uuid.UUID,
    offer_id: uuid.UUID | None = None,
) -> BatonOffer:
    """Return a row that goes from the holder, settled until somebody opens it."""
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


def meta_of(
    offered_at: datetime,
    expires_at: datetime,
    state: State,
    settled_at: datetime | None = None,
) -> dict[str, Any]:
    """Return what is sealed of an offer under the ops key. Instants in UTC."""
    return {
        "state": state.value,
        "offered_at": offered_at,
        "expires_at": expires_at,
        "settled_at": settled_at,
    }


def settle(context: Context, row: BatonOffer, state: State, answer: str = "") -> None:
    """Close an offer, with what became of it."""
    row.open_slot = None
    row.meta = {**row.meta, "state": state.value, "settled_at": context.now}
    row.body = {**row.body, "answer": answer}
