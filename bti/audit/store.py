"""The stored log as a whole: proves it where it lies, and writes it out for the offline verifier.

Reads only. Who may ask, and that somebody asked, is left to workflows.
"""

from __future__ import annotations

import heapq
import os
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from sqlalchemy import String, cast, select

from bti.audit.actions import Action
from bti.audit.guard import RolledBackError
from bti.audit.inline import leaves_from
from bti.audit.leaf import instant
from bti.audit.models import (
    AuditCheckpoint,
    AuditCosignature,
    AuditEpoch,
    AuditEvent,
    AuditHead,
)
from bti.audit.reconcile import BATCH, audited_tables, reconcile
from bti.audit.tile_check import tile_faults
from bti.audit.tree import Frontier
from bti.audit.verify import (
    Policy,
    Report,
    checkpoint_line,
    claimed_place,
    leaf_line,
    verify_leaves,
)
from bti.audit.verify.alone import NAME, write_alone
from bti.audit.waiting import waiting_faults
from bti.audit.way import way_of
from bti.db.models import Municipality

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from sqlalchemy import Result, Row, ScalarResult, Select
    from sqlalchemy.orm import Session

    from bti.db.base import TenantRow

#: A log that grows to millions with every row wrong must not fill the screen or the memory.
MOST_FINDINGS: Final = 1000


@dataclass(frozen=True, slots=True)
class Examination:
    """What a check of one municipality's log found.

    ``report`` is the signed tree. ``findings`` are the other disagreements, one line each: a
    head, or a row that does not stand as the log says. ``compared`` tells whether the rows were
    compared at all: a log that is itself damaged cannot say how they should stand.
    """

    report: Report
    findings: tuple[str, ...]
    compared: bool

    @property
    def intact(self) -> bool:
        """Whether tree, head and rows all hold."""
        return self.report.intact and self.compared and not self.findings


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a log stands: its root (32 bytes), and the newest check that was entered in it.

    No number of entries: held against what a search counts it would tell how many own records
    there are, and two looks on one day would tell when one was written.
    """

    root: bytes
    checked_at: datetime | None
    check_held: bool


def logs(session: Session) -> tuple[uuid.UUID, ...]:
    """Return every municipality that has, or should have, a log.

    The log's own tables are asked too: else deleting the municipality would hide its log.
    """
    found: set[uuid.UUID] = set()
    for column in (
        Municipality.id,
        AuditHead.tenant_id,
        AuditEvent.tenant_id,
        AuditCheckpoint.tenant_id,
    ):
        found.update(session.scalars(select(column).distinct()))
    return tuple(sorted(found, key=str))


def take_snapshot(session: Session) -> None:
    """Let this transaction see one state of the database throughout; call it first.

    Otherwise a check would see acts that are committed while it reads, and take them for faults.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def keys_of(session: Session, tenant: uuid.UUID, derived: Callable[[int], str]) -> tuple[str, ...]:
    """Return the public key of each epoch; ``derived(epoch)`` gives those the broker signs with."""
    epochs = session.execute(
        select(AuditEpoch.epoch, AuditEpoch.verifier_key)
        .where(AuditEpoch.tenant_id == tenant)
        .order_by(AuditEpoch.epoch)
    ).all()
    return tuple(row.verifier_key or derived(row.epoch) for row in epochs) or (derived(1),)


