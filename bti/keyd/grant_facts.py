"""Columns of a row as a MAC covers them, read back as what they mean."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from bti.domain.codes import SHAREABLE
from bti.domain.errors import AccessDenied

if TYPE_CHECKING:
    from bti.domain.relations import ObjectFacts

Columns = Mapping[str, bytes | None]
"""Column name → stored bytes (see ``bti.db.types.stored_bytes``)."""

#: Between a row that is made and its MAC: longer than any transaction of a caller can last.
SLOWEST: Final = timedelta(minutes=5)


def ident(columns: Columns, name: str) -> uuid.UUID:
    """Return an id. Raises ``AccessDenied`` when the column holds none."""
    stored = columns.get(name)
    if stored is None or len(stored) != 16:  # noqa: PLR2004 - bytes of an id
        raise AccessDenied("grant.columns")
    return uuid.UUID(bytes=stored)


def moment(columns: Columns, name: str) -> datetime | None:
    """Return an instant, or None. Raises ``AccessDenied`` for what is none."""
    stored = columns.get(name)
    if stored is None:
        return None
    try:
        found = datetime.fromisoformat(stored.decode())
    except ValueError:
        raise AccessDenied("grant.columns") from None
    if found.tzinfo is None:
        raise AccessDenied("grant.columns")
    return found


def same(new: Columns, old: Columns, *names: str) -> bool:
    """Tell whether these columns stand as they stood; one that is not there stands too."""
    return all(new.get(name, old.get(name)) == old.get(name) for name in names)


def ended_only(new: Columns, old: Columns, *ends: str) -> bool:
    """Tell whether nothing has changed but that something ends, now or earlier than it would have.

    Sealed columns (``…_ct``) are made anew with every version and are not compared.
    """
    rest = [name for name in old if name not in ends and not name.endswith("_ct")]
    return same(new, old, *rest) and all(_no_later(new, old, name) for name in ends)


def _no_later(new: Columns, old: Columns, name: str) -> bool:
    if name.endswith("_by"):
        return old.get(name) in {None, new.get(name)}
    after, before = moment(new, name), moment(old, name)
    return before is None or (after is not None and after <= before)


def let_in(facts: ObjectFacts, unit: uuid.UUID, at: datetime) -> datetime | Literal[False] | None:
    """Return until when consent lets a unit in, None for the owner without end, False for neither."""
    if unit == facts.owner_unit:
        return None
    ends = [
        cell.valid_to
        for cell in facts.cells
        if cell.to_unit == unit and cell.info_type in SHAREABLE and cell.is_live(at)
    ]
    return max(ends) if ends else False
