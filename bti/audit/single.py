"""The proof of one entry, as a file that is checked anywhere (C2SP tlog-proof)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bti.audit.inline import Head
from bti.audit.models import AuditCheckpoint, AuditCosignature, AuditEpoch, AuditEvent, AuditHead
from bti.audit.proof import inclusion_path
from bti.audit.tile_store import filled_tiles, load_tiles
from bti.audit.tree import Frontier

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

HEADER: Final = "c2sp.org/tlog-proof@v1"


class NotProvableError(Exception):
    """There is no such entry, or no checkpoint covers it yet."""


def proof_text(entry: bytes, index: int, path: Sequence[bytes], note: str) -> str:
    """Return the proof; the entry itself is the extra data, so that nothing else is needed."""
    lines = [
        HEADER,
        f"extra {b64encode(entry).decode()}",
        f"index {index}",
        *(b64encode(step).decode() for step in path),
    ]
    return "\n".join(lines) + "\n\n" + note


def prove(session: Session, tenant: uuid.UUID, idx: int) -> str:
    """Return the proof of entry ``idx`` under the newest checkpoint of its epoch.

    Of the checkpoints over the entry the newest cosigned one is taken, if there is one. Raises
    ``NotProvableError``.
    """
    leaf = session.scalar(
        select(AuditEvent.leaf).where(AuditEvent.tenant_id == tenant, AuditEvent.idx == idx)
    )
    begins = session.execute(
        select(AuditEpoch.epoch, AuditEpoch.base)
        .where(AuditEpoch.tenant_id == tenant)
        .order_by(AuditEpoch.base)
    ).all()
    epoch = max((row for row in begins if row.base <= idx), key=lambda row: row.base, default=None)
    if leaf is None or epoch is None:
        raise NotProvableError("there is no such entry")
    until = min((row.base for row in begins if row.base > epoch.base), default=None)
    size, note = _checkpoint(session, tenant, idx, until)
    fill(session, tenant, epoch.epoch)
    node = load_tiles(session.connection(), tenant, epoch.epoch).node
    path = inclusion_path(node, idx - epoch.base, size - epoch.base)
    return proof_text(bytes(leaf), idx - epoch.base, path, note)


def _checkpoint(
    session: Session, tenant: uuid.UUID, idx: int, until: int | None
) -> tuple[int, str]:
    over = [AuditCheckpoint.tenant_id == tenant, AuditCheckpoint.size > idx]
    if until is not None:
        over.append(AuditCheckpoint.size <= until)
    cosigned = session.scalar(
        select(func.max(AuditCosignature.size))
        .join(
            AuditCheckpoint,
            (AuditCheckpoint.tenant_id == AuditCosignature.tenant_id)
            & (AuditCheckpoint.size == AuditCosignature.size),
        )
        .where(*over)
    )
    size = cosigned or session.scalar(select(func.max(AuditCheckpoint.size)).where(*over))
    note = session.scalar(
        select(AuditCheckpoint.note).where(
            AuditCheckpoint.tenant_id == tenant, AuditCheckpoint.size == size
        )
    )
    if size is None or note is None:
        raise NotProvableError("no checkpoint covers the entry yet")
    lines = session.execute(
        select(AuditCosignature.witness, AuditCosignature.line)
        .where(AuditCosignature.tenant_id == tenant, AuditCosignature.size == size)
        .order_by(AuditCosignature.at)
    ).all()
    newest = {row.witness: row.line for row in lines}
    return size, note + "".join(newest.values())


def fill(session: Session, tenant: uuid.UUID, epoch: int) -> None:
    """Make the tiles that the inline way did not make; an ended epoch has got its own then."""
    row = session.execute(
        select(AuditHead.epoch, AuditHead.base, AuditHead.frontier, AuditHead.last_at).where(
            AuditHead.tenant_id == tenant
        )
    ).one()
    if row.epoch == epoch:
        head = Head(row.epoch, row.base, Frontier.from_bytes(bytes(row.frontier)), row.last_at)
        filled_tiles(session.connection(), tenant, head)
