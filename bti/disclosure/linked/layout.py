"""Tables and quantiles as lines of fields, for every format alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bti.disclosure.linked.cells import TableView
from bti.disclosure.linked.derived import percentage
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.quantiles import places

HIDDEN: Final = ":"
"""Confidential, as with Statistics Norway."""
IMPOSSIBLE: Final = "."
"""Cannot occur."""
CHILDREN: Final = "children"

Field = str | int | Decimal
"""A sign or a label is text; numbers are numbers."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its name, the names of its columns, and its lines; the first columns are labels."""

    name: str
    columns: tuple[str, ...]
    labels: int
    lines: tuple[tuple[Field, ...], ...]


def sheets(publication: Publication) -> Iterator[Sheet]:
    """Every table in the order of the spec, then the quantiles."""
    for number, view in enumerate(publication.universe.tables, start=1):
        name = f"{number:02d}-" + "-".join(view.dimensions or ("total",))
        percent = of_percent(publication, view)
        columns = (*view.dimensions, CHILDREN, *(f"percent of {one}" for one in percent))
        yield Sheet(
            name,
            columns,
            len(view.dimensions),
            tuple(
                (
                    *labels,
                    number_or_sign(publication, cell),
                    *(percent_or_sign(publication, cell, one) for one in percent),
                )
                for labels, cell in view.rows
            ),
        )
    yield from _quantiles(publication)


def of_percent(publication: Publication, view: TableView) -> tuple[str, ...]:
    """The dimensions of a table over whose total its numbers are shown in per cent."""
    return tuple(one for one in publication.universe.spec.percentages if one in view.dimensions)


def number_or_sign(publication: Publication, cell: int) -> int | str:
    """What is shown of a cell."""
    if publication.universe.known_zeros[cell]:
        return IMPOSSIBLE
    value = publication.shown[cell]
    return HIDDEN if value is None else value


def percent_or_sign(publication: Publication, cell: int, dimension: str) -> Decimal | str:
    """What is shown of a cell in per cent."""
    if publication.universe.known_zeros[cell]:
        return IMPOSSIBLE
    value = percentage(publication, cell, dimension)
    return HIDDEN if value is None else value


def _quantiles(publication: Publication) -> Iterator[Sheet]:
    universe = publication.universe
    asked = places(universe)
    bands = publication.bands or (None,) * len(asked)
    for number, one in enumerate(universe.spec.quantiles, start=1):
        codes = universe.spec.dimension(one.dimension).codes
        lines: list[tuple[Field, ...]] = []
        for place, band in zip(asked, bands, strict=True):
            if place.asked is one:
                said = universe.describe(place.cell)
                labels = tuple(said.get(name, "_T") for name in one.within)
                lines.append((*labels, place.part, HIDDEN if band is None else codes[band]))
        yield Sheet(
            f"quantiles-{number:02d}-{one.dimension}",
            (*one.within, "part in 100", one.dimension),
            len(one.within),
            tuple(lines),
        )
