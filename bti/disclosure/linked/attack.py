"""Tries to see through published tables: as an outsider, or knowing some children whole.

Works from what was published and nothing else. What it recovers must not have been published; that it
recovers nothing is what `verify` proved beforehand, with the truth to hold it against.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bti.disclosure.linked.promise import NO_DEMAND, Demands
from bti.disclosure.linked.publication import Publication, Range
from bti.disclosure.linked.reader import Reader, Unanswered
from bti.disclosure.linked.spec import Method
from bti.disclosure.linked.verify import HIGH, LOW, Examination, Progress, Weakness, silent


@dataclass(frozen=True, slots=True)
class Recovered:
    """A number an attacker can state, or knows to be between 1 and the threshold.

    `least` and `most` are of the whole cell; an attacker's own cases are counted in both.
    """

    cell: int
    least: int
    most: int


def attack(
    publication: Publication,
    *,
    earlier: Sequence[Range] = (),
    known: Sequence[int] = (),
    progress: Progress = silent,
) -> tuple[Recovered, ...]:
    """Everything that can be recovered, in the order of the cells.

    `known` are columns of children known whole. Raises Unanswered when the solver needs too long, and
    ValueError when no data set agrees with what was published.
    """
    reader = Reader(publication, earlier=earlier, known=known)
    if not reader.can_be():
        raise ValueError("the published numbers contradict each other")
    own = publication.universe.matrix.times(
        np.bincount(np.array(known, dtype=np.int64), minlength=reader.width)
    )
    targets = _targets(publication)
    threshold = publication.universe.spec.rules.threshold
    size = len(publication.shown)
    low, high = np.full(size, NO_DEMAND), np.full(size, NO_DEMAND)
    # To be kept guessing: nobody but her own, or as many as may be shown.
    low[targets], high[targets] = own[targets], np.maximum(own[targets] + 1, threshold - 1)
    unmet = Examination(reader, Demands(low, high), progress).run()
    return tuple(_stated(reader, own, threshold, unmet))


def _targets(publication: Publication) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Hidden numbers; under controlled rounding those that may be small."""
    if publication.method is not Method.CONTROLLED:
        return np.array(publication.hidden, dtype=np.int64)
    least, _ = publication.ranges()
    threshold = publication.universe.spec.rules.threshold
    return np.flatnonzero((least < threshold) & ~publication.universe.known_zeros)


def _stated(
    reader: Reader,
    own: np.ndarray[tuple[int], np.dtype[np.int64]],
    threshold: int,
    unmet: list[Weakness],
) -> Iterator[Recovered]:
    missing = {(one.code, one.cell) for one in unmet}
    if any(code not in (LOW, HIGH) for code, _ in missing):
        raise Unanswered("the solver needs more time")
    matrix = reader.universe.matrix
    for cell in sorted({cell for _, cell in missing}):
        cost = reader.cost_of(matrix.row(cell))
        low = reader.least_cost(cost)
        if low is None:
            raise ValueError("the published numbers contradict each other")
        limited = bool(reader.limited[matrix.row(cell)].all())
        high = reader.least_cost(-cost) if limited else None
        if high is None:
            continue
        most = -high
        exact = low == most
        small = low - own[cell] >= 1 and most - own[cell] < threshold
        if exact or small:
            yield Recovered(cell, low, most)
