"""Proposes which numbers to hide so that the small ones cannot be worked out, over all tables at once.

Starts from what may not be shown. For each promise that then fails it asks for the cheapest detour:
a change of the data that keeps it, paid for by every shown number it moves; those are hidden too.
Works from the true counts and promises nothing: `verify` decides.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice, starmap
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.history import History
from bti.disclosure.linked.over_time import weak_over_time
from bti.disclosure.linked.promise import demands, must_hide
from bti.disclosure.linked.publication import Publication, shown_truth
from bti.disclosure.linked.reader import FEW, Reader, neighbours
from bti.disclosure.linked.solver import Detours
from bti.disclosure.linked.verify import (
    HIGH,
    LOW,
    Examination,
    Progress,
    Weakness,
    seen_by_insiders,
    silent,
)
from bti.disclosure.linked.walk import Walk

MOST_CELLS: Final = 2_000
"""With more cells the search takes too long, and would hide most of them."""

_ROUNDS: Final = 12
_REVEALS: Final = 1_500
_SEEN_AT_ONCE: Final = 6
_EXACT: Final = 80
"""With so few cells each proposal is examined to the end; with more only by small steps."""

_TOUCHED: Final = 1e-6

_WEIGHTS: Final = (40.0, 10.0, 3.0, 1.0)
"""How much a reader gains from a number of no, one, two or more dimensions."""


def weight(order: int) -> float:
    """What a shown number is worth: totals first, deep cells last."""
    return _WEIGHTS[min(order, len(_WEIGHTS) - 1)]


def suppress(
    counts: Counts, *, history: History | None = None, progress: Progress = silent
) -> Publication:
    """Propose what to hide; at worst everything."""
    universe = counts.universe
    history = history or History(counts)
    first = {int(number) for number in np.flatnonzero(must_hide(counts) | history.stands)}
    hidden = set(first)
    for turn in range(_ROUNDS):
        progress("hide", turn, _ROUNDS)
        weak = _weak(counts, hidden, history) or _seen_inside(counts, hidden, history)
        if not weak:
            return _published(counts, _revealed(counts, hidden, first, history, progress))
        more = _detours(counts, hidden, weak)
        hidden |= more or _beside(universe, weak, hidden)
    everything = np.flatnonzero(~universe.known_zeros)
    return _published(counts, (int(number) for number in everything))


def _published(counts: Counts, hidden: Iterable[int]) -> Publication:
    return shown_truth(counts.universe, counts.in_cells, sorted(hidden))


def _weak(counts: Counts, hidden: set[int], history: History) -> list[Weakness]:
    publication = _published(counts, hidden)
    reader = Reader(publication, earlier=history.statements, start=counts.children)
    examination = Examination(reader, demands(publication, counts), seconds=2.0, walks=2)
    quick = len(counts.universe.cells) > _EXACT and Walk.fits(reader)
    found = examination.at_a_glance() if quick else examination.run()
    return [*found, *examination.one_valued_groups(counts)]


def _seen_inside(
    counts: Counts, hidden: set[int], history: History, most: int = _SEEN_AT_ONCE
) -> list[Weakness]:
    """Some of what those who know cases would see."""
    publication = _published(counts, hidden)
    reader = Reader(publication, earlier=history.statements, start=counts.children)
    found = chain(
        seen_by_insiders(reader, counts, demands(publication, counts)),
        starmap(Weakness, weak_over_time(publication, history, reader, silent)),
    )
    return list(islice(found, most))


def _detours(counts: Counts, hidden: set[int], weak: Sequence[Weakness]) -> set[int]:
    """What the cheapest detours of some failing promises would move."""
    universe, truth = counts.universe, counts.in_cells
    shown = np.array(
        [n for n in range(len(truth)) if n not in hidden and not universe.known_zeros[n]],
        dtype=np.int64,
    )
    columns = np.arange(universe.matrix.width)
    if universe.matrix.width > FEW:
        columns = neighbours(universe, counts.children)
    asked = demands(_published(counts, hidden), counts)
    price = np.array([weight(int(universe.orders[n])) for n in shown])
    price *= 1 + np.log1p(truth[shown])
    detours = Detours(universe.matrix.restricted(shown, columns), truth[shown], price)
    found: set[int] = {one.cell for one in weak if one.code == "group.one_value"}
    for one in weak:
        if one.code not in (LOW, HIGH) or one.cell < 0:
            continue
        inside = np.flatnonzero(np.isin(columns, universe.matrix.row(one.cell)))
        low = one.code == LOW or truth[one.cell] >= asked.high[one.cell] > 0
        target = int((asked.low if low else asked.high)[one.cell])
        moved = detours.cheapest(inside, target, down=low)
        if moved is not None:
            touched = np.flatnonzero(moved > _TOUCHED)
            found.update(int(shown[n]) for n in touched)
            detours.free(touched)
    return found - hidden


def _beside(universe: Universe, weak: Sequence[Weakness], hidden: set[int]) -> set[int]:
    """The deepest shown numbers that add up with a failing cell; when there are none, everything."""
    cells = {one.cell for one in weak}
    everything = set(map(int, np.flatnonzero(~universe.known_zeros))) - hidden
    found = {
        number
        for one in universe.sums
        if cells & {one.total, *one.members}
        for number in (one.total, *one.members)
    } & everything
    if not found:
        return everything
    deepest = max(int(universe.orders[number]) for number in found)
    return {number for number in found if universe.orders[number] == deepest}


def _revealed(
    counts: Counts,
    hidden: set[int],
    first: set[int],
    history: History,
    progress: Progress,
) -> set[int]:
    """Show again what need not be hidden, the most useful first; as many tries as the size allows."""
    universe = counts.universe
    tries = _REVEALS // len(universe.cells)
    extra = sorted(
        hidden - first,
        key=lambda n: (-weight(int(universe.orders[n])), -int(counts.in_cells[n]), n),
    )
    for done, number in enumerate(extra[:tries]):
        progress("reveal", done, len(extra))
        fewer = hidden - {number}
        if not _weak(counts, fewer, history) and not _seen_inside(counts, fewer, history, 1):
            hidden = fewer
    return hidden
