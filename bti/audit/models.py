"""Tables of the audit log. Entries, checkpoints and cosignatures are append-only by trigger."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import Base, TenantWall
from bti.db.types import UTCDateTime


class AuditEvent(TenantWall, Base):
    """One leaf of a municipality's tree, as the exact bytes that were hashed.

    ``idx`` counts through all epochs: an epoch's tree begins at its ``base`` (see `AuditEpoch`).
    ``at``, ``act``, ``who`` and ``dec`` repeat what the leaf says so that it can be searched;
    verification compares them with the leaf.
    """

    __tablename__ = "audit_events"
    __audited__ = False
    __table_args__ = (
        Index("ix_audit_events_search", "tenant_id", "at"),
        Index("ix_audit_events_who", "tenant_id", "who", "at"),
    )
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    act: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(60))
    dec: Mapped[str] = mapped_column(String(5))


class AuditSubject(TenantWall, Base):
    """Which objects an event touched: «who has seen my case» is one indexed query."""

    __tablename__ = "audit_subjects"
    __audited__ = False
    __table_args__ = (Index("ix_audit_subjects_object", "tenant_id", "kind", "object_id", "idx"),)
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class AuditHead(TenantWall, Base):
    """Where the newest epoch's tree of a municipality stands: its size and right edge (RFC 9162)."""

    __tablename__ = "audit_heads"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    #: Time of the newest leaf; inline, a later one is never dated before it.
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    epoch: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    #: ``idx`` of the epoch's first leaf.
    base: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class AuditCheckpoint(TenantWall, Base):
    """A signed statement of size and root. ``size`` counts through all epochs, as ``idx`` does."""

    __tablename__ = "audit_checkpoints"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)


class AuditEpoch(TenantWall, Base):
    """One life of a log: a tree and a signing key of its own.

    ``verifier_key`` is empty where the key comes from the municipality's audit key, which the
    broker holds. It is a copy for convenience: the key kept elsewhere is the one that counts.
    """

    __tablename__ = "audit_epochs"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    base: Mapped[int] = mapped_column(BigInteger)
    verifier_key: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[str] = mapped_column(String(120))
    approved_by: Mapped[str] = mapped_column(String(120))


class AuditPending(TenantWall, Base):
    """An entry that was committed with its act and has no place in the tree yet.

    No foreign key on purpose: checking it would make every writer of a municipality touch the
    same row. ``obj`` holds the entry's objects between spaces, for the search.
    """

    __tablename__ = "audit_pending"
    __audited__ = False
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(always=True), primary_key=True
    )
    tenant_id: Mapped[uuid.UUID] = mapped_column()
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    act: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(60))
    dec: Mapped[str] = mapped_column(String(5))
    obj: Mapped[str] = mapped_column(Text)


class AuditWriter(TenantWall, Base):
    """How far one writer has come: the number and hash of its newest entry.

    It names the end of a chain that no later entry can: else the newest pending entries of a
    writer that is gone could be deleted unseen.
    """

    __tablename__ = "audit_writers"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    writer: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditTile(TenantWall, Base):
    """256 hashes of one level of an epoch's tree, or fewer at its right edge (C2SP tlog-tiles)."""

    __tablename__ = "audit_tiles"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCosignature(TenantWall, Base):
    """A witness's signature on a checkpoint, as the line it gave, and the time it stated."""

    __tablename__ = "audit_cosignatures"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    line: Mapped[str] = mapped_column(Text)
