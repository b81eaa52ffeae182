"""The inline way: entries get their place, and the new head its signature, before the commit.

One municipality's writers stand in line for the short end of their transactions. On SQLite that
is so anyway; on PostgreSQL it is meant for small installations without `bti logd`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Table, Uuid, bindparam, insert, select

from bti.audit.event import leaf_of, origin_of
from bti.audit.models import (
    AuditEpoch,
    AuditEvent,
    AuditHead,
    AuditSubject,
)
from bti.audit.note import Checkpoint
from bti.audit.tree import Frontier, leaf_hash
from bti.db.guards import when_committed
from bti.db.straight import run

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from bti.audit.event import Event, Signer
    from bti.audit.way import LogWay
    from bti.db.base import Base

FIRST_EPOCH = 1

# One statement and one round trip: all writers of a municipality wait while it is under way.
_STORE: Final = """
WITH placed AS (
  INSERT INTO audit_events (tenant_id, idx, leaf, at, act, who, dec)
  SELECT %(tenant)s, *
  FROM unnest(%(idx)s::bigint[], %(leaf)s::bytea[], %(at)s::timestamptz[], %(act)s::text[],
              %(who)s::text[], %(dec)s::text[])
), about AS (
  INSERT INTO audit_subjects (tenant_id, idx, kind, object_id)
  SELECT %(tenant)s, *
  FROM unnest(%(about)s::bigint[], %(kind)s::text[], %(object)s::uuid[])
), signed AS (
  INSERT INTO audit_checkpoints (tenant_id, size, note)
  VALUES (%(tenant)s, %(place)s, %(note)s)
)
UPDATE audit_heads
SET size = %(size)s, frontier = %(frontier)s, last_at = %(last_at)s, epoch = %(epoch)s,
    base = %(base)s
