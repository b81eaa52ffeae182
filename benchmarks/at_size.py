"""Twenty thousand cases: the half-year's menu beside an earlier one, and every table of two of six properties."""

from __future__ import annotations

import random
from time import process_time
from typing import TYPE_CHECKING, Final

from benchmarks.linked import KEY, a_municipality
from benchmarks.side_by_side import Figure
from bti.disclosure.half_year import protected
from bti.disclosure.linked.engine import protect
from bti.disclosure.menu import AGE, DIMENSIONS
from bti.disclosure.tables import HalfYear

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES: Final = 20_000
SECONDS: Final = 300.0
_CAME: Final = 10
"""One in so many has left when the second half-year is counted, and as many have come."""
_CHANGED: Final = 0.3


def figures() -> Iterator[Figure]:
    """Processor time against five minutes."""
    rng = random.Random(1)
    population = dict.fromkeys(DIMENSIONS[AGE], 4 * CASES)
    then = [_child(rng, f"{number}") for number in range(CASES)]
    come = [_child(rng, f"new-{number}") for number in range(CASES // _CAME)]
    now = [
        _child(rng, name) if rng.random() < _CHANGED else (name, codes)
        for name, codes in then[len(come) :] + come
    ]
    begun = process_time()
    first, _ = protected(HalfYear(2026, 1), population, then, [], KEY)
    yield _within(f"{CASES} children, the half-year's menu", begun)
    begun = process_time()
    protected(HalfYear(2026, 2), population, now, [(first.verified.publication, then)], KEY)
    yield _within("  the same together with an earlier half-year", begun)
    counts = a_municipality(CASES, order=2)
    begun = process_time()
    protect(counts, key=KEY)
    yield _within(f"{CASES} cases, {len(counts.universe.cells)} linked numbers", begun)


def _child(rng: random.Random, name: str) -> tuple[str, tuple[str, ...]]:
    codes = (
        rng.choices(one, [1 / (1 + place / 2) for place in range(len(one))])[0]
        for one in DIMENSIONS.values()
    )
    return name, tuple(codes)


def _within(name: str, begun: float) -> Figure:
    took = process_time() - begun
    return Figure(name, "ms", 1000 * took, 1000 * SECONDS, SECONDS / took, 1.0)
