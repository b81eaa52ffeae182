"""What somebody else must look at afterwards. What is written in it has a data key of its own.

Neither the case's keys nor the keys every session has open these texts: the broker releases the
key of one row, to its writer as it is written and to whoever may review it.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime

REVIEW_COMPARTMENT = "review"


class ReviewedRow(AuthorityRow):
    """Something an account did in a unit, for another person to settle."""

    __abstract__ = True
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    body = Encrypted("body_ct", "case", 512)

    @property
    def compartment(self) -> str:
        """Return the one compartment the row has."""
        return REVIEW_COMPARTMENT

    @property
    def key_owner(self) -> uuid.UUID:
        """Return what the data key is stored under: the row itself, also where it names a case."""
        return self.id


class Suspension(ReviewedRow):
    """That an account was closed at once, until somebody has looked at why."""

    __tablename__ = "suspensions"
    __table_args__ = (
        CheckConstraint("settled_by IS NULL OR settled_by <> account_id", "impartial"),
    )
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BaitMark(TenantRow):
    """That one case is a bait. Which one, only the key broker can tell: the token is keyed."""

    __tablename__ = "bait_marks"
    __table_args__ = (
        UniqueConstraint("token"),
        CheckConstraint("length(token) = 16", "token"),
    )
    token: Mapped[bytes] = mapped_column(LargeBinary(16))


class Control(AuthorityRow):
    """The control of one month's look-ups, made once and signed off by somebody."""

    __tablename__ = "controls"
    __table_args__ = (UniqueConstraint("tenant_id", "month"),)
    #: As 2026-11, in Norwegian time.
    month: Mapped[str] = mapped_column(String(7))
    run_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))


class ControlFinding(ReviewedRow):
    """One thing a month's control points out. By which rule, and what it saw, is sealed."""

    __tablename__ = "control_findings"
    __table_args__ = (
        CheckConstraint("settled_by IS NULL OR settled_by <> account_id", "impartial"),
    )
    control_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("controls.id"), index=True)


class EmergencyAccess(ReviewedRow):
    """Emergency access to the core of one case. The row is the right, and the notice of it."""

    __tablename__ = "emergency_accesses"
    __table_args__ = (
        CheckConstraint("expires_at > opened_at", "period"),
        CheckConstraint("settled_by IS NULL OR settled_by <> account_id", "impartial"),
        Index("ix_emergency_accesses_case_account", "case_id", "account_id"),
    )
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
