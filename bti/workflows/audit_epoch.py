"""Beginning a new epoch of the access log, and the proof of one entry. For operators only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit import epoch as epochs
from bti.audit import single
from bti.audit.actions import Action
from bti.audit.epoch import Beginning, EpochReason, NewEpoch
from bti.audit.record import Reference
from bti.workflows import epoch_people
from bti.workflows.actor import Actor
from bti.workflows.epoch_people import Shown
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.audit.signer import LogSigner
    from bti.domain.approval import Params
    from bti.workflows.context import Context

__all__ = ["EpochReason", "NewEpoch", "Shown", "begin", "proof"]


def begin(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    reason: EpochReason,
    asks: Shown,
    agrees: Shown,
    signer: LogSigner | None,
) -> NewEpoch:
    """Begin a new epoch, on the word of two people who prove who they are in the same transaction.

    ``signer`` is that of a sequenced log. For ``KEY`` the municipality's audit key gets a successor too, in this
    transaction: the new epoch is the first it signs. Where a log was put back nothing can be entered before
    this, so nobody can sign in: see ``epoch_people``. Raises ``NotFound`` without a log,
    ``NotProvenError`` and ``ApprovalRefused``; then nothing has happened.
    """
    if isinstance(context.actor, Actor):
        raise NotFound  # nobody does this from a page
    row = epoch_people.agreed(context, tenant_id, epoch_params(reason), asks, agrees)
    beginning = Beginning(
        Action.AUDIT_EPOCH_BEGIN,
        reason,
        str(row.requested_by_id),
        str(row.answered_by_id),
        context.now,
    )
    if reason is EpochReason.KEY:
        made = context.verbs.key_life().change_log_key(tenant_id)
        context.record(
            Action.KEY_TENANT_ROTATE,
            Reference("tenant", tenant_id),
            Reference("key", made.id),
            tenant=tenant_id,
        )
    try:
        if signer is not None:
            begun = epochs.begin_sequenced_epoch(context.session, tenant_id, beginning, signer)
        else:
            sign = context.verbs.sign
            begun = epochs.begin_inline_epoch(context.session, tenant_id, beginning, sign)
    except epochs.NoLogError:
        raise NotFound from None
    epoch_people.enter(context, tenant_id, row)
    return begun


def epoch_params(reason: EpochReason) -> Params:
    """Return what the two agree to."""
    return {"reason": reason.value}


def proof(context: Context, *, tenant_id: uuid.UUID, idx: int) -> str:
    """Return the proof of entry ``idx`` (from 0). Raises ``NotFound`` when it cannot be proven yet."""
    if isinstance(context.actor, Actor):
        raise NotFound  # nobody does this from a page
    try:
        return single.prove(context.session, tenant_id, idx)
    except single.NotProvableError:
        raise NotFound from None
