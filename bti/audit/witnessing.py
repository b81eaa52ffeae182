"""Asks witnesses to sign the newest checkpoint of each log, and keeps what they sign.

Never inside a transaction of anybody else: a witness may be slow, far away or gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select

from bti.audit.asking import body_of
from bti.audit.inline import Head
from bti.audit.models import AuditCheckpoint, AuditCosignature, AuditHead
from bti.audit.note import COSIGNATURE_TYPE, NoteError, VerifierKey, open_cosignature, text_of
from bti.audit.proof import consistency_path
from bti.audit.tile_store import filled_tiles
from bti.audit.tree import Frontier
from bti.audit.verify import claimed_place
from bti.audit.witness import CONFLICT, OK
from bti.db.walls import everywhere

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import Session

Post = Callable[[str, bytes], tuple[int, str]]
"""Sends a body to an address and returns status and text. Raises ``OSError`` when nobody answers."""

STALE: Final = timedelta(hours=24)
"""How old the newest cosignature may be before it is said aloud."""
AGAIN: Final = timedelta(hours=12)
"""A log that nobody has written in is shown to its witnesses again after this long."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WitnessPlace:
    """Where a witness answers, and its key."""

    address: str
    key: VerifierKey


def witness_places(written: str) -> tuple[WitnessPlace, ...]:
    """Read «ADDRESS KEY» pairs between spaces or lines. Raises ``NoteError`` for anything else."""
    words = written.split()
    if len(words) % 2:
        raise NoteError("each witness is an address and a key")
    places = []
    for address, key in zip(words[::2], words[1::2], strict=True):
        if not address.startswith(("https://", "http://")):
            raise NoteError("a witness's address begins with https://")
        places.append(WitnessPlace(address.rstrip("/"), VerifierKey.parse(key, COSIGNATURE_TYPE)))
    return tuple(places)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one witness for one log: the time it states, or why there is none."""

    tenant: uuid.UUID
    witness: str
    size: int
    at: datetime | None
    fault: str = ""


class WitnessRefusedError(Exception):
    """A witness did not sign; the message says what it answered."""


def ask_all(
    engine: Engine, places: tuple[WitnessPlace, ...], post: Post, now: datetime
) -> list[Asked]:
    """Ask every witness for the newest checkpoint of every log that it has not signed lately."""
    with everywhere(engine) as connection:
        tenants = sorted(connection.scalars(select(AuditHead.tenant_id)), key=str)
    asked = []
    for tenant in tenants:
        for place in places:
            try:
                done = _ask(engine, tenant, place, post, now)
            except (WitnessRefusedError, NoteError, OSError) as fault:
                _log.error("log of %s: witness %s: %s", tenant, place.key.name, fault)
                done = Asked(tenant, place.key.name, 0, None, str(fault))
            if done is not None:
                asked.append(done)
    return asked


def newest_cosignature(session: Session, tenant: uuid.UUID) -> datetime | None:
    """Return when a witness last signed the log, or None."""
    return session.scalar(
        select(func.max(AuditCosignature.at)).where(AuditCosignature.tenant_id == tenant)
    )


def _ask(
    engine: Engine, tenant: uuid.UUID, place: WitnessPlace, post: Post, now: datetime
) -> Asked | None:
    with everywhere(engine) as connection:
        newest = connection.execute(
            select(AuditCheckpoint.size, AuditCheckpoint.note)
            .where(AuditCheckpoint.tenant_id == tenant)
            .order_by(AuditCheckpoint.size.desc())
            .limit(1)
        ).one_or_none()
        seen, at, base = _seen(connection, tenant, place)
    if newest is None or (newest.size == seen and at is not None and now - at < AGAIN):
        return None
    old = max(seen - base, 0)
    status, text = _post(engine, tenant, place, post, old, newest.note)
    if status == CONFLICT and text.strip().isdigit():
        # It has seen more than was kept here: an answer was lost on the way.
        status, text = _post(engine, tenant, place, post, int(text), newest.note)
    if status != OK:
        raise WitnessRefusedError(f"answered {status}: {text.strip()[:200]}")
    return _keep(engine, tenant, place, (newest.size, newest.note), text)


def _seen(
    connection: Connection, tenant: uuid.UUID, place: WitnessPlace
) -> tuple[int, datetime | None, int]:
    """Return the size this witness last signed, when, and where the newest epoch begins."""
    row = connection.execute(
        select(AuditCosignature.size, AuditCosignature.at)
        .where(AuditCosignature.tenant_id == tenant, AuditCosignature.witness == place.key.name)
        .order_by(AuditCosignature.size.desc(), AuditCosignature.at.desc())
        .limit(1)
    ).one_or_none()
    base = connection.scalar(select(AuditHead.base).where(AuditHead.tenant_id == tenant))
    return (row.size, row.at, base or 0) if row else (0, None, base or 0)


def _post(
    engine: Engine, tenant: uuid.UUID, place: WitnessPlace, post: Post, old: int, note: str
) -> tuple[int, str]:
    epoch, size = claimed_place(note)
    if old > size:
        raise WitnessRefusedError(f"it has seen {old} entries where {size} stand")
    with everywhere(engine) as connection:
        row = connection.execute(
            select(AuditHead.epoch, AuditHead.base, AuditHead.frontier, AuditHead.last_at).where(
                AuditHead.tenant_id == tenant
            )
        ).one()
        head = Head(row.epoch, row.base, Frontier.from_bytes(bytes(row.frontier)), row.last_at)
        if epoch != head.epoch:
            raise WitnessRefusedError("the epoch has no checkpoint yet")
        path = consistency_path(filled_tiles(connection, tenant, head).node, old, size)
    return post(f"{place.address}/add-checkpoint", body_of(old, path, note))


def _keep(
    engine: Engine, tenant: uuid.UUID, place: WitnessPlace, signed: tuple[int, str], text: str
) -> Asked:
    """Keep the line that is this witness's and true; any other is ignored."""
    size, note = signed
    for line in text.splitlines(keepends=True):
        try:
            time = open_cosignature(text_of(note), line, place.key)
        except NoteError:
            continue
        at = datetime.fromtimestamp(time, UTC)
        with everywhere(engine) as connection:
            connection.execute(
                insert(AuditCosignature).values(
                    tenant_id=tenant, size=size, witness=place.key.name, line=line, at=at
                )
            )
        return Asked(tenant, place.key.name, size, at)
    raise WitnessRefusedError("it answered with no signature of its own")
