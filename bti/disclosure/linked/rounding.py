"""Proposes rounded tables. `verify` decides.

*Random*: each number by itself up or down to a multiple of the base, so that it is right on average;
numbers too small to be shown are hidden. *Controlled*: one data set in whole bases that is near the
true one everywhere, so that every table still adds up and every number is shown.

Draws come from a key, the cell and its content: the same number in the same cell is always rounded the
same way, and averaging many releases gains nothing.
"""

import hmac
from collections.abc import Collection, Iterator
from itertools import chain, islice, starmap
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.history import History
from bti.disclosure.linked.over_time import weak_over_time
from bti.disclosure.linked.promise import demands, must_hide, withheld
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.reader import FEW, Reader, neighbours
from bti.disclosure.linked.solver import Programme
from bti.disclosure.linked.spec import Method
from bti.disclosure.linked.verify import (
    Examination,
    Progress,
    Weakness,
    seen_by_insiders,
    silent,
)
from bti.disclosure.linked.walk import Walk

KEY_LENGTH: Final = 32
"""Octets of the key."""

MOST_CELLS_CONTROLLED: Final = 1_500
_SECONDS: Final = 20.0
_ROUNDS: Final = 12
_AT_ONCE: Final = 20
_NEAR: Final = 4
_RANGE: Final = 1 << 64


def random_rounding(counts: Counts, key: bytes, *, also: Collection[int] = ()) -> Publication:
    """Each number by itself; what may not be shown is hidden, and `also` what would give it away."""
    universe = counts.universe
    base = universe.spec.rules.base
    hidden = must_hide(counts)
    hidden[list(also)] = True
    # Numbers hidden for another reason than their size may be large, and readers must know it.
    only_small = not also and not bool(withheld(universe).any())
    shown: list[int | None] = []
    for number, value in enumerate(map(int, counts.in_cells)):
        over = value % base
        if hidden[number]:
            shown.append(None)
        else:
            up = _drawn(key, universe, number, value) * base < over * _RANGE
            shown.append(value - over + (base if up else 0))
    return Publication(universe, Method.ROUNDING, tuple(shown), only_small_hidden=only_small)


def mended_rounding(
    counts: Counts, key: bytes, *, history: History | None = None, progress: Progress = silent
) -> Publication | None:
    """Random rounding that hides more where small numbers show through; None if that does not end.

    Hiding more leaves every data set possible that was, so what was found counts on.
    """
    history = history or History(counts)
    also: set[int] = set()
    seen: tuple[Whole, Whole] | None = None
    for _ in range(_ROUNDS):
        proposal = random_rounding(counts, key, also=also)
        reader = Reader(proposal, earlier=history.statements, start=counts.children)
        if not Walk.fits(reader):
            return proposal
        if seen is not None:
            np.minimum(reader.low_seen, seen[0], out=reader.low_seen)
            np.maximum(reader.high_seen, seen[1], out=reader.high_seen)
        examination = Examination(reader, demands(proposal, counts), progress)
        weak = examination.at_a_glance()
        weak = weak or list(examination.one_valued_groups(counts, quick=True))
        weak = weak or list(
            islice(
                chain(
                    seen_by_insiders(reader, counts, demands(proposal, counts), progress),
                    starmap(Weakness, weak_over_time(proposal, history, reader, progress)),
                ),
                _AT_ONCE,
            )
        )
        if not weak:
            return proposal
        seen = (reader.low_seen, reader.high_seen)
        failing = {one.cell for one in weak}
        groups = {
            one.cell
            for one in weak
            if one.code.endswith("one_value") and proposal.shown[one.cell] is not None
        }
        more = groups | _smallest_beside(proposal, counts, failing)
        also |= more or _in_the_way(proposal, counts, failing)
    return None


def _smallest_beside(proposal: Publication, counts: Counts, weak: set[int]) -> set[int]:
    """Of each sum a failing number stands in, the smallest number that is shown."""
    found = set()
    for one in counts.universe.sums:
        parts = (one.total, *one.members)
        if weak.isdisjoint(parts):
            continue
        shown = [n for n in parts if proposal.shown[n] is not None and not _zero(counts, n)]
        if shown:
            found.add(min(shown, key=lambda n: (int(counts.in_cells[n]), n)))
    return found


def _in_the_way(proposal: Publication, counts: Counts, weak: set[int]) -> set[int]:
    """Small numbers that are shown and have a child in common with a failing one: none can leave it."""
    universe = counts.universe
    deepest = int(universe.orders.max())
    present = np.zeros(universe.matrix.width, dtype=bool)
    for cell in weak:
        present[universe.matrix.row(cell)] = True
    present &= counts.children > 0
    return {
        number
        for number, value in enumerate(proposal.shown)
        if value is not None
        and value <= _NEAR * universe.spec.rules.base
        and universe.orders[number] == deepest
        and bool(present[universe.matrix.row(number)].any())
    }


def _zero(counts: Counts, number: int) -> bool:
    return bool(counts.universe.known_zeros[number])


def controlled_rounding(counts: Counts, key: bytes, *, draw: int = 0) -> Publication | None:
    """Tables that add up, each number within one base of the truth; None if none is found in time.

    `draw` tells one draw from the next; the first is made again for the same children.
    """
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
    cost = np.fromiter(_prices(key, universe, columns, counts.children, draw), dtype=np.float64)
    found, _ = programme.whole(cost, seconds=_SECONDS)
    if found is None:
        return None
    data: Whole = np.zeros(universe.matrix.width, dtype=np.int64)
    data[columns] = found * base
    shown = universe.matrix.times(data)
    return Publication(universe, Method.CONTROLLED, tuple(int(value) for value in shown))


def _prices(
    key: bytes, universe: Universe, columns: Whole, children: Whole, draw: int
) -> Iterator[float]:
    """Random prices, lower where there are more children: which solution is found is a draw."""
    for column in columns:
        drawn = _hmac(
            key, f"combination|{universe.codes_of(int(column))}|{children[column]}|{draw}"
        )
        yield drawn / _RANGE - min(int(children[column]), 9)


def _drawn(key: bytes, universe: Universe, number: int, value: int) -> int:
    # Not bound to the period: drawn anew each half-year, the mean of the draws would be the truth.
    said = sorted(universe.describe(number).items())
    return _hmac(key, f"{said}|{value}")


def _hmac(key: bytes, text: str) -> int:
    """A number below 2**64."""
    return int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8], "big")
