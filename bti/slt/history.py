"""Histories of the network side: what was changed of a thing, by whom, from what to what. Only ever added to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from bti.slt.models import ChangeColumns
from bti.slt.perform import Context
from bti.slt.positions import hold, next_position

Row = TypeVar("Row", bound=ChangeColumns)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of a history; ``account_id`` is None for an operator. ``part`` is what it is about, such as ``name``."""

    account_id: uuid.UUID | None
    at: datetime
    part: str
    old: str
    new: str
    reason: str


def rows_of(
    context: Context, row: type[Row], key: InstrumentedAttribute[uuid.UUID], owner_id: uuid.UUID
) -> Sequence[Row]:
    """The rows of an owner's history, newest first."""
    asked = select(row).where(key == owner_id).order_by(row.position.desc())
    return context.session.scalars(asked).all()


def history_of(
    context: Context, row: type[Row], key: InstrumentedAttribute[uuid.UUID], owner_id: uuid.UUID
) -> tuple[HistoryLine, ...]:
    """The history of an owner, newest first."""
    return tuple(
        HistoryLine(one.account_id, one.at, one.part, one.old, one.new, one.reason)
        for one in rows_of(context, row, key, owner_id)
    )


def add_line(
    context: Context,
    row: Row,
    key: InstrumentedAttribute[uuid.UUID],
    owner: InstrumentedAttribute[uuid.UUID],
) -> None:
    """Add a row to its owner's history, in the same transaction as what it tells of.

    ``key`` is the row's column of the owner, ``owner`` the owner's own id: its row is held until the commit.
    """
    owner_id = getattr(row, key.key)
    hold(context, owner, owner_id)
    row.at = context.at
    row.position = next_position(context, type(row).position, key, owner_id)
    context.session.add(row)
