"""Beginning a new epoch of the access log, and the proof of one entry. For operators only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit import epoch as epochs
from bti.audit import single
from bti.audit.actions import Action
from bti.audit.epoch import Beginning, EpochReason, NewEpoch
from bti.domain.errors import RuleBroken
from bti.workflows.actor import Actor
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.audit.signer import LogSigner
    from bti.workflows.context import Context

__all__ = ["EpochReason", "NewEpoch", "begin", "proof"]


def begin(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    reason: EpochReason,
    names: tuple[str, str],
    signer: LogSigner | None,
) -> NewEpoch:
    """Begin a new epoch, on two operators' word. ``signer`` is that of a sequenced log.

    The two names are as typed: where a log was put back nothing can be entered, so nobody can
    prove by signing in who they are. Raises ``NotFound`` without a log, and ``RuleBroken`` when
    the two are one.
    """
    if isinstance(context.actor, Actor):
        raise NotFound  # nobody does this from a page
    asked_by, approved_by = (" ".join(name.split()) for name in names)
    if not asked_by or not approved_by or asked_by.casefold() == approved_by.casefold():
        raise RuleBroken("approval.self")
    beginning = Beginning(
        Action.AUDIT_EPOCH_BEGIN, reason, asked_by[:120], approved_by[:120], context.now
    )
    try:
        if signer is not None:
            return epochs.begin_sequenced_epoch(context.session, tenant_id, beginning, signer)
        return epochs.begin_inline_epoch(context.session, tenant_id, beginning, context.verbs.sign)
    except epochs.NoLogError:
        raise NotFound from None


def proof(context: Context, *, tenant_id: uuid.UUID, idx: int) -> str:
    """Return the proof of entry ``idx`` (from 0). Raises ``NotFound`` when it cannot be proven yet."""
    if isinstance(context.actor, Actor):
        raise NotFound  # nobody does this from a page
    try:
        return single.prove(context.session, tenant_id, idx)
    except single.NotProvableError:
        raise NotFound from None
