"""The table of a plan's appendices. Only the taking away is ever written on a row that is there."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, NetworkBase

LINK_LENGTH = 500


class PlanAppendixRow(NetworkBase):
    """A file or an address that belongs to a plan; ``content`` is gone once it is taken away."""

    __tablename__ = "plan_appendices"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_plans.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    #: The ending of a file's name, empty for an address.
    kind: Mapped[str] = mapped_column(String(10))
    link: Mapped[str] = mapped_column(String(LINK_LENGTH))
    size: Mapped[int]
    #: Of the file as it was sent; stays when the file does not.
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    removed_why: Mapped[str] = mapped_column(String(20))

    __table_args__ = (
        CheckConstraint("(kind = '') = (link <> '')", name="file_or_link"),
        CheckConstraint("removed_at IS NULL OR content IS NULL", name="removed_is_empty"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed_by_somebody"),
    )
