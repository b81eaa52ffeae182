"""The tables of reminders by e-mail. No column is for what a reminder is about."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import NetworkBase


class YearMailChoiceRow(NetworkBase):
    """Where somebody wants to be reminded, sealed under the network key and bound to the account."""

    __tablename__ = "year_mail_choices"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"), primary_key=True)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class YearMailRow(NetworkBase):
    """That somebody is to be reminded. ``open_slot`` is 1 while it waits: one at a time, and one a day."""

    __tablename__ = "year_mails"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(String(10))
    open_slot: Mapped[int | None]
    message_id: Mapped[str] = mapped_column(String(300))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(60))

    __table_args__ = (
        UniqueConstraint("account_id", "day"),
        UniqueConstraint("account_id", "open_slot"),
    )
