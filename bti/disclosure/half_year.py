"""The menu in the terms of the engine: its space, its rules, and children counted into it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Child, Counts
from bti.disclosure.linked.engine import Outcome, protect
from bti.disclosure.linked.history import History, Past
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.spec import Dimension, Method, Population, Rules, Spec
from bti.disclosure.linked.verify import Progress, silent
from bti.disclosure.menu import AGE, DIMENSIONS, NOT_DIVIDED, TABLES, title
from bti.disclosure.tables import HalfYear, TableError

RULES: Final = Rules(
    # Controlled rounding never passed the proof for insiders where a group is known to be all or
    # nothing, and suppression took ten times the time to show less.
    methods=(Method.ROUNDING,),
)


class TooFewError(TableError):
    """There are fewer children than the threshold: nothing can be told of them."""


def spec_of(period: HalfYear, population: Mapping[str, int]) -> Spec:
    """The tables of a half-year in a municipality with so many children in each age band."""
    dimensions = tuple(Dimension(name, (*codes, NOT_DIVIDED)) for name, codes in DIMENSIONS.items())
    first, *others = DIMENSIONS
    structural: list[tuple[tuple[str, tuple[str, ...]], ...]] = []
    for other in others:
        # Divided by all dimensions or by none; everybody knows it.
        structural.append(((first, (NOT_DIVIDED,)), (other, DIMENSIONS[other])))
        structural.append(((first, DIMENSIONS[first]), (other, (NOT_DIVIDED,))))
    return Spec(
        dimensions=dimensions,
        tables=TABLES,
        title=title(period),
        period=str(period),
        rules=RULES,
        structural=tuple(structural),
        populations=tuple(
            Population(((AGE, band),), number) for band, number in population.items()
        ),
        unit_column="unit",
    )


def counted(universe: Universe, children: Iterable[tuple[str, Sequence[str]]]) -> Counts:
    """Count children, each with who it is and its codes in the order of DIMENSIONS.

    Raises TableError for a code that is not in the menu, or that cannot stand with another.
    """
    people = []
    for unit, codes in children:
        try:
            column = universe.column_of(list(codes))
        except (KeyError, ValueError):
            column = -1
        if column < 0:
            raise TableError("a child's codes are not in the menu")
        people.append(Child(unit, "", column))
    columns = np.array([one.column for one in people], dtype=np.int64)
    return Counts(universe, np.bincount(columns, minlength=len(universe.possible)), tuple(people))


def protected(
    period: HalfYear,
    population: Mapping[str, int],
    children: Sequence[tuple[str, Sequence[str]]],
    earlier: Sequence[tuple[Publication, Sequence[tuple[str, Sequence[str]]]]],
    key: bytes,
    progress: Progress = silent,
) -> tuple[Outcome, Counts]:
    """Tables that the verifier has passed, together with everything published before.

    ``earlier`` are releases with the children they were counted from, all of this municipality.
    Raises TooFewError, and NotSafe when no safe tables are found; then nothing may be published.
    """
    if len(children) < RULES.threshold:
        raise TooFewError(f"fewer than {RULES.threshold} children")
    universe = Universe(spec_of(period, population))
    counts = counted(universe, children)
    pasts = [Past(one, counted(universe, then)) for one, then in earlier]
    return protect(counts, key=key, history=History(counts, pasts), progress=progress), counts
