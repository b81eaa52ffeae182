"""The table of reports to the politiråd. A report that is made is frozen by trigger."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, NetworkBase


class ReportRow(NetworkBase):
    """A report: what was chosen and written, and once it is made, what it says.

    ``report_text`` and ``sheet_text`` are whole documents (bti.slt.document), ``digest`` and ``sheet_digest`` their
    fingerprints. ``sources`` are the digests of the releases in them, a line each.
    """

    __tablename__ = "slt_reports"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    period: Mapped[str] = mapped_column(String(6))
    language: Mapped[str] = mapped_column(String(2))
    parts: Mapped[str] = mapped_column(String(PLAN_SHORT))
    foreword: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(String(PLAN_SHORT))
    decisions: Mapped[str] = mapped_column(Text)
    kept_because: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    report_text: Mapped[str] = mapped_column(Text, default="")
    sheet_text: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    sheet_digest: Mapped[str] = mapped_column(String(64), default="")
    sources: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("(made_at IS NULL) = (digest = '')", name="made_with_a_digest"),
    )
