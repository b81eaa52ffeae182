"""How far single combinations can move from a data set before something stated is broken."""

import numpy as np

from bti.disclosure.linked.cells import Incidence, Whole
from bti.disclosure.linked.publication import UNLIMITED

_FREE = np.iinfo(np.int64).max // 4


class Leeway:
    """Leeway of a data set that agrees with everything stated; worked out once, by addition."""

    def __init__(self, rows: Incidence, least: Whole, most: Whole, data: Whole) -> None:
        """Take the statements and the data set."""
        sums = rows.times(data)
        up = np.where(most == UNLIMITED, _FREE, most - sums)
        self._down = sums - least
        self._rows = rows
        self._weights = rows.weights
        # A row in which a child counts for more, or against, is left to slower ways.
        plain = bool((rows.weights == 1).all())
        self.up = np.full(rows.width, _FREE if plain else 0, dtype=np.int64)
        if plain:
            np.minimum.at(self.up, rows.columns, np.repeat(up, np.diff(rows.starts)))
        self._plain = plain

    def can_add(self, columns: Whole, many: int) -> bool:
        """Whether so many children may be added to one of these combinations."""
        return bool(len(columns) and self.up[columns].max() >= many)

    def can_drop(self, columns: Whole, amounts: Whole) -> bool:
        """Whether so many children may be taken from each of these combinations, all at once."""
        if not self._plain:
            return False
        less = np.zeros(self._rows.width, dtype=np.int64)
        less[columns] = amounts
        return bool((self._rows.times(less) <= self._down).all())
