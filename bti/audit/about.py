"""Every entry about one object, each with the proof that it stands in the signed log up to a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.audit.models import AuditCheckpoint, AuditEpoch, AuditEvent, AuditSubject
from bti.audit.proof import inclusion_path
from bti.audit.single import fill
from bti.audit.tile_store import load_tiles

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: its bytes, which of the checkpoints covers it, its place in that tree and the way to the root."""

    checkpoint: int
    entry: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What the log says about an object: signed checkpoints, one for each epoch, and the entries, oldest first.

    ``cut`` is how many entries the log had, so that the same question later has the same answer.
    """

    cut: int
    checkpoints: tuple[str, ...]
    entries: tuple[Told, ...]


def about(
    session: Session,
    tenant: uuid.UUID,
    object_id: uuid.UUID,
    *,
    kind: str = "case",
    cut: int | None = None,
) -> About:
    """Return the entries about an object that stood in the signed log when it had ``cut`` entries; now, if None."""
    signed = select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.tenant_id == tenant)
    end = cut if cut is not None else session.scalar(signed) or 0
    checkpoints: list[str] = []
    told: list[Told] = []
    for epoch, base, until in _epochs(session, tenant, end):
        covered = session.execute(
            select(AuditCheckpoint.size, AuditCheckpoint.note)
            .where(
                AuditCheckpoint.tenant_id == tenant,
                AuditCheckpoint.size > base,
                AuditCheckpoint.size <= until,
            )
            .order_by(AuditCheckpoint.size.desc())
            .limit(1)
        ).one_or_none()
        if covered is None:
            continue
        fill(session, tenant, epoch)
        node = load_tiles(session.connection(), tenant, epoch).node
        found = _entries(session, tenant, object_id, kind, base, covered.size)
        for idx, leaf in found:
            path = inclusion_path(node, idx - base, covered.size - base)
            told.append(Told(len(checkpoints), leaf, idx - base, path))
        if found:
            checkpoints.append(covered.note)
    return About(end, tuple(checkpoints), tuple(told))


def _epochs(session: Session, tenant: uuid.UUID, end: int) -> list[tuple[int, int, int]]:
    """Return each epoch with the place it begins at and the one it ends before, oldest first."""
    rows = session.execute(
        select(AuditEpoch.epoch, AuditEpoch.base)
        .where(AuditEpoch.tenant_id == tenant, AuditEpoch.base < end)
        .order_by(AuditEpoch.base)
    ).all()
    ends = [*(row.base for row in rows[1:]), end]
    return [(row.epoch, row.base, until) for row, until in zip(rows, ends, strict=True)]


def _entries(
    session: Session, tenant: uuid.UUID, object_id: uuid.UUID, kind: str, base: int, size: int
) -> list[tuple[int, bytes]]:
    rows = session.execute(
        select(AuditEvent.idx, AuditEvent.leaf)
        .join(
            AuditSubject,
            (AuditSubject.tenant_id == AuditEvent.tenant_id) & (AuditSubject.idx == AuditEvent.idx),
        )
        .where(
            AuditEvent.tenant_id == tenant,
            AuditSubject.kind == kind,
            AuditSubject.object_id == object_id,
            AuditEvent.idx >= base,
            AuditEvent.idx < size,
        )
        .order_by(AuditEvent.idx)
    )
    return [(row.idx, bytes(row.leaf)) for row in rows]
