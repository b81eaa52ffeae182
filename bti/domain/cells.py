"""Which consent cell, if any, lets information of one kind go from one service to another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from bti.domain.codes import SHAREABLE, InfoType
from bti.domain.consent import CellFacts


def covers(
    cells: Iterable[CellFacts],
    *,
    from_unit: uuid.UUID,
    to_unit: uuid.UUID,
    info_type: InfoType,
    at: datetime,
) -> CellFacts | None:
    """The cell that allows this sharing at ``at``, or None. A service's own notes never leave it."""
    if info_type not in SHAREABLE:
        return None
    return next(
        (
            cell
            for cell in cells
            if (cell.from_unit, cell.to_unit, cell.info_type) == (from_unit, to_unit, info_type)
            and cell.is_live(at)
        ),
        None,
    )
