"""Acts that need two people: what was asked, with which parameters, and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class Approval(AuthorityRow):
    """One act, asked for by one person and agreed to by another, usable once.

    That the two differ is the database's own promise too.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("answered_by_id IS NULL OR answered_by_id <> requested_by_id", "two"),
        CheckConstraint("length(params_sha256) = 32", "digest"),
        CheckConstraint(
            "state IN ('waiting','given','refused','withdrawn','expired','used')", "state"
        ),
        CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", "used"),
        CheckConstraint("state NOT IN ('given','used') OR answered_by_id IS NOT NULL", "answered"),
    )
    act: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(10))
    params_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    params_ct: Mapped[Sealed] = mapped_column(SealedType)
    requested_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    answered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    #: {"params", "reason"}: what the approver reads
    params = Encrypted("params_ct", "directory", 512)
