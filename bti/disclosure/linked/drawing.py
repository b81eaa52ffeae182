"""Finds a data set whose sums all lie within given ranges, by steps: one child, or whole base, comes, goes or moves.

Serves controlled rounding, which took a solver for whole-number programmes ten seconds where this takes a tenth of
one. It proves nothing: where it finds none, there may be one. What it finds is checked by addition.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Flags, Incidence, Real, Whole

_REST: Final = 12
"""For so many steps at most a combination that was changed is left as it is, so that no step is taken back at once."""

_STUBBORN: Final = 0.25
"""How much more a broken range weighs after each step that mends nothing."""

_PRICE: Final = 1 / 1024
"""What a price weighs beside a broken range: it decides between ways that mend as much."""

_IMPROVEMENTS: Final = 400
"""So many single ones are looked at to be put where they cost less."""


class Draw:
    """One search. Rows are cells: a combination is in a row or is not."""

    def __init__(self, rows: Incidence, least: Whole, most: Whole, prices: Real) -> None:
        """Search among data sets with sums from `least` to `most`, cheap ones first."""
        self._rows = rows
        self._least, self._most = least, most
        self._prices = prices
        self._lengths = np.diff(rows.starts)
        self._weights = np.ones(rows.height)
        # Among few combinations fewer rest, or there would be none left to change.
        self._rest = min(_REST, rows.width // 4)
        self._rested = np.zeros(rows.width, dtype=np.int64)

    def near(
        self, start: Whole, *, steps: int, progress: Callable[[str, int, int], None]
    ) -> Whole | None:
        """A data set near `start` that keeps every range, or None if none is found in so many steps."""
        data = start.copy()
        sums = self._rows.times(data)
        first = int(np.count_nonzero(self._broken(sums)))
        for step in range(steps):
            broken = self._broken(sums)
            progress("draw", max(0, first - int(np.count_nonzero(broken))), first)
            if not broken.any():
                return self._cheaper(data, sums)
            change = self._best(data, sums, broken, resting=self._rested > step)
            if change is None:
                return None
            gone, new, gain = change
            for column, by in ((gone, -1), (new, 1)):
                if column is not None:
                    data[column] += by
                    sums[self._rows.of_column(column)] += by
                    self._rested[column] = step + self._rest
            if gain >= 0:
                self._weights[self._broken(sums) > 0] += _STUBBORN
        return None

    def _broken(self, sums: Whole) -> Real:
        """How far each sum is outside its range, weighed."""
        outside = np.maximum(self._least - sums, sums - self._most)
        found: Real = self._weights * np.maximum(outside, 0)
        return found

    def _best(
        self, data: Whole, sums: Whole, broken: Real, *, resting: Flags
    ) -> tuple[int | None, int | None, float] | None:
        """What to take away, what to add, and what all broken ranges weigh more for it; None if all rest."""
        more = self._at_columns(self._broken(sums + 1) - broken) + _PRICE * self._prices
        less = self._at_columns(self._broken(sums - 1) - broken) - _PRICE * self._prices
        more[resting], less[resting | (data == 0)] = np.inf, np.inf
        gone, new = int(np.argmin(less)), int(np.argmin(more))
        ways: list[tuple[int | None, int | None, float]] = [
            (None, new, float(more[new])),
            (gone, None, float(less[gone])),
        ]
        if less[gone] < np.inf:
            without = sums.copy()
            without[self._rows.of_column(gone)] -= 1
            left = self._broken(without)
            then = self._at_columns(self._broken(without + 1) - left) + _PRICE * self._prices
            then[resting] = np.inf
            then[gone] = np.inf
            new = int(np.argmin(then))
            ways.append((gone, new, float(less[gone] + then[new])))
        best = min(ways, key=lambda way: way[2])
        return best if best[2] < np.inf else None

    def _cheaper(self, data: Whole, sums: Whole) -> Whole:
        """The same with single ones moved to where they cost less, again and again the dearest first."""
        left = _IMPROVEMENTS
        moved = True
        while moved and left > 0:
            used = np.flatnonzero(data)
            dearest = used[np.argsort(-self._prices[used], kind="stable")][:left]
            moved = False
            for gone in dearest:
                moved |= self._moved(data, sums, int(gone))
            left -= len(dearest)
        return data

    def _moved(self, data: Whole, sums: Whole, gone: int) -> bool:
        """Move one to the cheapest place that keeps every range; says whether there is a cheaper one."""
        mine = self._rows.of_column(gone)
        sums[mine] -= 1
        full = self._at_columns((sums >= self._most).astype(np.float64))
        short = sums < self._least
        fits = (full == 0) & (self._at_columns(short.astype(np.float64)) == short.sum())
        places = np.flatnonzero(fits & (self._prices < self._prices[gone]))
        new = gone if not len(places) else int(places[np.argmin(self._prices[places])])
        data[gone] -= 1
        data[new] += 1
        sums[self._rows.of_column(new)] += 1
        return new != gone

    def _at_columns(self, values: Real) -> Real:
        """For each column the sum of its rows' values."""
        found = np.bincount(
            self._rows.columns,
            weights=np.repeat(values, self._lengths),
            minlength=self._rows.width,
        )
        # NumPy's own description does not say that weights make sums of real numbers.
        return found.astype(np.float64, copy=False)
