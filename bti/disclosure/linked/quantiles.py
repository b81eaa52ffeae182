"""Medians and quartiles: which band of an ordered dimension they lie in, never the value itself.

That a median lies in a band says how children are spread over it: at least half are in it or below, and
fewer than half below it. These statements are proven together with the tables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from bti.disclosure.linked.cells import Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.publication import UNLIMITED, Publication, Range
from bti.disclosure.linked.spec import Quantile, SpecError

_WHOLE: int = 100


@dataclass(frozen=True, slots=True)
class Place:
    """One quantile of one group: `part` in a hundred of the children of a cell."""

    asked: Quantile
    part: int
    cell: int


def places(universe: Universe) -> tuple[Place, ...]:
    """Every quantile the spec asks for, in order. Raises SpecError where a group is in no table."""
    found = []
    for asked in universe.spec.quantiles:
        group = [universe.names.index(name) for name in asked.within]
        numbers = [
            number
            for number, cell in enumerate(universe.cells)
            if all(
                (node != nodes.total) <= (place in group)
                for place, (node, nodes) in enumerate(zip(cell.nodes, universe.nodes, strict=True))
            )
        ]
        if not numbers or not any(set(asked.within) <= set(one) for one in universe.spec.tables):
            raise SpecError(
                f"quantiles of {asked.dimension}: no table has {', '.join(asked.within)}"
            )
        found += [Place(asked, part, number) for number in numbers for part in asked.parts]
    return tuple(found)


def band_of(counts: Counts, place: Place) -> int | None:
    """The band a quantile truly lies in, or None where there are too few to tell it."""
    universe = counts.universe
    columns = universe.matrix.row(place.cell)
    many = int(counts.in_cells[place.cell])
    homes = counts.households_in_cells
    if many < place.asked.least or (homes is not None and homes[place.cell] < place.asked.least):
        return None
    bands = _bands(universe, place, columns)
    sizes = np.bincount(
        np.repeat(bands, counts.children[columns]),
        minlength=len(universe.spec.dimension(place.asked.dimension).codes),
    )
    return int(np.flatnonzero(_WHOLE * np.cumsum(sizes) >= place.part * many)[0])


def with_quantiles(publication: Publication, counts: Counts, parts: Sequence[int]) -> Publication:
    """The same numbers and those quantiles whose part is among `parts`, of groups that are shown."""
    bands = tuple(
        band_of(counts, place)
        if place.part in parts and _surely_enough(publication, place)
        else None
        for place in places(publication.universe)
    )
    return Publication(
        publication.universe,
        publication.method,
        publication.shown,
        only_small_hidden=publication.only_small_hidden,
        bands=bands,
    )


def statements(publication: Publication) -> Iterator[Range]:
    """What the shown quantiles say of the children, in whole numbers."""
    universe = publication.universe
    if not publication.bands:
        return
    for place, band in zip(places(universe), publication.bands, strict=True):
        if band is None:
            continue
        columns = universe.matrix.row(place.cell)
        bands = _bands(universe, place, columns)
        common = gcd(place.part, _WHOLE)
        part, whole = place.part // common, _WHOLE // common
        yield Range(columns, 0, UNLIMITED, np.where(bands <= band, whole - part, -part))
        yield Range(columns, 1, UNLIMITED, np.where(bands >= band, part, part - whole))


def wrong_quantiles(publication: Publication, counts: Counts) -> bool:
    """Whether one is shown that is not true, or of too few, or of a hidden group."""
    if not publication.bands:
        return False
    return any(
        band is not None
        and (band != band_of(counts, place) or not _surely_enough(publication, place))
        for place, band in zip(places(publication.universe), publication.bands, strict=True)
    )


def _surely_enough(publication: Publication, place: Place) -> bool:
    """Whether readers know already that a group is large enough: then that it has a median tells nothing."""
    value = publication.shown[place.cell]
    return value is not None and value - publication.slack >= place.asked.least


def _bands(universe: Universe, place: Place, columns: Whole) -> Whole:
    axis = universe.names.index(place.asked.dimension)
    found: Whole = np.unravel_index(universe.possible[columns], universe.shape)[axis]
    return found
