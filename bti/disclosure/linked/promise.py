"""What is promised, in numbers: for which cells, and how much readers must reckon with.

A definition, not a search: `suppress`, `verify` and the attackers are all held to it.
"""

from dataclasses import dataclass

import numpy as np

from bti.disclosure.linked.cells import Flags, Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.spec import Method, Zeros

NO_DEMAND = -1


@dataclass(frozen=True, slots=True)
class Demands:
    """For each cell: a number at or under `low` and one at or over `high` must remain possible.

    NO_DEMAND where nothing is asked.
    """

    low: Whole
    high: Whole

    def open_cells(self) -> Whole:
        """Cells of which something is asked."""
        return np.flatnonzero((self.low != NO_DEMAND) | (self.high != NO_DEMAND))


def below_threshold(counts: Counts) -> Flags:
    """Cells with too few children or too few households to be shown.

    Zeros count unless structural, or unless the spec says that a zero tells nothing.
    """
    universe, rules = counts.universe, counts.universe.spec.rules
    small = counts.in_cells < rules.threshold
    households = counts.households_in_cells
    if households is not None:
        small |= households < rules.threshold
    if rules.zeros is Zeros.SHOW:
        small &= counts.in_cells > 0
    found: Flags = small & ~universe.known_zeros
    return found


def withheld(universe: Universe) -> Flags:
    """Cells that break down a population too small to be broken down (spec, `population`)."""
    found = np.zeros(len(universe.cells), dtype=bool)
    for population in universe.spec.populations:
        if population.base >= universe.spec.rules.least_population:
            continue
        named = dict(population.where)
        if not set(named) <= set(universe.names):
            continue
        places = {
            universe.names.index(name): set(
                universe.nodes[universe.names.index(name)].members[
                    universe.nodes[universe.names.index(name)].of_label[label]
                ]
            )
            for name, label in named.items()
        }
        for number, cell in enumerate(universe.cells):
            inside = all(
                set(universe.nodes[place].members[cell.nodes[place]]) <= people
                for place, people in places.items()
            )
            found[number] |= inside and cell.order > len(places)
    return found & ~universe.known_zeros


def must_hide(counts: Counts) -> Flags:
    """Cells that may not be shown as they are, whatever else is shown."""
    found: Flags = below_threshold(counts) | withheld(counts.universe)
    return found


def demands(publication: Publication, counts: Counts) -> Demands:
    """What readers of a publication must reckon with, given what is true.

    - A number below the threshold: with none, and with `threshold` children (one fewer where the
      method itself says that hidden or rounded numbers may be that low).
    - A number withheld for its small population: with `threshold` different numbers around it.
    - Any other hidden number: with another than the true one.
    """
    rules = counts.universe.spec.rules
    truth = counts.in_cells
    low = np.full(len(truth), NO_DEMAND, dtype=np.int64)
    high = low.copy()
    hidden = np.zeros(len(truth), dtype=bool)
    hidden[list(publication.hidden)] = True
    low[hidden], high[hidden] = np.maximum(truth[hidden] - 1, 0), truth[hidden]
    some = hidden & withheld(counts.universe)
    room = rules.threshold // 2
    low[some] = np.maximum(truth[some] - room, 0)
    high[some] = low[some] + rules.threshold
    small = below_threshold(counts)
    low[small] = 0 if rules.zeros is Zeros.HIDE else 1
    many = rules.threshold if publication.method is Method.SUPPRESSION else rules.threshold - 1
    high[small] = many
    return Demands(low, high)
