"""Entries that wait for a place in the tree: how long, and what they say.

Whoever shows who has done what must show these too: they are committed, only not yet placed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bti.audit.models import AuditPending

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import Session

LATE: Final = timedelta(seconds=10)
"""An entry that waits longer than this is an alarm: it has no place and no signature yet."""


def oldest_pending(
    connection: Connection | Session, tenant: uuid.UUID | None = None
) -> datetime | None:
    """Return the time of the oldest entry without a place, of one municipality or of all."""
    oldest = select(func.min(AuditPending.at))
    if tenant is not None:
        oldest = oldest.where(AuditPending.tenant_id == tenant)
    return connection.scalar(oldest)


def is_late(connection: Connection | Session, now: datetime) -> bool:
    """Tell whether an entry has waited for longer than ``LATE`` at ``now``."""
    oldest = oldest_pending(connection)
    return oldest is not None and now - oldest > LATE


def pending_leaves(
    session: Session, tenant: uuid.UUID, conditions: Collection[ColumnElement[bool]] = ()
) -> Iterable[bytes]:
    """Yield the entries without a place that meet the conditions, newest first."""
    leaves = session.scalars(
        select(AuditPending.leaf)
        .where(AuditPending.tenant_id == tenant, *conditions)
        .order_by(AuditPending.id.desc())
        .execution_options(yield_per=500)
    )
    return (bytes(leaf) for leaf in leaves)
