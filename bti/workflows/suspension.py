"""Closing an account at once when a bait case was taken. Lifting it is in ``review``.

Which case it was stands in the sealed body alone: the log names the account, never the bait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, Case, Suspension, WebSession

if TYPE_CHECKING:
    import uuid

    from bti.workflows.context import Context


def suspend(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
    bait_id: uuid.UUID,
) -> None:
    """Close the account, end its sessions, and leave a task for the data protection officer."""
    context.verbs.open_directory(tenant_id)
    # Locked: two openings at once are one suspension.
    account = context.session.get_one(Account, account_id, with_for_update=True)
    if not account.active:
        return
    account.active = False
    end_sessions(context, account_id)
    row = Suspension(
        tenant_id=tenant_id,
        account_id=account_id,
        unit_id=unit_id,
        settled_at=None,
        settled_by=None,
        began_at=context.now,
    )
    context.verbs.new_review(row.id, tenant_id, about=account_id)
    row.body = {"cause": "bait", "number": context.session.get_one(Case, bait_id).number}
    context.session.add(row)
    context.record(
        Action.ACCOUNT_ACCESS_SUSPEND,
        Reference("account", account_id),
        Reference("suspension", row.id),
        tenant=tenant_id,
    )


def end_sessions(context: Context, account_id: uuid.UUID) -> None:
    """End every session of an account now."""
    alive = (
        select(WebSession)
        .where(WebSession.account_id == account_id, WebSession.revoked_at.is_(None))
        .with_for_update()
    )
    for row in context.session.scalars(alive):
        row.revoked_at = context.now
