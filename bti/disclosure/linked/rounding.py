"""Proposes rounded tables. `verify` decides.

*Random*: each number by itself up or down to a multiple of the base, so that it is right on average;
numbers too small to be shown are hidden. *Controlled*: one data set in whole bases that is near the
true one everywhere, so that every table still adds up and every number is shown.

Draws come from a key, the cell and its content: the same number in the same cell is always rounded the
same way, and averaging many releases gains nothing.
"""

import hmac
from collections.abc import Iterator
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.promise import must_hide, withheld
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.reader import FEW, neighbours
from bti.disclosure.linked.solver import Programme
from bti.disclosure.linked.spec import Method

KEY_LENGTH: Final = 32
"""Octets of the key."""

MOST_CELLS_CONTROLLED: Final = 1_500
_SECONDS: Final = 20.0
_RANGE: Final = 1 << 64


def random_rounding(counts: Counts, key: bytes, *, draw: int) -> Publication:
    """Each number by itself; `draw` tells repeated tries of one release apart."""
    universe = counts.universe
    base = universe.spec.rules.base
    hidden = must_hide(counts)
    # Numbers withheld for another reason than their size may be large, and readers must know it.
    only_small = not bool(withheld(universe).any())
    shown: list[int | None] = []
    for number, value in enumerate(map(int, counts.in_cells)):
        over = value % base
        if hidden[number]:
            shown.append(None)
        else:
            up = _drawn(key, universe, number, value, draw) * base < over * _RANGE
            shown.append(value - over + (base if up else 0))
    return Publication(universe, Method.ROUNDING, tuple(shown), only_small_hidden=only_small)


def controlled_rounding(counts: Counts, key: bytes) -> Publication | None:
    """Tables that add up, each number within one base of the truth; None if none is found in time."""
    universe, truth = counts.universe, counts.in_cells
    if len(universe.cells) > MOST_CELLS_CONTROLLED or withheld(universe).any():
        return None
    base = universe.spec.rules.base
    columns = np.arange(universe.matrix.width)
    if universe.matrix.width > FEW:
        columns = neighbours(universe, counts.children)
    rows = np.flatnonzero(~universe.known_zeros)
    least = np.maximum(-(-(truth[rows] - base) // base), 0)
    most = (truth[rows] + base) // base
    programme = Programme(
        universe.matrix.restricted(rows, columns),
        least,
        most,
        floor=np.zeros(len(columns), dtype=np.int64),
        ceiling=int(most.max(initial=1)),
    )
    cost = np.fromiter(_prices(key, universe, columns, counts.children), dtype=np.float64)
    found, _ = programme.whole(cost, seconds=_SECONDS)
    if found is None:
        return None
    data: Whole = np.zeros(universe.matrix.width, dtype=np.int64)
    data[columns] = found * base
    shown = universe.matrix.times(data)
    return Publication(universe, Method.CONTROLLED, tuple(int(value) for value in shown))


def _prices(key: bytes, universe: Universe, columns: Whole, children: Whole) -> Iterator[float]:
    """Random prices, lower where there are more children: which solution is found is a draw."""
    for column in columns:
        drawn = _hmac(key, f"combination|{universe.codes_of(int(column))}|{children[column]}")
        yield drawn / _RANGE - min(int(children[column]), 9)


def _drawn(key: bytes, universe: Universe, number: int, value: int, draw: int) -> int:
    said = sorted(universe.describe(number).items())
    return _hmac(key, f"{universe.spec.period}|{said}|{value}|{draw}")


def _hmac(key: bytes, text: str) -> int:
    """A number below 2**64."""
    return int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8], "big")
