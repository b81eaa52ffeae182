"""Tables of the audit log. Events and checkpoints are append-only by trigger on both engines."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import Base
from bti.db.types import UTCDateTime


class AuditEvent(Base):
    """One leaf of a municipality's tree, as the exact bytes that were hashed.

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


class AuditSubject(Base):
    """Which objects an event touched: «who has seen my case» is one indexed query."""

    __tablename__ = "audit_subjects"
    __audited__ = False
    __table_args__ = (Index("ix_audit_subjects_object", "tenant_id", "kind", "object_id", "idx"),)
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class AuditHead(Base):
    """Where the tree of a municipality stands: its size and right edge (RFC 9162)."""

    __tablename__ = "audit_heads"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    #: Time of the newest leaf: a later one is never dated before it.
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AuditCheckpoint(Base):
    """A signed statement of size and root, made in the transaction that made the leaves."""

    __tablename__ = "audit_checkpoints"
    __audited__ = False
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
