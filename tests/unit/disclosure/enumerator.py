"""Every table a reader could imagine, by plain counting. Shares no code with the product's search."""

from collections.abc import Iterator
from itertools import product

from bti.disclosure.tables import Grid, ProtectedTable


def all_tables(table: ProtectedTable, *, highest: int) -> Iterator[Grid]:
    """Each full table that fits what is published.

    No cell exceeds a published total over it; a cell under none is counted up to `highest`.
    """
    height, width = table.shape.height, table.shape.width
    bottom = table.cells[height]

    def rows_that_fit(row: int) -> list[tuple[int, ...]]:
        options = [choices(table, row, column, highest) for column in range(width)]
        total = table.cells[row][width]
        return [found for found in product(*options) if total is None or sum(found) == total]

    def fits_below(rows: tuple[tuple[int, ...], ...]) -> bool:
        sums = [sum(column) for column in zip(*rows, strict=True)]
        sums.append(sum(sums))
        return all(shown in (None, found) for shown, found in zip(bottom, sums, strict=True))

    for rows in product(*(rows_that_fit(row) for row in range(height))):
        if fits_below(rows):
            closed = tuple((*row, sum(row)) for row in rows)
            yield (*closed, tuple(sum(column) for column in zip(*closed, strict=True)))


def choices(table: ProtectedTable, row: int, column: int, highest: int) -> range:
    """What one cell can be at a glance."""
    shown = table.cells[row][column]
    if shown is not None:
        return range(shown, shown + 1)
    height, width = table.shape.height, table.shape.width
    above = (table.cells[row][width], table.cells[height][column], table.cells[height][width])
    known = [total for total in above if total is not None]
    return range(min(known, default=highest) + 1)
