"""What those who approve are shown: each number as counted, as readers will see it, and why it is hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.promise import below_threshold, withheld
from bti.disclosure.linked.publication import Publication


class Why(StrEnum):
    """Why a number is hidden."""

    SHOWN = "shown"
    IMPOSSIBLE = "nobody can be here"
    ZERO = "zero also tells something"
    SMALL = "too few children"
    POPULATION = "too few children live here for it to be divided"
    BESIDE = "a smaller one could be worked out from it"


@dataclass(frozen=True, slots=True)
class Line:
    """One number of one table. About persons: it stays on the case side."""

    table: tuple[str, ...]
    labels: tuple[str, ...]
    counted: int
    shown: int | None
    why: Why


def lines(publication: Publication, counts: Counts) -> Iterator[Line]:
    """Every number in the order of the tables."""
    universe = publication.universe
    small, alone = below_threshold(counts), withheld(universe)
    truth = counts.in_cells
    for view in universe.tables:
        for labels, cell in view.rows:
            why = Why.BESIDE
            if universe.known_zeros[cell]:
                why = Why.IMPOSSIBLE
            elif publication.shown[cell] is not None:
                why = Why.SHOWN
            elif small[cell]:
                why = Why.SMALL if truth[cell] else Why.ZERO
            elif alone[cell]:
                why = Why.POPULATION
            yield Line(view.dimensions, labels, int(truth[cell]), publication.shown[cell], why)
