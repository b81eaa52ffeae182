"""The key store: wrapped keys only. It has its own short backup life (see the threat model)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow
from bti.db.types import UTCDateTime

_ACTIVE = text("state = 'active'")


class TenantKey(TenantRow):
    """A municipality's key for one purpose and generation, wrapped by the key provider.

    Lives as active (seals and opens), open-only (opens) and destroyed (``wrapped`` is gone).
    At most one generation of a purpose is active, by index.
    """

    __tablename__ = "tenant_keys"
    __table_args__ = (
        UniqueConstraint("tenant_id", "purpose", "generation"),
        CheckConstraint("purpose IN ('kek','ops','index','audit','directory')", "purpose"),
        CheckConstraint("state IN ('active','open-only','destroyed')", "state"),
        CheckConstraint("(state = 'destroyed') = (wrapped IS NULL)", "destroyed"),
        CheckConstraint("length(key_id) = 16", "key_id"),
        CheckConstraint("(state = 'active') = (retired_at IS NULL)", "retired"),
        CheckConstraint("(state = 'destroyed') = (destroyed_at IS NOT NULL)", "destroyed_at"),
        Index(
            "uq_tenant_keys_one_active",
            "tenant_id",
            "purpose",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
    )
    key_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    purpose: Mapped[str] = mapped_column(String(10))
    generation: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    provider: Mapped[str] = mapped_column(String(20))
    root_ref: Mapped[str] = mapped_column(String(80))
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When the next generation took over.
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Not before this: until then the newest dumps of the key store may still be needed.
    destroy_after: Mapped[datetime | None] = mapped_column(UTCDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CaseKey(TenantRow):
    """The data key of one compartment of one case, wrapped under the tenant's kek.

    ``case_id`` has no foreign key: own records (drafts, duty records) have keys too, and the
    store must not tell which is which.
    """

    __tablename__ = "case_keys"
    __table_args__ = (
        UniqueConstraint("case_id", "compartment", "generation"),
        CheckConstraint("length(wrapped) = 110", "wrapped"),
        CheckConstraint("state IN ('active','open-only')", "state"),
    )
    key_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    case_id: Mapped[uuid.UUID] = mapped_column(index=True)
    compartment: Mapped[str] = mapped_column(String(60))
    generation: Mapped[int] = mapped_column(Integer)
    kek_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary(110))
    state: Mapped[str] = mapped_column(String(10))
