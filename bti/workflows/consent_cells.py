"""What a completed or withdrawn consent does: cells open and stop, and the log rests or goes on.

Applies the events of ``bti.domain.consent``; decides nothing itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import ConsentAnswer, ConsentCell
from bti.domain.consent import OPENING, CellBasis, Scope
from bti.domain.gates import STOPPED
from bti.domain.levels import LogStatus
from bti.workflows import baton, baton_page, participant
from bti.workflows.case_file import CORE, child_of, ops_of
from bti.workflows.consent_file import LAPSED, asked_in

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from bti.db.models import Case
    from bti.domain.events import ConsentCompleted, ConsentWithdrawn
    from bti.workflows.consent_file import Asked
    from bti.workflows.context import Context


def open_cells(context: Context, case: Case, event: ConsentCompleted) -> None:
    """Let information flow as everybody has agreed, from now until it ends by itself."""
    for cell in event.cells:
        context.session.add(
            ConsentCell(
                tenant_id=case.tenant_id,
                case_id=case.id,
                consent_id=event.consent_id,
                from_unit_id=cell.from_unit,
                to_unit_id=cell.to_unit,
                info_type=cell.info_type.value,
                basis=CellBasis.CONSENT.value,
                valid_from=event.valid_from,
                valid_to=event.valid_to,
                withdrawn_at=None,
            )
        )
    case.access_epoch += 1


def stop_cells(context: Context, event: ConsentWithdrawn) -> None:
    """Stop the flow now. What was shared before was lawful, so nothing else changes.

    The caller closes the doors.
    """
    stopped = {(cell.from_unit, cell.to_unit, cell.info_type.value) for cell in event.cells}
    rows = context.session.scalars(
        select(ConsentCell).where(ConsentCell.consent_id == event.consent_id)
    )
    for row in rows:
        place = (row.from_unit_id, row.to_unit_id, row.info_type)
        if place in stopped and row.withdrawn_at is None:
            row.withdrawn_at = event.at


def standing_in(context: Context, case: Case) -> frozenset[uuid.UUID]:
    """Return the consents that open something now; the case must be open."""
    return frozenset(one.id for one in asked_in(context, case.id) if one.status in OPENING)


def lapse_changed(context: Context, case: Case, before: frozenset[uuid.UUID]) -> list[uuid.UUID]:
    """Stop every consent that stood ``before`` and does not now; returns them.

    It stays stopped, also when the change is taken back: sharing never begins again unasked.
    """
    asked = asked_in(context, case.id)
    fallen = [one for one in asked if one.id in before and one.status not in OPENING]
    for one in fallen:
        lapse(context, case, one)
    if fallen:
        close_doors(context, case)
        if any(one.facts.scope is Scope.OPEN_LOG for one in fallen):
            suspend_log(context, case, asked)
    return [one.id for one in fallen]


def stop_all(context: Context, case: Case) -> None:
    """Stop all sharing of a case that is closed, and end the places of other services.

    The consents stay as records; those to bring in a service are asked anew if it opens again. What
    rests on the law stops too: nobody could stop it in a closed case.
    """
    for one in asked_in(context, case.id):
        if one.facts.scope is Scope.BRING_IN_SERVICE and one.status in OPENING:
            lapse(context, case, one)
    by_law = context.session.scalars(
        select(ConsentCell.consent_id).where(
            ConsentCell.case_id == case.id,
            ConsentCell.basis == CellBasis.LAW.value,
            ConsentCell.withdrawn_at.is_(None),
        )
    )
    for sharing_id in sorted(set(by_law)):
        mark(context, sharing_id, STOPPED, case_id=case.id)
        stop_now(context, sharing_id)
    close_doors(context, case)


@dataclass(frozen=True, slots=True)
class Closed:
    """What ended with the cells: places, and whether a waiting referral or an offer went back."""

    places: int
    referral: bool
    offer: bool


def close_doors(context: Context, case: Case) -> Closed:
    """End what rested on cells that have stopped: places, a waiting referral, offers."""
    # Reads below must see the cells as they now are.
    context.session.flush()
    places = participant.shut_out(context, case)
    offered = baton_page.open_offer(context, case.id) is not None
    baton.drop_offers_to_outsiders(context, case)
    offer = offered and baton_page.open_offer(context, case.id) is None
    inside = participant.units_let_in(context, case)
    # From here on nothing is read, so that the row of the case is written once: the key broker gives it
    # one version more and no second.
    case.access_epoch += 1
    return Closed(places=places, referral=_return_referral(case, inside), offer=offer)


def newest(context: Context, consent_id: uuid.UUID, kind: str) -> ConsentAnswer | None:
    """Return the newest record of a kind (``consent_record.NOT_GIVEN``) about a consent, or None."""
    rows = context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.consent_id == consent_id)
    )
    of_kind = [row for row in rows if row.meta["answer"] == kind]
    return max(of_kind, key=lambda row: str(row.meta["at"]), default=None)


def lapse(context: Context, case: Case, asked: Asked) -> None:
    """Let a question count for nothing more, and stop what it opened. It can be put anew."""
    mark(context, asked.id, LAPSED, case_id=case.id)
    stop_now(context, asked.id)


def mark(
    context: Context,
    consent_id: uuid.UUID,
    kind: str,
    *,
    case_id: uuid.UUID,
    reference: str = "",
    row_id: uuid.UUID | None = None,
) -> None:
    """Write down what no signer has said: ``consent_record.NOT_GIVEN``, or of a sharing without consent."""
    row = ConsentAnswer(
        id=row_id or uuid.uuid4(),
        tenant_id=context.person.tenant_id,
        case_id=case_id,
        consent_id=consent_id,
        # About nobody in particular: a consent is the child's, and so is what is shared.
        person_id=child_of(context, case_id).id,
        compartment=CORE,
    )
    row.meta = {"answer": kind, "at": context.now, "form": ""}
    row.body = {
        "on": context.today,
        "recorded_by": context.person.account_id,
        "reference": reference,
    }
    context.session.add(row)


def stop_now(context: Context, consent_id: uuid.UUID) -> None:
    """Stop every cell of a consent."""
    cells = context.session.scalars(
        select(ConsentCell).where(
            ConsentCell.consent_id == consent_id, ConsentCell.withdrawn_at.is_(None)
        )
    )
    for cell in cells:
        cell.withdrawn_at = context.now


def _return_referral(case: Case, inside: Container[uuid.UUID]) -> bool:
    """Give a waiting referral back when the team may not see the case any more.

    Nobody in the team can open it then, not even to return it; it must not wait for ever.
    """
    ops = ops_of(case)
    if ops.referral != "waiting" or ops.team_unit in inside:
        return False
    case.ops = replace(ops, referral="returned").to_json()
    return True


def suspend_log(context: Context, case: Case, others: Iterable[Asked]) -> bool:
    """Let the log rest when no other consent to it is in force; nothing in it is lost.

    Returns whether it came to rest now.
    """
    ops = ops_of(case)
    in_force = any(one.facts.scope is Scope.OPEN_LOG and one.status in OPENING for one in others)
    if in_force or ops.log != LogStatus.ACTIVE:
        return False
    case.ops = replace(ops, log=LogStatus.SUSPENDED.value).to_json()
    context.record(Act.LOG_SUSPEND_WRITE, Reference("case", case.id))
    return True


def resume_log(context: Context, case: Case) -> None:
    """Let a log that rested go on, with the holder it had."""
    ops = ops_of(case)
    if ops.log == LogStatus.SUSPENDED:
        case.ops = replace(ops, log=LogStatus.ACTIVE.value).to_json()
        context.record(Act.LOG_RESUME_WRITE, Reference("case", case.id))
