"""The baton: exactly one holder of an active log, who keeps it until another has said yes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from bti.domain.codes import CASE_WORKERS, Role
from bti.domain.deadlines import offer_expiry
from bti.domain.errors import RuleBroken
from bti.domain.events import (
    BatonDeclined,
    BatonOffered,
    BatonPassed,
    BatonReassigned,
    LogOpened,
    OfferExpired,
    OfferWithdrawn,
)
from bti.domain.levels import LogStatus
from bti.domain.local_rules import ProfileRules

BatonEvent = (
    BatonOffered | BatonPassed | BatonDeclined | OfferWithdrawn | OfferExpired | BatonReassigned
)


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """The one open offer of a log."""

    offer_id: uuid.UUID
    to_id: uuid.UUID
    to_unit_id: uuid.UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BatonFacts:
    """A log's baton. There is no state without a holder."""

    log_status: LogStatus
    holder_id: uuid.UUID
    holder_unit_id: uuid.UUID
    offer: OfferFacts | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Somebody who might hold the baton. ``unit_let_in``: owner unit, or a live cell leads there."""

    account_id: uuid.UUID
    unit_id: uuid.UUID
    role: Role
    active: bool
    same_tenant: bool
    unit_let_in: bool
    #: Partial in this case.
    kept_out: bool = False


def may_hold(account: AccountFacts) -> None:
    """Check that this person can hold the baton.

    Raises ``RuleBroken`` with baton.not_active, baton.wrong_role, baton.partial or baton.no_consent (the
    case may not be shared with the person's unit).
    """
    if not account.active or not account.same_tenant:
        raise RuleBroken("baton.not_active")
    if account.role not in CASE_WORKERS:
        raise RuleBroken("baton.wrong_role")
    if account.kept_out:
        raise RuleBroken("baton.partial")
    if not account.unit_let_in:
        raise RuleBroken("baton.no_consent")


def open_log(first: AccountFacts, *, at: datetime, by: uuid.UUID) -> LogOpened:
    """Open a log with its first holder. Raises as ``may_hold``, and baton.must_accept.

    The first holder is the one who opens the log: nobody is given a baton they have not taken.
    """
    may_hold(first)
    if first.account_id != by:
        raise RuleBroken("baton.must_accept")
    return LogOpened(at=at, by=by, holder_id=first.account_id, holder_unit_id=first.unit_id)


def offer(
    facts: BatonFacts,
    to: AccountFacts,
    *,
    at: datetime,
    by: uuid.UUID,
    rules: ProfileRules,
    appointed: bool = False,
) -> BatonOffered:
    """Offer the baton. ``appointed`` is the team leader's right to offer on the holder's behalf.

    Raises ``RuleBroken`` with baton.log_not_active, baton.not_holder, baton.offer_open,
    baton.to_holder, and as ``may_hold``.
    """
    _active(facts)
    if by != facts.holder_id and not appointed:
        raise RuleBroken("baton.not_holder")
    if _open_offer(facts, at) is not None:
        raise RuleBroken("baton.offer_open")
    if to.account_id == facts.holder_id:
        raise RuleBroken("baton.to_holder")
    may_hold(to)
    return BatonOffered(
        at=at,
        by=by,
        from_id=facts.holder_id,
        to_id=to.account_id,
        to_unit_id=to.unit_id,
        expires_at=offer_expiry(at, rules),
    )


def accept(facts: BatonFacts, to: AccountFacts, *, at: datetime) -> BatonPassed:
    """Take the baton. ``to`` as things stand now: consent may have ended since the offer.

    Raises ``RuleBroken`` with baton.log_not_active, baton.no_offer, baton.offer_expired,
    baton.not_offered, and as ``may_hold``.
    """
    _active(facts)
    waiting = _own_offer(facts, to.account_id, at)
    may_hold(to)
    return BatonPassed(
        at=at,
        by=to.account_id,
        offer_id=waiting.offer_id,
        from_id=facts.holder_id,
        to_id=waiting.to_id,
        to_unit_id=waiting.to_unit_id,
    )


def decline(facts: BatonFacts, *, at: datetime, by: uuid.UUID) -> BatonDeclined:
    """Say no to the baton. The holder keeps it. Raises as ``accept``, but never for consent."""
    waiting = _own_offer(facts, by, at)
    return BatonDeclined(at=at, by=by, offer_id=waiting.offer_id)


def withdraw_offer(facts: BatonFacts, *, at: datetime, by: uuid.UUID) -> OfferWithdrawn:
    """Take an offer back. Raises ``RuleBroken`` with baton.no_offer or baton.not_holder."""
    if facts.offer is None:
        raise RuleBroken("baton.no_offer")
    if by != facts.holder_id:
        raise RuleBroken("baton.not_holder")
    return OfferWithdrawn(at=at, by=by, offer_id=facts.offer.offer_id)


def expire(facts: BatonFacts, *, at: datetime) -> OfferExpired | None:
    """The event that settles an offer nobody answered, or None while it stands."""
    if facts.offer is None or at < facts.offer.expires_at:
        return None
    return OfferExpired(at=at, by=None, offer_id=facts.offer.offer_id)


def reassign(
    facts: BatonFacts,
    to: AccountFacts,
    *,
    at: datetime,
    by: uuid.UUID,
    reason_written: bool,
) -> BatonReassigned:
    """Move the baton without an answer, because the holder is gone. For the owner unit's leader.

    That the person is that leader is for the access table. Raises ``RuleBroken`` with
    baton.reason_missing, baton.to_holder, and as ``may_hold``.
    """
    _active(facts)
    if not reason_written:
        raise RuleBroken("baton.reason_missing")
    if to.account_id == facts.holder_id:
        raise RuleBroken("baton.to_holder")
    may_hold(to)
    return BatonReassigned(
        at=at,
        by=by,
        from_id=facts.holder_id,
        to_id=to.account_id,
        to_unit_id=to.unit_id,
        fallen_offer_id=facts.offer.offer_id if facts.offer is not None else None,
    )


def after(facts: BatonFacts, event: BatonEvent, *, offer_id: uuid.UUID | None = None) -> BatonFacts:
    """The baton after an event. ``offer_id`` names a new offer (the caller makes ids)."""
    match event:
        case BatonOffered(to_id=to_id, to_unit_id=unit, expires_at=expires_at):
            if offer_id is None:
                raise RuleBroken("baton.no_offer")
            return replace(facts, offer=OfferFacts(offer_id, to_id, unit, expires_at))
        case (
            BatonPassed(to_id=to_id, to_unit_id=unit)
            | BatonReassigned(to_id=to_id, to_unit_id=unit)
        ):
            return replace(facts, holder_id=to_id, holder_unit_id=unit, offer=None)
        case BatonDeclined() | OfferWithdrawn() | OfferExpired():
            return replace(facts, offer=None)


def _active(facts: BatonFacts) -> None:
    if facts.log_status not in {LogStatus.ACTIVE, LogStatus.SUSPENDED}:
        raise RuleBroken("baton.log_not_active")


def _open_offer(facts: BatonFacts, at: datetime) -> OfferFacts | None:
    return facts.offer if facts.offer is not None and at < facts.offer.expires_at else None


def _own_offer(facts: BatonFacts, account_id: uuid.UUID, at: datetime) -> OfferFacts:
    if facts.offer is None:
        raise RuleBroken("baton.no_offer")
    if facts.offer.to_id != account_id:
        raise RuleBroken("baton.not_offered")
    if at >= facts.offer.expires_at:
        raise RuleBroken("baton.offer_expired")
    return facts.offer
