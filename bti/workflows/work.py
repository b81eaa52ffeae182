"""The program's own work, seen from outside: what is late, and the heartbeat in each log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.models import AuditEvent, AuditPending
from bti.audit.record import Reference
from bti.db.models import WorkJob

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.workflows.context import Context

LATE: Final = timedelta(hours=1)
"""A job that should have been done so long ago is an alarm: it fails, or nobody is at work."""
_SOON: Final = timedelta(minutes=30)


def is_late(session: Session, now: datetime) -> bool:
    """Tell whether a job should have been done longer than ``LATE`` ago.

    An installation in which `bti work` has never run has no rows, and nothing is late.
    """
    oldest = session.scalars(select(WorkJob.owed_at).order_by(WorkJob.owed_at).limit(1)).first()
    return oldest is not None and now - oldest > LATE


def beat(context: Context, *, tenant_id: uuid.UUID) -> bool:
    """Enter that the program is at work in this municipality; so a silence of its log is seen.

    Tells whether it did: not when the last one is younger than half an hour, so that a job that is
    done twice is entered once. For the system only.
    """
    since = context.now - _SOON
    for entry in (AuditEvent, AuditPending):
        found = select(entry.at).where(
            entry.tenant_id == tenant_id,
            entry.at > since,
            entry.act == Action.AUDIT_HEARTBEAT_MAKE.value,
        )
        if context.session.scalars(found.limit(1)).first() is not None:
            return False
    context.record(Action.AUDIT_HEARTBEAT_MAKE, Reference("tenant", tenant_id), tenant=tenant_id)
    return True
