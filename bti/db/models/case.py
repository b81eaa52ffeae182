"""The case, its log and baton, the people in it and what is written."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, CaseWall, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class Case(AuthorityRow):
    """The municipality's work around one child.

    Level, status, every date and the birth date are sealed under the ``ops`` key: worklists and
    counts need them without content keys, and a stolen dump must not show them.
    """

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"), index=True)
    #: Random digits, not a series: no gap can tell of a record one may not see.
    number: Mapped[str] = mapped_column(String(9))
    #: Moves at every change of participants or consent; a reader with an older one is stale.
    access_epoch: Mapped[int] = mapped_column(Integer, default=1)
    ops_ct: Mapped[Sealed] = mapped_column(SealedType)

    # Long enough that a protected address and its readers do not show in the length.
    ops = Encrypted("ops_ct", "ops", 1024)


class Person(CaseWall, TenantRow):
    """The child or a guardian, as this case knows them."""

    __tablename__ = "persons"
    compartment: Mapped[str] = mapped_column(String(60), default="core")
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    body = Encrypted("body_ct", "case", 256)


class ChildIndex(TenantRow):
    """Exact blind index of national ids. Names are never indexed: frequencies would tell them."""

    __tablename__ = "child_index"
    __table_args__ = (
        UniqueConstraint("token", "case_id"),
        CheckConstraint("length(token) = 16", "token"),
        Index("ix_child_index_lookup", "tenant_id", "kind", "token"),
    )
    kind: Mapped[str] = mapped_column(String(20))
    token: Mapped[bytes] = mapped_column(LargeBinary(16))
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))


class Log(AuthorityRow):
    """The shared part of a case.

    One row per case with one holder who cannot be null: exactly one baton holder, never zero
    and never two, by construction.
    """

    __tablename__ = "logs"
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    holder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    holder_unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))


class BatonOffer(AuthorityRow):
    """An offer of the baton.

    ``open_slot`` is 1 while open and null after, so that the unique constraint allows one open
    offer per log and any number of settled ones.
    """

    __tablename__ = "baton_offers"
    __table_args__ = (
        UniqueConstraint("log_id", "open_slot", name="uq_baton_offers_one_open"),
        CheckConstraint("open_slot IS NULL OR open_slot = 1", "open_slot"),
        CheckConstraint("from_id <> to_id", "other"),
    )
    log_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("logs.id"), index=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    from_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    to_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    to_unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    open_slot: Mapped[int | None] = mapped_column(Integer)
    compartment: Mapped[str] = mapped_column(String(60), default="core")
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"state", "offered_at", "expires_at", "settled_at"}
    meta = Encrypted("meta_ct", "ops", 128)
    #: {"message", "answer"}
    body = Encrypted("body_ct", "case", 256)


class Participant(AuthorityRow):
    """Somebody's place in a case, for a time. ``relation`` is follower or participant."""

    __tablename__ = "participants"
    __table_args__ = (
        CheckConstraint("relation IN ('follower','participant')", "relation"),
        Index("ix_participants_account_case", "account_id", "case_id"),
    )
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    relation: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Entry(CaseWall, TenantRow):
    """Something written in a case. Entries are never changed: a correction stands beside.

    Even the kind is sealed (in ``meta``, under ops), so that a dump does not show what is
    written about whom; ``compartment`` decides who holds the key to ``body``.
    """

    __tablename__ = "entries"
    compartment: Mapped[str] = mapped_column(String(60))
    #: What this one corrects or comments on. Both are read, in the same compartment.
    supersedes: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("entries.id"))
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    meta = Encrypted("meta_ct", "ops", 256)
    body = Encrypted("body_ct", "case", 256)
