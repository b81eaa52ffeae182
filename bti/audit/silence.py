"""Silences of a log: stretches without any entry while the program said that it was at work.

A heartbeat is entered every hour. Somebody who takes away the newest entries, or stops the writing of
any, leaves a silence that the tree alone does not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bti.audit.actions import Action
from bti.audit.models import AuditEvent, AuditPending

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

LONGEST: Final = timedelta(hours=2)
"""Twice the time between two heartbeats: one that came late is no silence."""


@dataclass(frozen=True, slots=True)
class Silence:
    """No entry from ``begins`` to ``ends``; ``ends`` is the time of the check where it still lasts."""

    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        """Return the line that the check of the log prints."""
        return f"silent: from {self.begins:%Y-%m-%dT%H:%MZ} to {self.ends:%Y-%m-%dT%H:%MZ}"


def silences(session: Session, tenant: uuid.UUID, now: datetime) -> tuple[Silence, ...]:
    """Return the silences of a log since its first heartbeat, oldest first.

    None before the first heartbeat: until then nobody has said that the program is at work.
    """
    first = session.scalar(
        select(func.min(AuditEvent.at)).where(
            AuditEvent.tenant_id == tenant, AuditEvent.act == Action.AUDIT_HEARTBEAT_MAKE.value
        )
    )
    return () if first is None else tuple(between([*_times(session, tenant, first), now]))


def between(times: Iterable[datetime]) -> Iterator[Silence]:
    """Yield what lies further apart than ``LONGEST`` in a row of times."""
    for earlier, later in pairwise(times):
        if later - earlier > LONGEST:
            yield Silence(earlier, later)


def _times(session: Session, tenant: uuid.UUID, first: datetime) -> Iterator[datetime]:
    # By time and not by place: with several writers, places are not in the order of time.
    placed = session.scalars(
        select(AuditEvent.at)
        .where(AuditEvent.tenant_id == tenant, AuditEvent.at >= first)
        .order_by(AuditEvent.at)
        .execution_options(yield_per=10_000)
    )
    yield from placed
    waiting = select(func.max(AuditPending.at)).where(AuditPending.tenant_id == tenant)
    newest = session.scalar(waiting)
    if newest is not None:
        yield newest
