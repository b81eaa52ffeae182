"""Compares the tables with the log: what the log says was written must be what stands there.

Finds rows changed, removed or planted in SQL, and older versions put back: acts that leave the
tree of entries intact. Entries that wait for a place count too: what they wrote stands already.
Memory grows with the number of rows, by some 300 bytes each; entries are streamed.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, not_, or_, select

from bti.audit.glance import glance
from bti.audit.late import pending_leaves
from bti.audit.leaf import instant
from bti.audit.models import AuditEvent, AuditSubject
from bti.db.base import Base, TenantRow, digest_of_columns
from bti.db.models import LocalRules, Municipality

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

BATCH = 500
DELETED = "-/deleted"


class Fault(StrEnum):
    """What may be wrong with a row."""

    CHANGED = "changed"
    MISSING = "missing"
    UNLOGGED = "unlogged"
    RETURNED = "returned"
    MISQUOTED = "misquoted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement, named by table and row id (or log position)."""

    fault: Fault
    table: str
    row: str

    def __str__(self) -> str:
        """Return a line for the report."""
        return f"{self.fault.value}: {self.table} {self.row}"


def reconcile(session: Session, tenant: uuid.UUID) -> Iterator[Finding]:
    """Yield every row that does not stand as its last leaf says, for one municipality."""
    mentions: dict[str, str] = {}
    yield from _read_log(session, tenant, mentions)
    for table in audited_tables():
        yield from _compare(session, tenant, table, mentions)
    yield from _public_row(session, tenant)
    for key, value in mentions.items():
        if value != DELETED:
            table_name, row_id = key.split("/")
            yield Finding(Fault.MISSING, table_name, row_id)


def _public_row(session: Session, tenant: uuid.UUID) -> Iterator[Finding]:
    """Yield the municipality's public row when it does not say what the row under a MAC says."""
    public, decided = Municipality.__table__.c, LocalRules.__table__.c
    same = and_(*(public[one] == decided[one] for one in ("name", "number", "profile", "language")))
    rows = session.execute(
        select(public.id)
        .outerjoin(LocalRules.__table__, decided.id == public.id)
        .where(public.id == tenant, or_(decided.id.is_(None), not_(same)))
    )
    for row in rows:
        yield Finding(Fault.CHANGED, Municipality.__tablename__, str(row.id))


def audited_tables() -> list[type[TenantRow]]:
    """Return the mapped classes whose rows every leaf must account for."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    audited = [c for c in classes if issubclass(c, TenantRow) and c.__audited__]
    return sorted(audited, key=lambda c: c.__tablename__)


def _read_log(session: Session, tenant: uuid.UUID, mentions: dict[str, str]) -> Iterator[Finding]:
    events = session.execute(
        select(
            AuditEvent.idx,
            AuditEvent.leaf,
            AuditEvent.at,
            AuditEvent.act,
            AuditEvent.who,
            AuditEvent.dec,
        )
        .where(AuditEvent.tenant_id == tenant)
        .order_by(AuditEvent.idx)
        .execution_options(yield_per=BATCH)
    )
    subjects = _Subjects(session, tenant)
    for idx, stored, at, act, who, dec in events:
        leaf = glance(stored)
        yield from subjects.before(idx)
        quoted = (instant(at), act, who, dec, subjects.of(idx))
        if quoted != (leaf.t, leaf.act, leaf.who, leaf.dec, leaf.obj):
            yield Finding(Fault.MISQUOTED, "audit_events", str(idx))
        yield from _mention(leaf.rows, mentions)
    yield from subjects.before(None)
    for stored in reversed(list(pending_leaves(session, tenant))):
        yield from _mention(glance(stored).rows, mentions)


def _mention(rows: tuple[str, ...], mentions: dict[str, str]) -> Iterator[Finding]:
    for line in rows:
        table, row_id, rest = line.split("/", 2)
        key = f"{table}/{row_id}"
        # Else the next honest write would hide that an older row had been put back.
        if not _follows(mentions.get(key), rest):
            yield Finding(Fault.RETURNED, table, row_id)
        mentions[key] = rest


def _follows(before: str | None, now: str) -> bool:
    """Whether a row that stood as ``before`` may next stand as ``now`` (``version/digest``)."""
    if before is None:
        return True
    if before == DELETED:
        return False
    return now == DELETED or int(now.split("/", 1)[0]) > int(before.split("/", 1)[0])


class _Subjects:
    """What entries are about, as the search columns say, read beside the entries in their order."""

    def __init__(self, session: Session, tenant: uuid.UUID) -> None:
        """Begin at the first entry."""
        self._rows: Iterator[Row[int, str, uuid.UUID]] = iter(
            session.execute(
                select(AuditSubject.idx, AuditSubject.kind, AuditSubject.object_id)
                .where(AuditSubject.tenant_id == tenant)
                .order_by(AuditSubject.idx)
                .execution_options(yield_per=BATCH)
            )
        )
        self._ahead = next(self._rows, None)

    def before(self, idx: int | None) -> Iterator[Finding]:
        """Yield what belongs to no entry before ``idx``; None for all that is left."""
        last = None
        while self._ahead is not None and (idx is None or self._ahead.idx < idx):
            if self._ahead.idx != last:
                yield Finding(Fault.MISQUOTED, "audit_subjects", str(self._ahead.idx))
            last = self._ahead.idx
            self._ahead = next(self._rows, None)

    def of(self, idx: int) -> tuple[str, ...]:
        """Return what entry ``idx`` is about, in order."""
        found = []
        while self._ahead is not None and self._ahead.idx == idx:
            found.append(f"{self._ahead.kind}:{self._ahead.object_id}")
            self._ahead = next(self._rows, None)
        return tuple(sorted(found))


def _compare(
    session: Session, tenant: uuid.UUID, mapped: type[TenantRow], mentions: dict[str, str]
) -> Iterator[Finding]:
    table = mapped.__table__
    names = [column.name for column in table.columns]
    rows = session.execute(
        select(*table.columns).where(table.c.tenant_id == tenant).execution_options(yield_per=BATCH)
    )
    for row in rows:
        values = dict(zip(names, row, strict=True))
        said = mentions.pop(f"{mapped.__tablename__}/{values['id']}", None)
        if said is None:
            yield Finding(Fault.UNLOGGED, mapped.__tablename__, str(values["id"]))
            continue
        if said == DELETED:
            yield Finding(Fault.RETURNED, mapped.__tablename__, str(values["id"]))
            continue
        version, digest = said.split("/", 1)
        stands = digest_of_columns(mapped.__tablename__, values["id"], values["version"], values)
        same = hmac.compare_digest(base64.b64decode(digest), stands)
        if not same or int(version) != values["version"]:
            yield Finding(Fault.CHANGED, mapped.__tablename__, str(values["id"]))
