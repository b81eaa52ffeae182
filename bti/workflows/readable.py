"""Rows that are read together, of which one does not open: the others do not wait for it.

Whoever takes over the pages writes what does not open into a column that no broker looks at first. A list of a whole
municipality, and what reminds of dates, go round such a row; `bti audit verify` names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bti.workflows.context import Context

Row = TypeVar("Row")
Value = TypeVar("Value")


def that_open(
    context: Context, rows: Iterable[Row], read: Callable[[Row], Value]
) -> Iterator[tuple[Row, Value]]:
    """Yield each row with what ``read`` makes of it; one whose sealed state does not open, or has no form, is left out.

    Raises ``Locked`` when the ops key was not released: then it is no fault of a row.
    """
    context.session.info["vault"].tenant_key(TenantPurpose.OPS)
    for row in rows:
        try:
            value = read(row)
        except (SealError, Locked, KeyError, TypeError, ValueError):
            continue
        yield row, value
