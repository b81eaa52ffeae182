"""Who leaves, and when: a plan that takes effect when the hands are empty."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow
from bti.db.types import UTCDateTime


class Departure(AuthorityRow):
    """The planned end of an account, or of one role where ``grant_id`` is given."""

    __tablename__ = "departures"
    __table_args__ = (CheckConstraint("state IN ('planned','done','withdrawn')", "state"),)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    grant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("role_grants.id"))
    leaves_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
