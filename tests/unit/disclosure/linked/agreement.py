"""The verifier beside plain counting."""

import random

from bti.disclosure.linked.promise import NO_DEMAND, demands
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.verify import HIGH, LOW, Examination, Weakness
from tests.unit.disclosure.linked.all_data_sets import a_small_publication, intervals


def _by_counting(publication, counts, most):
    """What an examination should find, from the list of all data sets."""
    asked = demands(publication, counts)
    low, high = intervals(publication, most)
    weak = set()
    for cell in range(len(low)):
        if asked.low[cell] != NO_DEMAND and low[cell] > asked.low[cell]:
            weak.add(Weakness(LOW, cell))
        if asked.high[cell] != NO_DEMAND and high[cell] < asked.high[cell]:
            weak.add(Weakness(HIGH, cell))
    return weak


def agreements(seed: int, tables: int) -> tuple[int, int]:
    """How many random tables were compared and how many of them were weak; raises at the first quarrel.

    `python -m benchmarks.small_worlds` runs ten thousand of them.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    weak = 0
    for number in range(tables):
        publication, counts, most = a_small_publication(rng)
        expected = _by_counting(publication, counts, most)
        for start in (counts.children, None):
            reader = Reader(publication, start=start)
            found = set(Examination(reader, demands(publication, counts)).run())
            assert found == expected, f"table {number} of seed {seed}: {publication.shown}"
        weak += bool(expected)
    return tables, weak
