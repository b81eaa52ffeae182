"""What the key broker counts and remembers, so that a restart does not forget it.

Ids and times only. Nothing here is about own records: drafts and reports are never counted.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import Base, TenantWall
from bti.db.types import UTCDateTime


class BrokerMark(Base):
    """When an account last opened a case, saw it in a list, or gave reason for an alarm.

    Older ones than a day are deleted: the log is what remembers.
    """

    __tablename__ = "broker_marks"
    __audited__ = False
    __table_args__ = (
        CheckConstraint("kind IN ('case','list','alarm')", "kind"),
        Index("ix_broker_marks_recent", "account_id", "kind", "last_at"),
    )
    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BrokerCount(Base):
    """How often something was done in ten seconds, in several shards so that nobody waits."""

    __tablename__ = "broker_counts"
    __audited__ = False
    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    shard: Mapped[int] = mapped_column(Integer, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class BrokerNote(TenantWall, Base):
    """A key made for a row that is not committed yet, or to be destroyed once its row is gone.

    The broker commits before the caller does; this is how it finds out what became of it.
    """

    __tablename__ = "broker_notes"
    __audited__ = False
    __table_args__ = (CheckConstraint("kind IN ('new','forget')", "kind"),)
    record_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    account_id: Mapped[uuid.UUID]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BrokerCode(TenantWall, Base):
    """Which one-time code of a secret an account has shown last: each is right once.

    Kept where no other process can write: whoever asks cannot let a code count twice. Older ones
    than a day are deleted; a code is good for a minute and a half.
    """

    __tablename__ = "broker_codes"
    __audited__ = False
    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    #: Which secret: the first half of its SHA-256. A new secret begins anew.
    secret_mark: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    last_step: Mapped[int] = mapped_column(Integer)
    shown_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The account that was made on this proof; there is one at most.
    spent_on: Mapped[uuid.UUID | None]


class BrokerUse(TenantWall, Base):
    """That somebody was given emergency access: it counts until it is settled, also without its row.

    Older ones than the rule looks back are deleted.
    """

    __tablename__ = "broker_uses"
    __audited__ = False
    record_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(index=True)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