def examine(
    session: Session,
    tenant: uuid.UUID,
    keys: str | Policy,
    *,
    known: Iterable[str] = (),
    now: datetime | None = None,
) -> Examination:
    """Check every entry and signature (RFC 9162), then the head, the tiles, what waits, and each audited row.

    ``known`` are checkpoints kept elsewhere from earlier: only they, or a witness, can show that
    the whole database was put back to an older state together with this machine's own memory.
    ``now`` is what waiting entries are late by.
    """
    # Closed by name: a check that stops at the first fault leaves both readings half-way.
    with closing(_leaves(session, tenant)) as leaves, closing(_notes(session, tenant)) as notes:
        merged = heapq.merge(
            notes,
            _cosigned(session, tenant),
            sorted(known, key=claimed_place),
            key=claimed_place,
        )
        report = verify_leaves(_numbered(leaves), merged, keys, tenant=str(tenant))
    if not report.intact:
        return Examination(report, tuple(_head_faults(session, tenant, report)), compared=False)
    head = list(_head_faults(session, tenant, report))
    faults = chain(
        head or _memory_faults(session, tenant),
        _misfiled(session, tenant),
        tile_faults(session, tenant, report.size),
        waiting_faults(session, tenant, report, now),
        _row_faults(session, tenant),
    )
    found = [line for place, line in enumerate(faults) if place < MOST_FINDINGS]
    return Examination(report, tuple(found), compared=True)


def standing(session: Session, tenant: uuid.UUID) -> Standing:
    """Return where the log stands, without proving anything."""
    head = session.get(AuditHead, tenant)
    frontier = Frontier.from_bytes(head.frontier) if head else Frontier()
    latest = session.execute(
        select(AuditEvent.at, AuditEvent.dec)
        .where(AuditEvent.tenant_id == tenant, AuditEvent.act == Action.AUDIT_LOG_VERIFY.value)
        .order_by(AuditEvent.idx.desc())
        .limit(1)
    ).one_or_none()
    checked_at, verdict = latest or (None, "")
    return Standing(frontier.root(), checked_at, check_held=verdict == "allow")


def newest_note(session: Session, tenant: uuid.UUID) -> str:
    """Return the newest signed checkpoint, or nothing where none was made."""
    found = session.scalars(
        select(AuditCheckpoint.note)
        .where(AuditCheckpoint.tenant_id == tenant)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    ).first()
    return found or ""


def export(session: Session, tenant: uuid.UUID, keys: Iterable[str], directory: Path) -> int:
    """Write the log of a municipality into a new directory; returns the number of entries.

    Entries that wait for a place are not in it. The files are those of `bti.audit.verify.verify_export`,
    and the verifier itself as one that runs alone. Raises ``FileExistsError`` when the
    directory is there already: half of an older export must not be mixed in.
    """
    directory.mkdir(mode=0o700, parents=True)
    count = 0
    with _open_new(directory / "leaves.ndjson") as file:
        for _, leaf in _numbered(_leaves(session, tenant)):
            file.write(leaf_line(leaf))
            count += 1
    latest = ""
    with _open_new(directory / "checkpoints.ndjson") as file:
        for note in _notes(session, tenant):
            file.write(checkpoint_line(note))
            latest = note
    with _open_new(directory / "checkpoint") as file:
        file.write(latest)
    with _open_new(directory / "cosignatures.ndjson") as file:
        for note in _cosigned(session, tenant):
            file.write(checkpoint_line(note))
    with _open_new(directory / "keys") as file:
        file.writelines(f"{key}\n" for key in keys)
    write_alone(directory / NAME)
    return count


def _leaves(session: Session, tenant: uuid.UUID) -> Result[int, bytes]:
    return session.execute(
        select(AuditEvent.idx, AuditEvent.leaf)
        .where(AuditEvent.tenant_id == tenant)
        .order_by(AuditEvent.idx)
        .execution_options(yield_per=BATCH)
    )


