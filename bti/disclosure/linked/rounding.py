"""Proposes rounded tables. `verify` decides.

*Random*: each number by itself up or down to a multiple of the base, so that it is right on average;
numbers too small to be shown are hidden. *Controlled*: one data set in whole bases that is near the
true one everywhere, so that every table still adds up and every number is shown.

Draws come from a key, the cell and its content: the same number in the same cell is always rounded the
same way, and averaging many releases gains nothing.
"""

import hmac
from collections.abc import Collection
from itertools import chain, islice, starmap
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Real, Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.drawing import Draw
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

MOST_CELLS_CONTROLLED: Final = 20_000
_MOST_CELLS_SOLVED: Final = 1_500
"""With more cells the solver finds no data set in whole bases in time, so it is not asked."""

_STEPS: Final = 4_000
_SECONDS: Final = 20.0
_ROUNDS: Final = 12
_AT_ONCE: Final = 20
_NEAR: Final = 4
_RANGE: Final = 1 << 64
_MANY: Final = 9
"""From so many children on a combination is no cheaper."""


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


def controlled_rounding(
    counts: Counts, key: bytes, *, draw: int = 0, progress: Progress = silent
) -> Publication | None:
    """Tables that add up, each number within one base of the truth; None if none is found in time.

    `draw` tells one draw from the next; the first is made again for the same children.
    """
    universe = counts.universe
    if len(universe.cells) > MOST_CELLS_CONTROLLED or withheld(universe).any():
        return None
    prices = _prices(key, universe, counts.children, draw)
    data = drawn_by_steps(counts, prices, progress)
    if data is None and len(universe.cells) <= _MOST_CELLS_SOLVED:
        data = drawn_by_solver(counts, prices)
    if data is None:
        return None
    shown = universe.matrix.times(data * universe.spec.rules.base)
    return Publication(universe, Method.CONTROLLED, tuple(int(value) for value in shown))


def drawn_by_steps(counts: Counts, prices: Real, progress: Progress = silent) -> Whole | None:
    """How many whole bases each combination has, found by steps from a rounding of each by itself."""
    universe, base = counts.universe, counts.universe.spec.rules.base
    rows, least, most = within_one_base(counts)
    # The draw behind each price says how its combination is rounded to begin with.
    drawn = prices + np.minimum(counts.children, _MANY)
    start = (counts.children / base + 1 - drawn).astype(np.int64)
    steps = Draw(universe.matrix.restricted(rows), least, most, prices)
    return steps.near(start, steps=_STEPS, progress=progress)


def drawn_by_solver(counts: Counts, prices: Real) -> Whole | None:
    """The same, the cheapest there is among combinations near the children, or None."""
    universe = counts.universe
    columns = np.arange(universe.matrix.width)
    if universe.matrix.width > FEW:
        columns = neighbours(universe, counts.children)
    rows, least, most = within_one_base(counts)
    programme = Programme(
        universe.matrix.restricted(rows, columns),
        least,
        most,
        floor=np.zeros(len(columns), dtype=np.int64),
        ceiling=int(most.max(initial=1)),
    )
    found, _ = programme.whole(prices[columns], seconds=_SECONDS)
    if found is None:
        return None
    data: Whole = np.zeros(universe.matrix.width, dtype=np.int64)
    data[columns] = found
    return data


def within_one_base(counts: Counts) -> tuple[Whole, Whole, Whole]:
    """The cells that may hold somebody, and the fewest and most whole bases each may be shown as.

    Not a whole base below the truth where insiders may know all but a small part of the cell: no more could be in
    it, so they would know that part. The verifier refuses that; this spares the attempt.
    """
    rules = counts.universe.spec.rules
    rows = np.flatnonzero(~counts.universe.known_zeros)
    truth, cases = counts.in_cells[rows], counts.in_cells[rows]
    if counts.households_in_cells is not None:
        cases = counts.households_in_cells[rows]
    knowable = (cases > 0) & (cases < rules.all_known + rules.threshold)
    least = np.maximum(-((rules.base - truth - knowable) // rules.base), 0)
    return rows, least, (truth + rules.base) // rules.base


def _prices(key: bytes, universe: Universe, children: Whole, draw: int) -> Real:
    """Random prices, lower where there are more children: which solution is found is a draw."""
    drawn = [
        _hmac(key, f"combination|{universe.codes_of(column)}|{children[column]}|{draw}") / _RANGE
        for column in range(universe.matrix.width)
    ]
    return np.array(drawn) - np.minimum(children, _MANY)


def _drawn(key: bytes, universe: Universe, number: int, value: int) -> int:
    # Not bound to the period: drawn anew each half-year, the mean of the draws would be the truth.
    said = sorted(universe.describe(number).items())
    return _hmac(key, f"{said}|{value}")


def _hmac(key: bytes, text: str) -> int:
    """A number below 2**64."""
    return int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8], "big")
