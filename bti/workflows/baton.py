"""The baton: offering it, answering, taking an offer back, and moving it when the holder is gone.

The row of the log has one holder who cannot be null, and one offer can be open; both are the
database's own promise. Here the row is changed by the events of ``bti.domain.baton`` under a lock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import BatonOffer
from bti.domain import baton as rules
from bti.domain.access import Action
from bti.domain.errors import RuleBroken
from bti.domain.move import FROM_UNIT
from bti.domain.protection import check_named
from bti.workflows import directory, gaps, participant
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
from bti.workflows.case_file import CORE, ops_of
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.db.models import Case, Log
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


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
    _, log, _ = rows_of(context, command.case_id)
    if not gaps.leaves_or_is_gone(context, log.holder_id, log.holder_unit_id):
        raise RuleBroken("leaving.not_leaving")
    return _offer(context, opened, command, appointed=True)


def accept(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> None:
    """Take the baton. From this transaction on, the person is the one holder.

    Twice is the same as once. Raises ``RuleBroken`` as ``bti.domain.baton.accept``.
    """
    hold(context, case_id)
    if done_before(context, case_id, offer_id, State.ACCEPTED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = offered_in(context, case_id, offer_id)
    _baton_alone(row)
    person = context.person
    directory.hold_account(context, person.account_id)
    to = account_in(context, case, person.account_id, person.unit_id)
    event = rules.accept(facts_of(case, log, row), to, at=context.now)
    if CORE not in opened.compartments:
        raise RuleBroken("baton.no_consent")
    _pass_on(context, case, log, event.to_id, event.to_unit_id)
    settle(context, row, State.ACCEPTED)
    _record(context, Act.BATON_OFFER_ACCEPT, opened, offer_id, event.from_id, event.to_id)


def decline(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID, reason: str) -> None:
    """Say no to the baton; the holder keeps it. Raises as ``bti.domain.baton.decline``."""
    hold(context, case_id)
    if done_before(context, case_id, offer_id, State.DECLINED):
        return
    opened = context.verbs.open(case_id, Action.ANSWER_OFFER, entry=None)
    case, log, row = offered_in(context, case_id, offer_id)
    _baton_alone(row)
    rules.decline(facts_of(case, log, row), at=context.now, by=context.person.account_id)
    if CORE not in opened.compartments:
        # Consent ended meanwhile: the row cannot be sealed anew, and the offer ends by itself.
        raise RuleBroken("baton.no_consent")
    settle(context, row, State.DECLINED, answer=reason)
    _record(context, Act.BATON_OFFER_DECLINE, opened, offer_id)


def withdraw(context: Context, *, case_id: uuid.UUID, offer_id: uuid.UUID) -> None:
    """Take an offer back before it is answered. Raises as ``bti.domain.baton.withdraw_offer``."""
    hold(context, case_id)
    if done_before(context, case_id, offer_id, State.WITHDRAWN):
        return
    opened = context.verbs.open(case_id, Action.WITHDRAW_OFFER, entry=None)
    case, log, row = offered_in(context, case_id, offer_id)
    rules.withdraw_offer(facts_of(case, log, row), at=context.now, by=context.person.account_id)
    settle(context, row, State.WITHDRAWN)
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
    case, log, row = rows_of(context, case_id)
    unchanged(case, version)
    directory.hold_account(context, to_id)
    check_named(ops_of(case).protection, to_id)
    event = rules.reassign(
        facts_of(case, log, row),
        account_in(context, case, to_id, to_unit_id),
        at=context.now,
        by=context.person.account_id,
        reason_written=bool(reason.strip()),
    )
    if row is not None:
        settle(context, row, State.WITHDRAWN)
    moved = new_row(case, log, event.to_id, event.to_unit_id)
    moved.meta = meta_of(context.now, context.now, State.REASSIGNED, settled_at=context.now)
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


def drop_offer_to(context: Context, case: Case, account_id: uuid.UUID) -> None:
    """Take back an open offer to somebody who is partial in the case."""
    row = open_offer(context, case.id)
    if row is not None and row.to_id == account_id:
        _drop(context, case, row)


def _drop(context: Context, case: Case, row: BatonOffer) -> None:
    settle(context, row, State.WITHDRAWN)
    context.record(Act.BATON_OFFER_WITHDRAW, Reference("case", case.id), Reference("offer", row.id))


def _offer(context: Context, opened: Opened, command: OfferBaton, *, appointed: bool) -> uuid.UUID:
    offer_id = row_id(context, "baton", command.submission)
    if context.session.get(BatonOffer, offer_id) is not None:
        found_done(context, opened)
        return offer_id
    case, log, row = rows_of(context, command.case_id)
    unchanged(case, command.version)
    check_named(ops_of(case).protection, command.to_id)
    event = rules.offer(
        with_room(context, case, log, row),
        account_in(context, case, command.to_id, command.to_unit_id),
        at=context.now,
        by=context.person.account_id,
        rules=context.profile,
        appointed=appointed,
    )
    new = new_row(case, log, event.to_id, event.to_unit_id, offer_id)
    new.open_slot = 1
    new.meta = meta_of(event.at, event.expires_at, State.OPEN)
    new.body = {"message": command.message, "answer": ""}
    context.session.add(new)
    _record(context, Act.BATON_OFFER_CREATE, opened, offer_id, event.to_id)
    return offer_id


def _baton_alone(row: BatonOffer) -> None:
    """Raise ``RuleBroken("baton.moves_case")`` for an offer that the case goes along with.

    That one is answered where it stands what goes along (``bti.workflows.move``).
    """
    if row.meta.get(FROM_UNIT):
        raise RuleBroken("baton.moves_case")


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
