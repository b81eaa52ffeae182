"""The next place in a list that is only ever added to, and forms that are sent twice and make one thing."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from bti.slt.models import NetworkBase, SltAccount
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


def made_before(
    context: Context, account_id: uuid.UUID, row: type[NetworkBase], once: uuid.UUID
) -> bool:
    """Whether a form has made its row: a form's number is the id of what it makes, so that sent twice it makes one.

    The account is held until the commit, so that the second of two that are sent at once waits for the first.
    """
    hold(context, SltAccount.id, account_id)
    return context.session.get(row, once) is not None
