"""The key store: wrapped keys only. It has its own short backup life (see the threat model)."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow


class TenantKey(TenantRow):
    """A municipality's key for one purpose, wrapped by the key provider."""

    __tablename__ = "tenant_keys"
    __table_args__ = (
        UniqueConstraint("tenant_id", "purpose", "generation"),
        CheckConstraint("purpose IN ('kek','ops','index','audit','directory')", "purpose"),
        CheckConstraint("state IN ('active','open-only','destroyed')", "state"),
        CheckConstraint("(state = 'destroyed') = (wrapped IS NULL)", "destroyed"),
        CheckConstraint("length(key_id) = 16", "key_id"),
    )
    key_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    purpose: Mapped[str] = mapped_column(String(10))
    generation: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    provider: Mapped[str] = mapped_column(String(20))
    root_ref: Mapped[str] = mapped_column(String(80))
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)


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
