"""The tables of the year wheel. Records only; no column is for a person's name."""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, REASON_LENGTH, ChangeColumns, NetworkBase


class YearTaskRow(NetworkBase):
    """What comes back every year in a municipality. ``months`` are numbers with spaces between, in order."""

    __tablename__ = "year_tasks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    version: Mapped[int] = mapped_column(default=1)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    language: Mapped[str] = mapped_column(String(2))
    purpose: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(String(PLAN_SHORT))
    months: Mapped[str] = mapped_column(String(40))
    day: Mapped[int | None]
    which: Mapped[str] = mapped_column(String(10))
    weekday: Mapped[str] = mapped_column(String(10))
    only_year: Mapped[int | None]
    lead_days: Mapped[int]
    document: Mapped[str] = mapped_column(String(PLAN_SHORT))
    place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    inferred: Mapped[bool]
    kept_because: Mapped[str] = mapped_column(String(REASON_LENGTH))
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("municipality_number", "code"),
        CheckConstraint("day IS NULL OR day BETWEEN 1 AND 31", name="day_of_a_month"),
        CheckConstraint("(which = '') = (weekday = '')", name="weekday_with_its_place"),
    )


class YearDoneRow(NetworkBase):
    """That a task is done in a month of a year (0: some time in it), by whom and when."""

    __tablename__ = "year_done"

    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("year_tasks.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]


class YearChangeRow(ChangeColumns, NetworkBase):
    """What was changed of a task. Append-only by trigger."""

    __tablename__ = "year_changes"

    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("year_tasks.id"), index=True)

    __table_args__ = (UniqueConstraint("task_id", "position"),)


class YearFeedRow(NetworkBase):
    """The secret address of somebody's calendar. The secret itself is kept nowhere; an ended row stays."""

    __tablename__ = "year_feeds"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reads: Mapped[int] = mapped_column(default=0)
    last_read_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_year_feeds_one_open",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
