"""Codes within a municipality, of what comes from files and of what is made here: given once, one after the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from bti.slt.models import SltAccount
from bti.slt.perform import Context
from bti.slt.role import NetworkRole

CODE_LENGTH: Final = 60
"""Of a line in the access log."""

_OWN: Final = "own_"


def has_coordinator(context: Context, number: str) -> bool:
    """Whether anybody keeps what is taken in for the municipality with a number."""
    keeps = SltAccount.role == NetworkRole.COORDINATOR
    asked = select(SltAccount.id).where(SltAccount.municipality_number == number, keeps)
    return context.session.scalar(asked.limit(1)) is not None


def codes_of(
    context: Context,
    code: InstrumentedAttribute[str],
    of_number: InstrumentedAttribute[str],
    number: str,
) -> set[str]:
    """The codes there are. Whoever takes in or makes waits here for whoever does it too, so that none is given twice."""
    first: InstrumentedAttribute[uuid.UUID] = SltAccount.id
    held = select(first).where(SltAccount.municipality_number == number)
    context.session.scalar(held.order_by(first).limit(1).with_for_update())
    return set(context.session.scalars(select(code).where(of_number == number)))


def next_own(codes: Iterable[str]) -> str:
    """The code of the next one that is made here."""
    taken = (int(code.removeprefix(_OWN)) for code in codes if code.startswith(_OWN))
    return f"{_OWN}{max(taken, default=0) + 1}"
