"""Who knows enough to see that every one of some data sets is wrong: an exhaustive search.

A data set is wrong to whoever knows more children of a combination than it has. Nothing here is left
to a solver: that nobody is found is what the proof about insiders rests on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Flags, Whole

_MOST_LOOKED_AT: Final = 300


class TooLong(Exception):  # noqa: N818 - a limit, not a fault
    """The search has looked at many choices and has found none so far."""


@dataclass(frozen=True)
class Cases:
    """What one can know: a case, with everybody in its household. Equal ones are told once."""

    kinds: tuple[tuple[tuple[int, int], ...], ...]
    """For each kind the combinations of its children, and how many have each."""
    available: tuple[int, ...]
    of_column: Mapping[int, tuple[int, ...]] = field(repr=False)

    @cached_property
    def largest(self) -> int:
        """Children of the largest."""
        return max((sum(many for _, many in kind) for kind in self.kinds), default=0)

    def children(self, kinds: Sequence[int], width: int) -> Whole:
        """How many children of each combination some cases are."""
        found = np.zeros(width, dtype=np.int64)
        for kind in kinds:
            for column, many in self.kinds[kind]:
                found[column] += many
        return found

    def touching(self, columns: Whole) -> tuple[int, ...]:
        """The kinds with a child in some combinations, in order."""
        return tuple(sorted({kind for c in columns for kind in self.of_column.get(int(c), ())}))


class Spoilers:
    """Those who know some cases (`own`) and at most so many others that are not barred."""

    def __init__(
        self, cases: Cases, own: tuple[int, ...], known: Whole, others: int, barred: Flags
    ) -> None:
        """Prepare to search; `known` are the children of `own`."""
        self._cases = cases
        self._others = others
        self._barred = barred
        self._used = Counter(own)
        self._own = known
        self._known: dict[int, int] = {}
        self._family: list[dict[int, int]] = []
        self._seen: set[frozenset[tuple[int, int]]] = set()

    def add(self, data: Whole, truth: Whole) -> None:
        """Take a data set to be spoiled."""
        found = {}
        for column in map(int, np.flatnonzero(data < truth)):
            kinds = self._cases.of_column[column]
            largest = max(dict(self._cases.kinds[kind])[column] for kind in kinds)
            # What cannot be known by so few is no way to spoil it.
            if data[column] < self._own[column] + self._others * largest:
                found[column] = int(data[column])
                self._known[column] = int(self._own[column])
        self._family.append(found)

    def search(self) -> tuple[int, ...] | None:
        """Cases that spoil every data set, or None when no choice does. Raises TooLong."""
        self._seen = set()
        return self._search((), self._others)

    def greedy(self) -> tuple[int, ...]:
        """Cases that spoil many of them."""
        chosen: list[int] = []
        while len(chosen) < self._others:
            ways = self._ways()
            degrees = Counter(kind for one in ways for kind in one)
            if not degrees:
                break
            chosen.append(max(degrees, key=lambda kind: (degrees[kind], kind)))
            self._learn(chosen[-1], 1)
        for kind in chosen:
            self._learn(kind, -1)
        return tuple(chosen)

    def _ways(self) -> list[set[int]]:
        """For each data set that is not spoiled, the cases to know one more of; the fewest first."""
        found = []
        for one in self._family:
            if any(self._known[column] > many for column, many in one.items()):
                continue
            found.append(
                {
                    kind
                    for column in one
                    for kind in self._cases.of_column[column]
                    if not self._barred[kind] and self._used[kind] < self._cases.available[kind]
                }
            )
        return sorted(found, key=len)

    def _search(self, chosen: tuple[int, ...], others: int) -> tuple[int, ...] | None:
        ways = self._ways()
        if not ways:
            return chosen
        mark = frozenset(Counter(chosen).items())
        if mark in self._seen or _too_few(ways, others):
            return None
        self._seen.add(mark)
        if len(self._seen) > _MOST_LOOKED_AT:
            raise TooLong
        for kind in sorted(ways[0]):
            self._learn(kind, 1)
            try:
                found = self._search((*chosen, kind), others - 1)
            finally:
                self._learn(kind, -1)
            if found is not None:
                return found
        return None

    def _learn(self, kind: int, sign: int) -> None:
        self._used[kind] += sign
        for column, many in self._cases.kinds[kind]:
            if column in self._known:
                self._known[column] += sign * many


def _too_few(ways: Sequence[set[int]], others: int) -> bool:
    """Whether so few more cases cannot spoil all of these, whichever they are."""
    if others == 0 or not ways[0]:
        return True
    apart, taken = 0, set[int]()
    for one in ways:
        if taken.isdisjoint(one):
            apart += 1
            taken |= one
    if apart > others:
        return True
    degrees = Counter(kind for one in ways for kind in one)
    return sum(many for _, many in degrees.most_common(others)) < len(ways)
