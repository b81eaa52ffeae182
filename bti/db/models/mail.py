"""Reminders by e-mail: who wants them and where, and what waits to be sent."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class MailChoice(AuthorityRow):
    """How somebody wants to be reminded, and where.

    Under a MAC, so that nobody has another's reminders sent to themselves. The address is read by
    who sends reminders alone: the pages can write it and not read it back.
    """

    __tablename__ = "mail_choices"
    __table_args__ = (
        UniqueConstraint("account_id"),
        CheckConstraint("pace IN ('daily','weekly','never')", "pace"),
    )
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    pace: Mapped[str] = mapped_column(String(10))
    address_ct: Mapped[Sealed | None] = mapped_column(SealedType)

    address = Encrypted("address_ct", "directory", 128)


class Mail(TenantRow):
    """One reminder to one person, about nothing: that something waits, and never what.

    ``day`` with the account is what keeps it from being made twice, ``open_slot`` (1 while it waits,
    then null) what keeps a server that is away from being followed by a flood: one waits at most.
    """

    __tablename__ = "outbox"
    # That it was made has an entry; what became of it stands in the row.
    __audited__ = False
    __table_args__ = (
        UniqueConstraint("account_id", "day"),
        UniqueConstraint("account_id", "open_slot", name="uq_outbox_one_open"),
        CheckConstraint("open_slot IS NULL OR open_slot = 1", "open_slot"),
        CheckConstraint("state IN ('waiting','sent','moot')", "state"),
    )
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    #: The Norwegian day it was made.
    day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    open_slot: Mapped[int | None] = mapped_column(Integer)
    #: The same at every attempt, so that a receiver can tell that two are one.
    message_id: Mapped[str] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(Integer)
    #: When it is to be tried next.
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The kind of the last fault, as the program calls it; never what the server said.
    fault: Mapped[str] = mapped_column(String(60))
