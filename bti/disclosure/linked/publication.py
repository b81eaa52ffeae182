"""What readers get: a number or nothing for every cell, and what the method lets them conclude."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe, Whole
from bti.disclosure.linked.spec import Method
from bti.disclosure.tables import TableError

UNLIMITED: Final = -1
"""No upper end."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is stated of a set of combinations: at least and, unless UNLIMITED, at most.

    With `weights`, of the sum in which each child of a combination counts so much.
    """

    columns: Whole
    least: int
    most: int
    weights: Whole | None = None


@dataclass(frozen=True)
class Publication:
    """Every table with what is shown. A proposal until `verify` has passed it."""

    universe: Universe
    method: Method
    shown: tuple[int | None, ...]
    """One for each cell of the universe; None is hidden."""
    only_small_hidden: bool = False
    """Whether a reader may conclude that each hidden number is under the threshold."""
    bands: tuple[int | None, ...] = ()
    """For each quantile of the spec the band it lies in, None if it is not shown; or none at all."""

    def __post_init__(self) -> None:
        if len(self.shown) != len(self.universe.cells):
            raise TableError("the numbers do not fit the tables")
        if any(value is not None and value < 0 for value in self.shown):
            raise TableError("a published number is negative")
        if any(
            self.shown[int(number)] != 0 for number in np.flatnonzero(self.universe.known_zeros)
        ):
            raise TableError("a structural zero is not shown as zero")

    @property
    def hidden(self) -> tuple[int, ...]:
        """Numbers of the hidden cells."""
        return tuple(number for number, value in enumerate(self.shown) if value is None)

    @property
    def slack(self) -> int:
        """How far from the truth a shown number may be."""
        base = self.universe.spec.rules.base
        return {Method.SUPPRESSION: 0, Method.ROUNDING: base - 1, Method.CONTROLLED: base}[
            self.method
        ]

    def ranges(self) -> tuple[Whole, Whole]:
        """What every reader knows of each cell at once: least, and most or UNLIMITED."""
        least = np.zeros(len(self.shown), dtype=np.int64)
        most = np.full(len(self.shown), UNLIMITED, dtype=np.int64)
        threshold = self.universe.spec.rules.threshold
        for number, value in enumerate(self.shown):
            if value is not None:
                floor = threshold if self.method is Method.ROUNDING else 0
                least[number] = max(floor, value - self.slack)
                most[number] = value + self.slack
            elif self.only_small_hidden:
                most[number] = threshold - 1
        zeros = self.universe.known_zeros
        least[zeros] = 0
        most[zeros] = 0
        return least, most


def shown_truth(universe: Universe, truth: Whole, hidden: Sequence[int]) -> Publication:
    """The true numbers, but for some. Makes no promise about safety."""
    shown: list[int | None] = [int(value) for value in truth]
    for number in hidden:
        shown[number] = None
    return Publication(universe, Method.SUPPRESSION, tuple(shown))
