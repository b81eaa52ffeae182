"""The tables of meetings. A finished meeting is frozen by trigger; what comes after it is append-only."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, REASON_LENGTH, ChangeColumns, NetworkBase


class MeetingRow(NetworkBase):
    """A meeting of a body. Lists are kept a line each; present and guests are functions."""

    __tablename__ = "slt_meetings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    body_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_bodies.id"), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(20))
    held_on: Mapped[date]
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    agenda: Mapped[str] = mapped_column(Text)
    present: Mapped[str] = mapped_column(Text)
    guests: Mapped[str] = mapped_column(Text)
    minutes: Mapped[str] = mapped_column(Text)
    kept_because: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))

    __table_args__ = (
        CheckConstraint("state IN ('private', 'in_progress', 'finished')", name="known_state"),
        CheckConstraint(
            "(state = 'finished') = (finished_at IS NOT NULL)", name="finished_at_a_time"
        ),
    )


class MeetingActionRow(NetworkBase):
    """What a meeting agreed on. What became of it is in `meeting_follow_ups`."""

    __tablename__ = "meeting_actions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_meetings.id"), index=True)
    position: Mapped[int]
    what: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(String(PLAN_SHORT))
    due: Mapped[date]
    kept_because: Mapped[str] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (UniqueConstraint("meeting_id", "position"),)


class MeetingFollowUpRow(NetworkBase):
    """How an action stands, said at a time and perhaps in a meeting. Append-only; the newest counts."""

    __tablename__ = "meeting_follow_ups"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting_actions.id"))
    #: The meeting it was told of in, if it was one.
    meeting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_meetings.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]
    position: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (UniqueConstraint("action_id", "position"),)


class MeetingCarriedRow(NetworkBase):
    """An earlier meeting's action as it stood when this one was finished. Append-only."""

    __tablename__ = "meeting_carried"

    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_meetings.id"), primary_key=True)
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting_actions.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))


class MeetingAdditionRow(NetworkBase):
    """What was added to finished minutes. Append-only."""

    __tablename__ = "meeting_additions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_meetings.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (UniqueConstraint("meeting_id", "position"),)


class MeetingChangeRow(ChangeColumns, NetworkBase):
    """What was changed of a meeting since it was shared, always by somebody. Append-only by trigger."""

    __tablename__ = "meeting_changes"

    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_meetings.id"))
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("slt_accounts.id"), nullable=False
    )

    __table_args__ = (UniqueConstraint("meeting_id", "position"),)
