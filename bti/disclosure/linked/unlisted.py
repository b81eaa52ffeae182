"""Combinations of properties that no table shows: readers may still be able to work them out."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Flags, Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.promise import below_threshold
from bti.disclosure.linked.spec import Zeros
from bti.disclosure.tables import TableError

MOST_ENTRIES: Final = 30_000_000
"""Children's combinations times the cells each stands in: what fits into memory."""


class TooManyError(TableError):
    """More combinations than can be looked at."""


def small_unlisted(counts: Counts) -> tuple[tuple[int, ...], ...]:
    """Nodes of each cell that no table has, with somebody in it and too few to be told.

    Left out are cells inside a small cell of a table: where nobody need be in that, nobody need be in
    these. Raises TooManyError.
    """
    universe = counts.universe
    codes, children, homes = _memberships(counts)
    small = children < universe.spec.rules.threshold
    if homes is not None:
        small |= homes < universe.spec.rules.threshold
    sizes = [len(nodes.members) for nodes in universe.nodes]
    listed = np.array(
        [np.ravel_multi_index(cell.nodes, sizes) for cell in universe.cells], dtype=np.int64
    )
    codes = codes[small]
    codes = codes[~np.isin(codes, listed)]
    nodes = np.stack(np.unravel_index(codes, sizes), axis=1)
    if universe.spec.rules.zeros is Zeros.HIDE:
        nodes = nodes[~_inside(nodes, universe, np.flatnonzero(below_threshold(counts)))]
    return tuple(tuple(map(int, one)) for one in nodes)


def largest_of(cells: Sequence[tuple[int, ...]], universe: Universe) -> tuple[tuple[int, ...], ...]:
    """Those that lie inside no other of these cells.

    What lies inside a small cell is small, so it is enough to look one step up in one dimension.
    """
    if not cells:
        return ()
    sizes = [len(nodes.members) for nodes in universe.nodes]
    nodes = np.array(cells, dtype=np.int64)
    codes = np.ravel_multi_index(tuple(nodes.T), sizes)
    inside = np.zeros(len(nodes), dtype=bool)
    for place, known in enumerate(universe.nodes):
        sets = [set(one) for one in known.members]
        for larger, members in enumerate(sets):
            smaller = np.array([one < members for one in sets])
            rows = np.flatnonzero(smaller[nodes[:, place]] & ~inside)
            raised = nodes[rows]
            raised[:, place] = larger
            inside[rows] = np.isin(np.ravel_multi_index(tuple(raised.T), sizes), codes)
    return tuple(cells[int(row)] for row in np.flatnonzero(~inside))


def _memberships(counts: Counts) -> tuple[Whole, Whole, Whole | None]:
    """Each cell with somebody in it, as one number; its children; its households where known."""
    universe = counts.universe
    if counts.homes is None:
        columns, weights = np.flatnonzero(counts.children), None
        weights = counts.children[columns]
    else:
        columns = np.array([child.column for child in counts.people], dtype=np.int64)
        weights = np.ones(len(columns), dtype=np.int64)
    cells, owner = cells_of(universe, columns)
    found, place = np.unique(cells, return_inverse=True)
    children = np.bincount(place, weights=weights[owner], minlength=len(found)).astype(np.int64)
    if counts.homes is None:
        return found, children, None
    pairs = np.unique(np.stack([place, counts.homes[owner]], axis=1), axis=0)
    return found, children, np.bincount(pairs[:, 0], minlength=len(found)).astype(np.int64)


def cells_of(universe: Universe, columns: Whole) -> tuple[Whole, Whole]:
    """Every cell each combination stands in, and whose: the place of the combination."""
    places = np.unravel_index(universe.possible[columns], universe.shape)
    cells = np.zeros(len(columns), dtype=np.int64)
    owner = np.arange(len(columns))
    for codes, nodes in zip(places, universe.nodes, strict=True):
        parents = list(_parents(nodes.members))
        many = np.array([len(one) for one in parents], dtype=np.int64)[codes[owner]]
        if int(many.sum()) > MOST_ENTRIES:
            raise TooManyError("too many combinations of properties to prove")
        flat = np.concatenate(parents)
        starts = np.concatenate(([0], np.cumsum([len(one) for one in parents])))[codes[owner]]
        step = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        chosen = flat[np.repeat(starts, many) + step]
        cells = np.repeat(cells, many) * len(nodes.members) + chosen
        owner = np.repeat(owner, many)
    return cells, owner


def _parents(members: tuple[tuple[int, ...], ...]) -> Iterator[Whole]:
    """For each code the nodes it belongs to."""
    for code in range(max(map(max, members)) + 1):
        yield np.array([n for n, one in enumerate(members) if code in one], dtype=np.int64)


def _inside(nodes: Whole, universe: Universe, cells: Whole) -> Flags:
    """Which of some cells, one a row, lie inside one of the cells of tables."""
    within = []
    for known in universe.nodes:
        sets = [set(one) for one in known.members]
        within.append(np.array([[one <= other for other in sets] for one in sets]))
    found = np.zeros(len(nodes), dtype=bool)
    for number in cells:
        inside = np.ones(len(nodes), dtype=bool)
        for place, node in enumerate(universe.cells[int(number)].nodes):
            if node != universe.nodes[place].total:
                inside &= within[place][nodes[:, place], node]
        found |= inside
    return found
