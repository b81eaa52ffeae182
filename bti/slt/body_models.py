"""The tables of bodies and their history. Records only; no column is for a person's name."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.slt.models import PLAN_SHORT, ChangeColumns, NetworkBase


class BodyRow(NetworkBase):
    """A body of a municipality. Lists are kept a line each; ``…_place`` is where a document says it."""

    __tablename__ = "slt_bodies"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    version: Mapped[int] = mapped_column(default=1)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(PLAN_SHORT))
    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    purpose: Mapped[str] = mapped_column(Text)
    mandate: Mapped[str] = mapped_column(Text)
    mandate_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    seats: Mapped[str] = mapped_column(Text)
    seats_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    leader: Mapped[str] = mapped_column(Text)
    leader_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    limits: Mapped[str] = mapped_column(Text)
    limits_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    decides_to: Mapped[int | None]
    decides_above: Mapped[int | None]
    frequency: Mapped[str] = mapped_column(Text)
    frequency_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    meetings_a_year: Mapped[int | None]
    individuals: Mapped[str] = mapped_column(Text)
    individuals_place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    individuals_forbidden: Mapped[bool | None]
    neighbours: Mapped[str] = mapped_column(Text)
    ends: Mapped[date | None]
    dissolved_on: Mapped[date | None]
    document: Mapped[str] = mapped_column(String(PLAN_SHORT))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("municipality_number", "code"),
        CheckConstraint(
            "(kind = 'working_group') = (ends IS NOT NULL)", name="working_group_has_an_end"
        ),
    )


class BodyChangeRow(ChangeColumns, NetworkBase):
    """What was changed of a body. Append-only by trigger."""

    __tablename__ = "body_changes"

    body_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_bodies.id"), index=True)

    __table_args__ = (UniqueConstraint("body_id", "position"),)


class BodySeatRow(NetworkBase):
    """By which function an account sits in a body. The only tie between a person and a function."""

    __tablename__ = "body_seats"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"), primary_key=True)
    body_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_bodies.id"), primary_key=True)
    function: Mapped[str] = mapped_column(String(PLAN_SHORT))
    created_at: Mapped[datetime]
