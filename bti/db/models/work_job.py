"""What is to be done without a person, and when next: one row for each job of the program."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import Base
from bti.db.types import UTCDateTime


class WorkJob(Base):
    """When a job is due, who has it in hand, and how it went. Names from the code, never content."""

    __tablename__ = "work_jobs"
    # What a job changes has entries of its own; that it was looked at has none.
    __audited__ = False
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    #: When it is to be tried; later than ``owed_at`` when it has failed.
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When it should have been done.
    owed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: A random word of the worker that has it in hand, empty when nobody has, and until when.
    holder: Mapped[str] = mapped_column(String(32))
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(Integer)
    #: The kind of the last fault, as the program calls it; empty after it went well.
    fault: Mapped[str] = mapped_column(String(60))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
