"""The next place in a list that is only ever added to: a history, additions, follow-ups."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from bti.slt.perform import Context


def hold(context: Context, key: InstrumentedAttribute[uuid.UUID], value: uuid.UUID) -> None:
    """Hold a row until the commit, so that two who add to its list at once get a place each."""
    context.session.flush()
    context.session.execute(select(key).where(key == value).with_for_update())


def next_position(
    context: Context,
    position: InstrumentedAttribute[int],
    key: InstrumentedAttribute[uuid.UUID],
    value: uuid.UUID,
) -> int:
    """The next place in a list that belongs to ``value``, whose row is held."""
    context.session.flush()
    return (context.session.scalar(select(func.max(position)).where(key == value)) or 0) + 1