def _numbered(rows: Iterable[Row[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    return ((idx, bytes(leaf)) for idx, leaf in rows)


def _notes(session: Session, tenant: uuid.UUID) -> ScalarResult[str]:
    return session.scalars(
        select(AuditCheckpoint.note)
        .where(AuditCheckpoint.tenant_id == tenant)
        .order_by(AuditCheckpoint.size)
        .execution_options(yield_per=BATCH)
    )


def _cosigned(session: Session, tenant: uuid.UUID) -> Iterator[str]:
    """Yield the checkpoints that witnesses signed, each with one witness's line, in order."""
    rows = session.execute(
        select(AuditCheckpoint.note, AuditCosignature.line)
        .join(
            AuditCosignature,
            (AuditCosignature.tenant_id == AuditCheckpoint.tenant_id)
            & (AuditCosignature.size == AuditCheckpoint.size),
        )
        .where(AuditCheckpoint.tenant_id == tenant)
        .order_by(AuditCheckpoint.size)
    ).all()
    lines: dict[str, str] = {}
    for note, line in rows:
        lines[note] = lines.get(note, note) + line
    yield from lines.values()


def _head_faults(session: Session, tenant: uuid.UUID, report: Report) -> Iterator[str]:
    head = session.get(AuditHead, tenant)
    if head is None:
        yield f"missing: audit_heads {tenant}"
        return
    if not report.intact:
        return  # the head cannot be compared with a tree that is not proven
    try:
        frontier = Frontier.from_bytes(head.frontier)
    except ValueError:
        yield f"changed: audit_heads {tenant}"
        return
    size = report.size - report.base
    stands = (head.size, frontier.size, frontier.root(), instant(head.last_at))
    if stands != (size, size, report.root, report.until) or (head.epoch, head.base) != (
        report.epoch,
        report.base,
    ):
        yield f"changed: audit_heads {tenant}"


def require_continued(session: Session, tenant: uuid.UUID) -> None:
    """Raise ``RolledBackError`` when this machine has signed more of the log, or another one."""
    head = session.get(AuditHead, tenant)
    if head is not None:
        way_of(session).guard.check(
            tenant,
            head.epoch,
            Frontier.from_bytes(head.frontier),
            lambda size: leaves_from(session.connection(), tenant, head.base + size),
        )


def _memory_faults(session: Session, tenant: uuid.UUID) -> Iterator[str]:
    try:
        require_continued(session, tenant)
    except RolledBackError as fault:
        yield f"put back: {fault}"


def _misfiled(session: Session, tenant: uuid.UUID) -> Iterator[str]:
    """Name checkpoints filed under another size than the one they sign, and false begins."""
    begins = {
        row.epoch: row.base
        for row in session.execute(
            select(AuditEpoch.epoch, AuditEpoch.base).where(AuditEpoch.tenant_id == tenant)
        )
    }
    rows = session.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.note)
        .where(AuditCheckpoint.tenant_id == tenant)
        .execution_options(yield_per=BATCH)
    )
    for size, note in rows:
        epoch, stated = claimed_place(note)
        if epoch not in begins or size != begins[epoch] + stated:
            yield f"misquoted: audit_checkpoints {size}"


def _row_faults(session: Session, tenant: uuid.UUID) -> Iterator[str]:
    try:
        yield from map(str, reconcile(session, tenant))
    except (ValueError, TypeError) as fault:
        # Written in SQL as something no code of ours writes: say where instead of giving up.
        named = list(_unreadable(session, tenant))
        yield from named or [f"unreadable: audit_events ({type(fault).__name__})"]


def _unreadable(session: Session, tenant: uuid.UUID) -> Iterator[str]:
    for mapped in audited_tables():
        for row_id in session.scalars(_raw_ids(mapped, tenant)):
            if not _reads(session, mapped, row_id):
                yield f"unreadable: {mapped.__tablename__} {row_id}"


def _raw_ids(mapped: type[TenantRow], tenant: uuid.UUID) -> Select[str]:
    return select(cast(mapped.__table__.c.id, String)).where(mapped.__table__.c.tenant_id == tenant)


def _reads(session: Session, mapped: type[TenantRow], row_id: str) -> bool:
    table = mapped.__table__
    try:
        session.execute(select(table).where(cast(table.c.id, String) == row_id)).all()
    except (ValueError, TypeError):
        return False
    return True


def _open_new(path: Path) -> TextIO:
    # The log names no child, but who worked when is nobody else's business on a shared machine.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
