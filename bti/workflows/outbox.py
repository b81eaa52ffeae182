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

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.guards import FORGED
from bti.db.models import Account, Mail, MailChoice, Municipality
from bti.domain.errors import AccessDenied
from bti.domain.reminders import pause_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bti.workflows.context import Context

BATCH: Final = 50
"""Letters opened at once."""
KEPT: Final = timedelta(days=90)
"""So long it can be seen that a reminder was sent."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is needed to send one reminder. ``language`` is the person's own."""

    mail_id: uuid.UUID
    message_id: str
    address: str = field(repr=False)
    language: str


def letters(context: Context, *, tenant_id: uuid.UUID) -> tuple[Letter, ...]:
    """Return what is to be sent now, oldest first, at most ``BATCH`` (system only).

    Where a person's choice was changed in SQL nothing is sent: it may be somebody else's address. That is entered, and tried
    later like what failed.
    """
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
    ).all()
    genuine = _genuine(context, [row.MailChoice for row in rows])
    found = []
    for mail_id, message_id, choice, language in rows:
        if choice.id in genuine:
            address = choice.address
            found.append(Letter(mail_id, message_id, address, language or town.language))
        else:
            _refuse(context, tenant_id, mail_id, choice.account_id)
    return tuple(found)


def _genuine(context: Context, choices: Sequence[MailChoice]) -> frozenset[uuid.UUID]:
    """Return the ids of those whose MAC is right: asked together, and one by one when one is not."""
    try:
        context.verbs.check(*choices)
    except AccessDenied:
        if len(choices) == 1:
            return frozenset()
        return frozenset().union(*(_genuine(context, [one]) for one in choices))
    return frozenset(one.id for one in choices)


def _refuse(
    context: Context, tenant_id: uuid.UUID, mail_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    failed(context, tenant_id=tenant_id, mail_id=mail_id, fault=FORGED)
    about = Reference("account", account_id)
    context.record(Action.ACCESS_REQUEST_DENY, about, tenant=tenant_id, refused=FORGED)


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
