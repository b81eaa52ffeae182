"""The table of who reads the published releases of more municipalities than their own."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import NAME_LENGTH, REASON_LENGTH, NetworkBase


class ReleaseGrantRow(NetworkBase):
    """One municipality more whose published releases an account reads. Frozen but for its end, so it is its own history."""

    __tablename__ = "release_grants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    municipality_number: Mapped[str] = mapped_column(String(4))
    municipality_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    granted_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="end_has_a_reason"),
        Index(
            "uq_release_grants_one_standing",
            "account_id",
            "municipality_number",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
