"""Percentages, worked out from what is shown and from nothing else: so they tell nothing that is not told."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bti.disclosure.linked.publication import Publication

_TENTH: Final = Decimal("0.1")


def percentage(publication: Publication, cell: int, dimension: str) -> Decimal | None:
    """A cell in per cent of the total over a dimension, to one decimal, or None.

    None where one of the two numbers is not shown, or where the number or what remains of the total is
    under the threshold.
    """
    universe = publication.universe
    threshold = universe.spec.rules.threshold
    place = universe.names.index(dimension)
    nodes = list(universe.cells[cell].nodes)
    nodes[place] = universe.nodes[place].total
    whole = universe.number_of.get(tuple(nodes))
    part = publication.shown[cell]
    total = None if whole is None else publication.shown[whole]
    if part is None or total is None or not total:
        return None
    if whole != cell and (part < threshold or total - part < threshold):
        return None
    return (100 * Decimal(part) / Decimal(total)).quantize(_TENTH, rounding=ROUND_HALF_UP)
