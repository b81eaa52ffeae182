"""The tables of indicators. Records only; no column is for a person, and a number is about many."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, REASON_LENGTH, NetworkBase


class IndicatorFileRow(NetworkBase):
    """One version of a file that was brought in: whose numbers, who brought it, and why it was corrected.

    Frozen by trigger but for ``ended_…``. ``account_id`` is empty for an operator. So the rows are the history.
    """

    __tablename__ = "indicator_files"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    version: Mapped[int]
    source: Mapped[str] = mapped_column(String(PLAN_SHORT))
    address: Mapped[str] = mapped_column(String(PLAN_SHORT))
    terms: Mapped[str] = mapped_column(String(PLAN_SHORT))
    compared_with: Mapped[str] = mapped_column(String(PLAN_SHORT))
    language: Mapped[str] = mapped_column(String(2))
    sha256: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    brought_in_at: Mapped[datetime]
    #: Why it was corrected, or why a text that seemed to name somebody was kept.
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    ended_why: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        UniqueConstraint("municipality_number", "title", "version"),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("version = 1 OR reason <> ''", name="correction_has_a_reason"),
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="end_has_a_reason"),
    )


class IndicatorReadingRow(NetworkBase):
    """One number of a file, in hundredths. Empty with a sign is not published, without one not said. Append-only."""

    __tablename__ = "indicator_readings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("indicator_files.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(PLAN_SHORT))
    measured_in: Mapped[str] = mapped_column(String(20))
    population: Mapped[str] = mapped_column(String(PLAN_SHORT))
    period: Mapped[str] = mapped_column(String(10))
    value: Mapped[int | None] = mapped_column(BigInteger)
    value_sign: Mapped[str] = mapped_column(String(2))
    comparison: Mapped[int | None] = mapped_column(BigInteger)
    comparison_sign: Mapped[str] = mapped_column(String(2))
    base: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(PLAN_SHORT))

    __table_args__ = (
        UniqueConstraint("file_id", "code", "population", "period"),
        CheckConstraint("value IS NULL OR value_sign = ''", name="number_or_sign"),
    )
