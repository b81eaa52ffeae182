"""Sixty cases in every table of one and two of six properties: protected, proven and attacked."""

from __future__ import annotations

import random
from time import process_time
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.side_by_side import Figure
from bti.disclosure.linked.attack import attack
from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.engine import protect
from bti.disclosure.linked.spec import Dimension, Spec, margins

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTHS: Final = {"level": 4, "age": 6, "arena": 8, "category": 8, "sex": 2, "outcome": 4}
CASES: Final = 60
SECONDS: Final = 10.0
KEY: Final = bytes(range(32))


def figures() -> Iterator[Figure]:
    """Processor time against ten seconds, and that nothing is recovered."""
    counts = a_municipality(CASES, order=2)
    begun = process_time()
    outcome = protect(counts, key=KEY)
    took = process_time() - begun
    name = f"{CASES} cases, {len(counts.universe.cells)} linked numbers: protect and verify"
    yield Figure(name, "ms", 1000 * took, 1000 * SECONDS, SECONDS / took, 1.0)
    found = len(attack(outcome.verified.publication))
    yield Figure("  of these recovered by an outsider", "numbers", found, 0, float(found == 0), 1.0)


def a_municipality(cases: int, *, order: int) -> Counts:
    """Cases spread unevenly over six properties; every table of `order` of them is asked for."""
    dimensions = tuple(
        Dimension(name, tuple(f"{name}-{code}" for code in range(length)))
        for name, length in LENGTHS.items()
    )
    universe = Universe(Spec(dimensions, margins(LENGTHS, order)))
    rng = random.Random(1)
    data = np.zeros(universe.matrix.width, dtype=np.int64)
    for _ in range(cases):
        codes = [
            rng.choices(one.codes, [1 / (1 + place / 2) for place in range(len(one.codes))])[0]
            for one in dimensions
        ]
        data[universe.column_of(codes)] += 1
    return Counts(universe, data)
