"""Every data set a reader could imagine, by plain counting. Shares no code with the product's search."""

import random
from functools import cache
from itertools import product
from math import comb

import numpy as np

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts, count
from bti.disclosure.linked.publication import Publication, shown_truth
from bti.disclosure.linked.spec import Dimension, Method, Rules, Spec, margins

MOST_DATA_SETS = 30_000
_SHAPES = ((2, 2), (3, 2), (2, 3), (2, 2, 2), (3, 3), (4, 2), (3, 2, 2))


@cache
def all_data_sets(size, children):
    """Each way to spread so many children over so many combinations, one a row."""
    if size == 1:
        return np.array([[children]], dtype=np.int64)
    blocks = []
    for first in range(children + 1):
        rest = all_data_sets(size - 1, children - first)
        blocks.append(np.insert(rest, 0, first, axis=1))
    return np.concatenate(blocks)


def belongs(universe):
    """For each combination and cell, whether the one is counted in the other; asked one by one."""
    return np.array(
        [
            [
                all(
                    place in nodes.members[node]
                    for place, nodes, node in zip(places, universe.nodes, cell.nodes, strict=True)
                )
                for cell in universe.cells
            ]
            for places in product(*(range(length) for length in universe.shape))
        ],
        dtype=np.int64,
    )


def may_be(publication: Publication, cells):
    """Which data sets (their cells, one a row) readers must reckon with, in the words of each method."""
    rules = publication.universe.spec.rules
    possible = np.ones(len(cells), dtype=bool)
    for number, shown in enumerate(publication.shown):
        value = cells[:, number]
        if shown is None:
            if publication.only_small_hidden:
                possible &= value < rules.threshold
        elif publication.method is Method.SUPPRESSION:
            possible &= value == shown
        elif publication.method is Method.ROUNDING:
            possible &= (value >= rules.threshold) & (abs(value - shown) < rules.base)
        else:
            possible &= abs(value - shown) <= rules.base
    return possible


def remaining(publication: Publication, most_children: int):
    """Every data set of at most so many children that readers must reckon with, one a row."""
    universe = publication.universe
    size = int(np.prod(universe.shape))
    counted = belongs(universe)
    found = []
    for children in range(most_children + 1):
        data = all_data_sets(size, children)
        found.append(data[may_be(publication, data @ counted)])
    return np.concatenate(found)


def intervals(publication: Publication, most_children: int, known=()):
    """Least and most of each cell over all data sets of at most so many children, or None.

    `known` are combinations that must be there, one for each child a reader knows.
    """
    data = remaining(publication, most_children)
    for column in set(known):
        data = data[data[:, column] >= known.count(column)]
    left = data @ belongs(publication.universe)
    return (left.min(axis=0), left.max(axis=0)) if len(left) else None


def a_spec(shape, tables=None, **rules) -> Spec:
    """Dimensions of plain codes."""
    dimensions = tuple(
        Dimension(f"d{place}", tuple(f"{place}{code}" for code in range(length)))
        for place, length in enumerate(shape)
    )
    names = [one.name for one in dimensions]
    return Spec(dimensions, tables or margins(names, 2), rules=Rules(**rules))


def some_counts(rng: random.Random, spec: Spec, children: int) -> Counts:
    """Children spread at random."""
    universe = Universe(spec)
    rows = [{one.name: rng.choice(one.codes) for one in spec.dimensions} for _ in range(children)]
    return count(universe, rows)


def a_small_publication(rng: random.Random, **rules) -> tuple[Publication, Counts, int]:
    """Tables small enough to count out, hidden or rounded carelessly, with how many children to try."""
    while True:
        shape = rng.choice(_SHAPES)
        children = rng.randint(3, 9)
        method = rng.choice((Method.SUPPRESSION, Method.SUPPRESSION, *Method))
        spec = a_spec(shape, threshold=3, base=3, **rules)
        size = Universe(spec).matrix.width
        most = children + (0 if method is Method.SUPPRESSION else 3)
        if comb(most + size, size) <= MOST_DATA_SETS:
            break
    counts = some_counts(rng, spec, children)
    return _masked(rng, counts, method), counts, most


def _masked(rng: random.Random, counts: Counts, method: Method) -> Publication:
    truth = [int(value) for value in counts.in_cells]
    total = counts.universe.cell({})
    if method is Method.SUPPRESSION:
        share = rng.choice((0.3, 0.5, 0.7))
        hidden = [n for n in range(len(truth)) if n != total and rng.random() < share]
        return shown_truth(counts.universe, counts.in_cells, hidden)
    rules = counts.universe.spec.rules
    shown: list[int | None] = []
    for value in truth:
        down = value // rules.base * rules.base
        drawn = value if down == value else rng.choice((down, down + rules.base))
        hide = method is Method.ROUNDING and value < rules.threshold
        shown.append(None if hide else drawn)
    return Publication(counts.universe, method, tuple(shown), method is Method.ROUNDING)
