"""Synthetic tables of counts; nobody is counted in them."""

import random

from bti.disclosure.menu import AGE_BANDS as AGES
from bti.disclosure.menu import LEVELS
from bti.disclosure.tables import Axis, CountTable, Grid, HalfYear, Position

PERIOD = HalfYear(2026, 1)

_LEVEL_WEIGHTS = (6, 8, 4, 1.5)
_AGE_WEIGHTS = (2, 4, 4, 5, 3, 1)


def a_count_table(counts: Grid, structural: frozenset[Position] = frozenset()) -> CountTable:
    """A table of any size with plain codes."""
    return CountTable(
        period=PERIOD,
        rows=Axis("level", tuple(f"level_{row}" for row in range(len(counts)))),
        columns=Axis("age_band", tuple(f"age_{column}" for column in range(len(counts[0])))),
        counts=counts,
        structural=structural,
    )


def a_municipality(children: int, seed: int) -> CountTable:
    """`children` spread over levels and ages as in a municipality that uses the model."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    cells = [(row, column) for row in range(4) for column in range(6)]
    weights = [_LEVEL_WEIGHTS[row] * _AGE_WEIGHTS[column] for row, column in cells]
    drawn = rng.choices(cells, weights, k=children)
    counts = tuple(tuple(drawn.count((row, column)) for column in range(6)) for row in range(4))
    return CountTable(period=PERIOD, rows=LEVELS, columns=AGES, counts=counts)
