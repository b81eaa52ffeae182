"""Holds the stored tiles against the entries they were made of.

A wrong tile deceives nobody, for a proof made of it does not verify. But proofs and signatures would
fail from that day on, and it shows that somebody writes in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.models import AuditEpoch, AuditEvent, AuditTile
from bti.audit.tile_store import filled_size
from bti.audit.tiles import loaded
from bti.audit.tree import leaf_hash
from bti.audit.way import way_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

_BATCH: Final = 1000


def tile_faults(session: Session, tenant: uuid.UUID, total: int) -> Iterator[str]:
    """Yield each stored tile that is not what the entries say, and each that is gone; one line each.

    ``total`` is how many entries are proven. The inline way makes tiles when a proof needs them, so
    there the newest may be missing; of those that are there each must be whole.
    """
    begins = session.execute(
        select(AuditEpoch.epoch, AuditEpoch.base)
        .where(AuditEpoch.tenant_id == tenant)
        .order_by(AuditEpoch.base)
    ).all()
    ends = [row.base for row in begins[1:]] + [total]
    for (epoch, base), end in zip(begins, ends, strict=True):
        filled = filled_size(session.connection(), tenant, epoch)
        size = end - base if way_of(session).sequenced else min(filled, end - base)
        yield from _compared(session, tenant, epoch, base, size)


def _compared(
    session: Session, tenant: uuid.UUID, epoch: int, base: int, size: int
) -> Iterator[str]:
    due = _tiles_of(session, tenant, base, size)
    stored = session.execute(
        select(AuditTile.level, AuditTile.n, AuditTile.hashes)
        .where(AuditTile.tenant_id == tenant, AuditTile.epoch == epoch)
        .order_by(AuditTile.level, AuditTile.n)
        .execution_options(yield_per=_BATCH)
    )
    for level, n, hashes in stored:
        if due.pop((level, n), None) != bytes(hashes):
            yield f"changed: audit_tiles {epoch}/{level}/{n}"
    for level, n in due:
        yield f"missing: audit_tiles {epoch}/{level}/{n}"


def _tiles_of(
    session: Session, tenant: uuid.UUID, base: int, size: int
) -> dict[tuple[int, int], bytes]:
    """Return every tile over ``size`` entries from ``base`` on: 32 bytes for an entry, and a little."""
    leaves = session.scalars(
        select(AuditEvent.leaf)
        .where(AuditEvent.tenant_id == tenant, AuditEvent.idx >= base, AuditEvent.idx < base + size)
        .order_by(AuditEvent.idx)
        .execution_options(yield_per=_BATCH)
    )
    tiles = loaded({})
    tiles.extend(0, (leaf_hash(bytes(leaf)) for leaf in leaves))
    return tiles.changed
