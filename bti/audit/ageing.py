"""How old the entries of a log are, and what still needs those that are older than a rule.

Reads and removes nothing: why everything is kept is in ADR 0038.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.audit.glance import glance
from bti.audit.models import AuditEvent, AuditSubject
from bti.audit.reconcile import BATCH, DELETED
from bti.db.models import Case

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Ageing:
    """Counts of the entries older than a day; ``oldest`` is None for an empty log.

    ``older`` is made of ``rows``, the last word on a row that stands, which the comparison of rows
    needs; of the others ``cases``, about a case that is still there; and the ``rest``.
    """

    oldest: datetime | None
    older: int
    rows: int
    cases: int

    @property
    def rest(self) -> int:
        """Return how many are needed by neither."""
        return self.older - self.rows - self.cases


def ageing(session: Session, tenant: uuid.UUID, before: datetime) -> Ageing:
    """Count the entries of a municipality that were made before an instant."""
    mine = AuditEvent.tenant_id == tenant
    oldest = session.scalar(select(func.min(AuditEvent.at)).where(mine))
    old = set(session.scalars(select(AuditEvent.idx).where(mine, AuditEvent.at < before)))
    if not old:
        return Ageing(oldest, 0, 0, 0)
    speaking = old & _last_words(session, tenant)
    about = session.scalars(
        select(AuditSubject.idx)
        .join(Case, Case.id == AuditSubject.object_id)
        .where(AuditSubject.tenant_id == tenant, AuditSubject.kind == "case")
    )
    return Ageing(oldest, len(old), len(speaking), len((old - speaking) & set(about)))


def _last_words(session: Session, tenant: uuid.UUID) -> set[int]:
    """Return the places of the entries that say how a row stands now."""
    last: dict[str, int] = {}
    events = session.execute(
        select(AuditEvent.idx, AuditEvent.leaf)
        .where(AuditEvent.tenant_id == tenant)
        .order_by(AuditEvent.idx)
        .execution_options(yield_per=BATCH)
    )
    for idx, stored in events:
        for line in glance(stored).rows:
            table, row_id, rest = line.split("/", 2)
            key = f"{table}/{row_id}"
            if rest == DELETED:
                last.pop(key, None)
            else:
                last[key] = idx
    return set(last.values())
