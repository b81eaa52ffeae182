"""The outbox: reminders that wait to be sent, one at most for each person.

Sent at least once: a reminder is handed over first and marked afterwards, always under the same
Message-ID. Every call is one short transaction, and none is open while a server is talked with.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import load_only

from bti.db.models import Account, Mail, MailChoice, Municipality
from bti.domain.reminders import pause_after

if TYPE_CHECKING:
    from bti.workflows.context import Context

BATCH: Final = 50
"""Letters opened at once."""
KEPT: Final = timedelta(days=90)
"""So long it can be seen that a reminder was sent."""
_ADDRESS: Final = load_only(
    MailChoice.tenant_id,
    MailChoice.account_id,
    MailChoice.version,
    MailChoice.address_ct,
    raiseload=True,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is needed to send one reminder. ``language`` is the person's own."""

    mail_id: uuid.UUID
    message_id: str
    address: str = field(repr=False)
    language: str


def letters(context: Context, *, tenant_id: uuid.UUID) -> tuple[Letter, ...]:
    """Return what is to be sent now, oldest first, at most ``BATCH`` (system only)."""
    context.verbs.open_addresses(tenant_id)
    town = context.session.get_one(Municipality, tenant_id)
    rows = context.session.execute(
        select(Mail.id, Mail.message_id, MailChoice, Account.language)
        .join(MailChoice, MailChoice.account_id == Mail.account_id)
        .join(Account, Account.id == Mail.account_id)
        .where(
            Mail.tenant_id == tenant_id,
            Mail.open_slot == 1,
            Mail.due_at <= context.now,
            MailChoice.address_ct.is_not(None),
            Account.active.is_(True),
            Account.suspended_at.is_(None),
        )
        .order_by(Mail.due_at, Mail.id)
        .limit(BATCH)
        .options(_ADDRESS)
    ).all()
    return tuple(
        Letter(mail_id, message_id, choice.address, language or town.language)
        for mail_id, message_id, choice, language in rows
    )


def sent(context: Context, *, tenant_id: uuid.UUID, mail_id: uuid.UUID) -> None:
    """Mark that the server has taken a reminder. A second time changes nothing (system only)."""
    row = _waiting(context, tenant_id, mail_id)
    if row is None:
        return
    row.state = "sent"
    row.open_slot = None
    row.sent_at = context.now
    row.attempts += 1
    row.fault = ""


def failed(context: Context, *, tenant_id: uuid.UUID, mail_id: uuid.UUID, fault: str) -> None:
    """Have a reminder tried again, later each time; it is never given up (system only)."""
    row = _waiting(context, tenant_id, mail_id)
    if row is None:
        return
    row.attempts += 1
    row.due_at = context.now + pause_after(row.attempts)
    row.fault = fault[:60]


def forget(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Delete what was sent, or no longer needed, long ago (system only)."""
    old = context.today - KEPT
    context.session.execute(
        delete(Mail).where(Mail.tenant_id == tenant_id, Mail.open_slot.is_(None), Mail.day < old)
    )


def _waiting(context: Context, tenant_id: uuid.UUID, mail_id: uuid.UUID) -> Mail | None:
    return context.session.scalars(
        select(Mail)
        .where(Mail.tenant_id == tenant_id, Mail.id == mail_id, Mail.open_slot == 1)
        .with_for_update()
    ).one_or_none()
