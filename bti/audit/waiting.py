"""Checks what waits for a place in the tree: that nothing is gone from it, and nothing is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.late import LATE, oldest_pending
from bti.audit.leaf import Leaf, LeafError, encode_digest, instant
from bti.audit.models import AuditPending, AuditWriter
from bti.audit.tree import leaf_hash

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.verify import Report


def waiting_faults(
    session: Session, tenant: uuid.UUID, report: Report, now: datetime | None
) -> Iterator[str]:
    """Yield what is wrong, one line each: gaps and false links, cut ends, and entries that are late.

    ``report`` says where each writer's chain stands in the tree; the waiting entries go on from
    there, and must end where `audit_writers` says that the writer is.
    """
    chains = dict(report.writers)
    rows = session.execute(
        select(AuditPending.id, AuditPending.leaf)
        .where(AuditPending.tenant_id == tenant)
        .order_by(AuditPending.id)
        .execution_options(yield_per=500)
    )
    for number, stored in rows:
        try:
            leaf = Leaf.parse(bytes(stored))
        except LeafError:
            yield f"unreadable: audit_pending {number}"
            continue
        before, previous = chains.get(leaf.w, (0, b""))
        if leaf.n != before + 1 or leaf.p != (encode_digest(previous) if previous else ""):
            yield f"missing: audit_pending of writer {leaf.w}, entries {before + 1} to {leaf.n - 1}"
        chains[leaf.w] = (leaf.n, leaf_hash(bytes(stored)))
    yield from _cut_ends(session, tenant, chains)
    oldest = oldest_pending(session, tenant)
    if now is not None and oldest is not None and now - oldest > LATE:
        yield f"late: entries wait without a place since {instant(oldest)}"


def _cut_ends(
    session: Session, tenant: uuid.UUID, chains: dict[str, tuple[int, bytes]]
) -> Iterator[str]:
    rows = session.execute(
        select(AuditWriter.writer, AuditWriter.number, AuditWriter.last_hash).where(
            AuditWriter.tenant_id == tenant
        )
    )
    for writer, number, last_hash in rows:
        stands, found = chains.pop(writer, (0, b""))
        if number > stands:
            yield f"missing: audit_pending of writer {writer}, entries {stands + 1} to {number}"
        elif (number, bytes(last_hash)) != (stands, found):
            yield f"changed: audit_writers {writer}"
    for writer in chains:
        yield f"missing: audit_writers {writer}"
