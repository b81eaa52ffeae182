"""What a reader can work out: all data sets that agree with what has been stated.

The linear and whole-number half of verification and of attack. Knows no secret unless it is handed
one (`start`, `known`); a data set counts only after it has been added up.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import SPARSE, Flags, Incidence, Real, Universe, Whole, incidence
from bti.disclosure.linked.leeway import Leeway
from bti.disclosure.linked.propagate import propagate
from bti.disclosure.linked.publication import UNLIMITED, Publication, Range
from bti.disclosure.linked.quantiles import statements
from bti.disclosure.linked.solver import Programme, rounded

_NEVER: Final = np.iinfo(np.int64).max
FEW: Final = 3_000
"""With so many combinations or fewer, a search looks at all of them from the beginning."""


class Unanswered(Exception):  # noqa: N818 - a limit of time, not a fault
    """The solver found no final answer in time."""


class Reader:
    """Everybody who has read a publication, and what was stated before.

    `earlier` are statements made before about the same children. `known` are children a reader knows
    whole, as columns: every data set must have them. `start` is a data set to begin from; readers
    have none and need none.
    """

    def __init__(
        self,
        publication: Publication,
        *,
        earlier: Sequence[Range] = (),
        known: Sequence[int] = (),
        start: Whole | None = None,
    ) -> None:
        """Set up what is stated. Takes memory in proportion to tables times combinations."""
        self.universe = publication.universe
        self.width = self.universe.matrix.width
        least, most = publication.ranges()
        stated = np.flatnonzero((least > 0) | (most != UNLIMITED))
        stated = stated[~self.universe.known_zeros[stated]]
        rows = [self.universe.matrix.row(int(number)) for number in stated]
        earlier = (*statements(publication), *earlier)
        weights = [np.ones(len(row), dtype=np.int64) for row in rows]
        for one in earlier:
            ones = np.ones(len(one.columns), dtype=np.int64)
            weights.append(ones if one.weights is None else one.weights)
        self.rows = incidence([*rows, *(one.columns for one in earlier)], self.width, weights)
        self.least = np.array([*least[stated], *(one.least for one in earlier)], dtype=np.int64)
        self.most = np.array([*most[stated], *(one.most for one in earlier)], dtype=np.int64)
        self.bounds = propagate(self.universe, least, most)
        self.own = np.bincount(np.array(known, dtype=np.int64), minlength=self.width)
        self._room = int(self.own.max(initial=0))
        cells = len(self.universe.cells)
        self.low_seen = np.full(cells, _NEVER)
        self.high_seen = np.full(cells, -1)
        self.witnesses = 0
        self.last: Whole | None = None
        self._added: tuple[Whole, Whole, Whole] | None = None
        self._near: Whole | None = None
        if start is not None and self.take(start) and self.width > FEW:
            self._near = neighbours(self.universe, start)

    def take(self, data: Whole) -> bool:
        """Remember a data set if it agrees with everything stated; says whether it does."""
        sums, cells = self._added_up(data)
        fits = bool(
            (data >= self.own).all()
            and (sums >= self.least).all()
            and ((self.most == UNLIMITED) | (sums <= self.most)).all()
        )
        if fits:
            np.minimum(self.low_seen, cells, out=self.low_seen)
            np.maximum(self.high_seen, cells, out=self.high_seen)
            self.witnesses += 1
            self.last = data
        return fits

    def _added_up(self, data: Whole) -> tuple[Whole, Whole]:
        """What a data set has in each stated row and in each cell.

        Exact: the first is added up whole, and of those that differ from it in little only the difference.
        """
        if self._added is not None:
            first, sums, cells = self._added
            difference = data - first
            if np.count_nonzero(difference) * SPARSE < self.width:
                return (
                    sums + self.rows.times(difference),
                    cells + self.universe.matrix.times(difference),
                )
        sums, cells = self.rows.times(data), self.universe.matrix.times(data)
        self._added = (data.copy(), sums, cells)
        return sums, cells

    def know(self, own: Whole) -> None:
        """Be somebody else: who knows so many children of each combination, and the same statements.

        What was found before was found by somebody who knew others; callers must ask again.
        """
        changed = np.flatnonzero(own != self.own)
        self.own = own
        if int(own.max(initial=0)) > self._room:
            self._room = int(own.max())
            self.__dict__.pop("_all", None)
            self.__dict__.pop("_small", None)
            return
        if "_all" in self.__dict__:
            self._all.at_least(changed, own[changed])
        if "_small" in self.__dict__ and self._near is not None:
            programme, columns = self._small
            places = np.searchsorted(columns, changed)
            places[places == len(columns)] = 0
            inside = columns[places] == changed
            programme.at_least(places[inside], own[changed[inside]])

    def can_be(self) -> bool:
        """Whether any data set agrees with everything stated. Raises Unanswered."""
        if self.witnesses:
            return True
        found, final = self._all.whole(np.zeros(self.width), seconds=120.0)
        if found is None and not final:
            raise Unanswered("no data set was found in time")
        return found is not None and self.take(found)

    def pull(self, cost: Real, *, seconds: float) -> None:
        """Take a cheap data set, found in a part of the search space; as cheap as time allows."""
        programme, columns = self._small
        part = cost[columns]
        solution = programme.relaxed(part)
        data = None if solution is None else rounded(solution)
        if data is None:
            start = None if self.last is None else self.last[columns]
            data, _ = programme.whole(part, seconds=seconds, start=start)
        if data is not None:
            self.take(_spread(data, columns, self.width))

    def reach(self, cost: Real, target: int, *, seconds: float = 60.0) -> bool:
        """Whether some data set has a cost (-1, 0 or 1 for each combination) of at most `target`.

        Exact both ways; raises Unanswered. A data set that does so is remembered.
        """
        programme, columns = self._small
        verdict = self._try(programme, columns, cost, target, seconds)
        if verdict is not True and len(columns) < self.width:
            verdict = self._try(self._all, np.arange(self.width), cost, target, seconds)
        if verdict is None:
            raise Unanswered("the solver needs more time")
        return verdict

    def least_cost(self, cost: Real, *, seconds: float = 60.0) -> int | None:
        """The exact least of such a cost, or None if no data set agrees. Raises Unanswered."""
        solution = self._all.relaxed(cost)
        data = None if solution is None else rounded(solution)
        if data is None or not self.take(data):
            data, final = self._all.whole(cost, seconds=seconds)
            if not final:
                raise Unanswered("the solver needs more time")
            if data is None or not self.take(data):
                return None
        return int(np.rint(cost) @ data)

    def cost_of(self, columns: Whole) -> Real:
        """One for each child in some combinations."""
        cost = np.zeros(self.width)
        cost[columns] = 1.0
        return cost

    def leeway(self, data: Whole) -> Leeway:
        """How far a data set that agrees may be changed in single combinations."""
        return Leeway(self.rows, self.least, self.most, data)

    @cached_property
    def limited(self) -> Flags:
        """Combinations that some statement limits from above."""
        found = np.zeros(self.width, dtype=bool)
        for number in np.flatnonzero(self.most != UNLIMITED):
            found[self.rows.row(int(number))] = True
        return found

    def _try(
        self, programme: Programme, columns: Whole, cost: Real, target: int, seconds: float
    ) -> bool | None:
        """True: reached. False: proved impossible among these columns. None: no answer in time."""
        part = cost[columns]
        solution = programme.relaxed(part)
        if solution is None or float(part @ solution) > target + 1e-6:
            return False
        data, final = rounded(solution), True
        if data is None:
            data, final = programme.whole(part, seconds=seconds, target=float(target))
        if data is not None:
            data = _spread(data, columns, self.width)
            if self.take(data) and int(np.rint(cost) @ data) <= target:
                return True
        return False if final else None

    @cached_property
    def _all(self) -> Programme:
        return self._programme(self.rows, self.own)

    @cached_property
    def _small(self) -> tuple[Programme, Whole]:
        if self._near is None:
            return self._all, np.arange(self.width)
        rows = self.rows.restricted(np.arange(self.rows.height), self._near)
        return self._programme(rows, self.own[self._near]), self._near

    def _programme(self, rows: Incidence, floor: Whole) -> Programme:
        # No combination needs more: enough for any stated sum and for the highest promise besides.
        ceiling = int(self.most.max(initial=0) + self.least.max(initial=0) + self._room)
        ceiling += 2 * self.universe.spec.rules.threshold
        return Programme(rows, self.least, self.most, floor=floor, ceiling=ceiling)


def neighbours(universe: Universe, data: Whole) -> Whole:
    """The combinations that occur, and those that differ from one of them in one dimension."""
    seen = np.zeros(int(np.prod(universe.shape)), dtype=bool)
    seen[universe.possible[np.flatnonzero(data)]] = True
    there = seen.reshape(universe.shape)
    near = there.copy()
    for axis in range(there.ndim):
        near |= there.any(axis=axis, keepdims=True)
    return np.flatnonzero(near.ravel()[universe.possible]).astype(np.int64)


def _spread(part: Whole, columns: Whole, width: int) -> Whole:
    if len(columns) == width:
        return part
    data = np.zeros(width, dtype=np.int64)
    data[columns] = part
    return data