WHERE tenant_id = %(tenant)s
"""

# The same on SQLite, one by one and past SQLAlchemy's own values, which take longer to prepare than
# SQLite takes to run them. A test holds what is stored against what the tables' types would store.
_PUT_EVENTS: Final = "INSERT INTO audit_events (tenant_id, idx, leaf, at, act, who, dec) VALUES (?, ?, ?, ?, ?, ?, ?)"
_PUT_SUBJECTS: Final = (
    "INSERT INTO audit_subjects (tenant_id, idx, kind, object_id) VALUES (?, ?, ?, ?)"
)
_PUT_CHECKPOINT: Final = "INSERT INTO audit_checkpoints (tenant_id, size, note) VALUES (?, ?, ?)"
_MOVE_HEAD: Final = (
    "UPDATE audit_heads SET size=?, frontier=?, last_at=?, epoch=?, base=? WHERE tenant_id=?"
)

#: Where a transaction that has begun an epoch says so: its other entries follow in the new tree.
BEGUN = "epoch_begun"


def _table(mapped: type[Base]) -> Table:
    """Return the table itself: what is executed on a connection needs nothing of the ORM."""
    if not isinstance(mapped.__table__, Table):
        raise TypeError(mapped)
    return mapped.__table__


# Built once: making a statement and its cache key takes longer than SQLite takes to run it, and
# these run in every transaction.
_EVENTS, _SUBJECTS, _HEADS = map(_table, (AuditEvent, AuditSubject, AuditHead))
# Its type by name: that of the column comes from the municipality, which may not be imported yet.
_WHOSE: Final = bindparam("tenant", type_=Uuid())
_READ_HEAD: Final = (
    select(_HEADS.c.epoch, _HEADS.c.base, _HEADS.c.frontier, _HEADS.c.last_at)
    .where(_HEADS.c.tenant_id == _WHOSE)
    .with_for_update()
)
_READ_HEAD_APART: Final = (
    "SELECT epoch, base, frontier, last_at FROM audit_heads WHERE tenant_id = ?"
)
_WRITE_HEAD: Final = _HEADS.update().where(_HEADS.c.tenant_id == _WHOSE)
_ADD_EVENTS: Final = _EVENTS.insert()
_ADD_SUBJECTS: Final = _SUBJECTS.insert()


@dataclass(slots=True)
class Head:
    """Where a log stands, read under a lock that is held to the commit."""

    epoch: int
    base: int
    frontier: Frontier
    last_at: datetime

    @property
    def place(self) -> int:
        """Return the ``idx`` of the next entry."""
        return self.base + self.frontier.size


def append_inline(
    session: Session,
    way: LogWay,
    tenant: uuid.UUID,
    entries: Sequence[tuple[Event, tuple[str, ...]]],
    sign: Signer,
) -> None:
    """Place the entries, each with the rows it answers for, and sign. Raises ``RolledBackError``."""
    connection = session.connection()
    head = locked_head(connection, tenant, entries[0][0].at)
    if session.info.pop(BEGUN, None) != (tenant, head.epoch):
        way.guard.check(
            tenant,
            head.epoch,
            head.frontier,
            lambda size: leaves_from(connection, tenant, head.base + size),
        )
    placed = []
    for event, rows in entries:
        # Under the lock: of two writers the one that commits last may have started first,
        # and a log whose times run backwards would look tampered with.
        dated = replace(event, at=max(event.at, head.last_at))
        leaf = leaf_of(tenant, dated, rows).to_bytes()
        placed.append((head.place, dated, leaf))
        head.frontier.append(leaf_hash(leaf))
        head.last_at = dated.at
    state = Checkpoint(origin_of(tenant, head.epoch), head.frontier.size, head.frontier.root())
    note = sign(tenant, state)
    if connection.dialect.name == "postgresql":
        _store_together(connection, tenant, placed, head, note)
    else:
        _store_apart(connection, tenant, placed, head, note)
    epoch, stands = head.epoch, head.frontier.copy()
    when_committed(session, lambda: way.guard.remember(tenant, epoch, stands))


def locked_head(connection: Connection, tenant: uuid.UUID, now: datetime) -> Head:
    """Return where the log stands, locked; begin its first epoch when it has none."""
    # The lock is taken last and held to the commit: one municipality appends in one line.
    if connection.dialect.name == "postgresql":
        row = connection.execute(_READ_HEAD, {"tenant": tenant}).one_or_none()
        if row is not None:
            return Head(row.epoch, row.base, Frontier.from_bytes(row.frontier), row.last_at)
    else:
        for epoch, base, frontier, last_at in run(connection, _READ_HEAD_APART, (tenant.hex,)):
            then = datetime.fromisoformat(last_at).replace(tzinfo=UTC)
            return Head(epoch, base, Frontier.from_bytes(frontier), then)
    head = Head(FIRST_EPOCH, 0, Frontier(), now)
    begin_epoch(connection, tenant, head, verifier_key="", now=now)
    return head


def begin_epoch(
    connection: Connection,
    tenant: uuid.UUID,
    head: Head,
    *,
    verifier_key: str,
    now: datetime,
    reason: str = "first",
    asked_by: str = "",
    approved_by: str = "",
) -> None:
    """Write down that an epoch begins at ``head``; the head's row is made if there is none."""
    connection.execute(
        insert(AuditEpoch).values(
            tenant_id=tenant,
            epoch=head.epoch,
            base=head.base,
            verifier_key=verifier_key,
            began_at=now,
            reason=reason,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )
    if head.epoch == FIRST_EPOCH:
        connection.execute(
            insert(AuditHead).values(
                tenant_id=tenant,
                size=0,
                frontier=head.frontier.to_bytes(),
                last_at=now,
                epoch=head.epoch,
                base=head.base,
            )
        )


def store_head(connection: Connection, tenant: uuid.UUID, head: Head) -> None:
    """Write where the log stands now."""
    connection.execute(
        _WRITE_HEAD,
        {
            "tenant": tenant,
            "size": head.frontier.size,
            "frontier": head.frontier.to_bytes(),
            "last_at": head.last_at,
            "epoch": head.epoch,
            "base": head.base,
        },
    )


def store_events(
    connection: Connection, tenant: uuid.UUID, placed: Sequence[tuple[int, Event, bytes]]
) -> None:
    """Write entries with their places and leaves, and what they are about."""
    connection.execute(
        _ADD_EVENTS,
        [
            {
                "tenant_id": tenant,
                "idx": idx,
                "leaf": leaf,
                "at": event.at,
                "act": event.action.value,
                "who": event.by.who,
                "dec": event.decision,
            }
            for idx, event, leaf in placed
        ],
    )
    subjects = [
        {"tenant_id": tenant, "idx": idx, "kind": ref.kind, "object_id": ref.id}
        for idx, event, _ in placed
        for ref in event.about
    ]
    if subjects:
        connection.execute(_ADD_SUBJECTS, subjects)


def _store_apart(
    connection: Connection,
    tenant: uuid.UUID,
    placed: Sequence[tuple[int, Event, bytes]],
    head: Head,
    note: str,
) -> None:
    whose = tenant.hex
    events: list[tuple[object, ...]] = [
        (whose, idx, leaf, _stored(event.at), event.action.value, event.by.who, event.decision)
        for idx, event, leaf in placed
    ]
    about: list[tuple[object, ...]] = [
        (whose, idx, ref.kind, ref.id.hex) for idx, event, _ in placed for ref in event.about
    ]
    edge = head.frontier
    if events:
        run(connection, _PUT_EVENTS, *events)
    if about:
        run(connection, _PUT_SUBJECTS, *about)
    run(connection, _PUT_CHECKPOINT, (whose, head.place, note))
    run(
        connection,
        _MOVE_HEAD,
        (edge.size, edge.to_bytes(), _stored(head.last_at), head.epoch, head.base, whose),
    )


def _stored(at: datetime) -> str:
    """Return an instant as SQLite keeps it: UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _store_together(
    connection: Connection,
    tenant: uuid.UUID,
    placed: Sequence[tuple[int, Event, bytes]],
    head: Head,
    note: str,
) -> None:
    about = [(idx, ref.kind, ref.id) for idx, event, _ in placed for ref in event.about]
    connection.exec_driver_sql(
        _STORE,
        {
            "tenant": tenant,
            "idx": [idx for idx, _, _ in placed],
            "leaf": [leaf for _, _, leaf in placed],
            "at": [event.at for _, event, _ in placed],
            "act": [event.action.value for _, event, _ in placed],
            "who": [event.by.who for _, event, _ in placed],
            "dec": [event.decision for _, event, _ in placed],
            "about": [idx for idx, _, _ in about],
            "kind": [kind for _, kind, _ in about],
            "object": [object_id for _, _, object_id in about],
            "place": head.place,
            "note": note,
            "size": head.frontier.size,
            "frontier": head.frontier.to_bytes(),
            "last_at": head.last_at,
            "epoch": head.epoch,
            "base": head.base,
        },
    )


def leaves_from(connection: Connection, tenant: uuid.UUID, idx: int) -> Iterable[bytes]:
    """Yield the entries from ``idx`` on, in order."""
    leaves = connection.scalars(
        select(AuditEvent.leaf)
        .where(AuditEvent.tenant_id == tenant, AuditEvent.idx >= idx)
        .order_by(AuditEvent.idx)
        .execution_options(yield_per=500)
    )
    return (bytes(leaf) for leaf in leaves)
