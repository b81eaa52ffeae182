"""Intervals passed along sums until nothing moves: what a reader finds with a pencil."""

from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe, Whole
from bti.disclosure.linked.publication import UNLIMITED

_MANY: Final = 1 << 40
_MOST_ROUNDS: Final = 200


def propagate(universe: Universe, least: Whole, most: Whole) -> tuple[Whole, Whole]:
    """The narrowest intervals that single sums give, from what is stated of each cell.

    Not the narrowest there are: several sums together can tell more. An empty interval (least above
    most) means that the statements contradict each other.
    """
    low = least.copy()
    high = np.where(most == UNLIMITED, _MANY, most)
    sums = [(one.total, np.array(one.members, dtype=np.int64)) for one in universe.sums]
    for _ in range(_MOST_ROUNDS):
        before = int(low.sum() - high.sum())
        for total, members in sums:
            _pass_along(low, high, total, members)
        if int(low.sum() - high.sum()) == before:
            break
    return low, np.where(high >= _MANY, UNLIMITED, high)


def _pass_along(low: Whole, high: Whole, total: int, members: Whole) -> None:
    lows, highs = low[members], high[members]
    all_low, all_high = int(lows.sum()), int(highs.sum())
    low[total] = max(int(low[total]), all_low)
    high[total] = min(int(high[total]), all_high)
    high[members] = np.minimum(highs, high[total] - (all_low - lows))
    # With one unlimited member the sum of the others' tops is unlimited and this says nothing.
    low[members] = np.maximum(lows, low[total] - (all_high - highs))
