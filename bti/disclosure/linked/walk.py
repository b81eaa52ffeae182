"""Stage 3 by small steps: one child changes one property, or two children swap one.

Each step keeps to everything stated, so every stop on the way is a data set readers cannot tell from
the true one. Fast where the solver is slow, and proves nothing when it gets stuck. A step takes as long for
twenty thousand children as for sixty: children of one combination are not told apart, and only what a step changes
is added up.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bti.disclosure.linked.cells import Box, Whole
from bti.disclosure.linked.publication import UNLIMITED
from bti.disclosure.linked.reader import Reader

_TRIED_CHILDREN: Final = 24
_TRIED_PARTNERS: Final = 160
_MOST_ENTRIES: Final = 120_000_000
_FREE: Final = 1 << 30
_FEW_TIMES: Final = 8
"""Of many more numbers than are wanted only those that are taken are put in order."""

_ADDED_AT_ONCE: Final = 4
"""So many rows of `inside` are added for the change of one step."""

_Small = npt.NDArray[np.signedinteger[Any]]


class Walk:
    """A data set changed step by step within what is stated."""

    def __init__(self, reader: Reader, start: Whole) -> None:
        """Begin at a data set that agrees with everything stated."""
        self._reader = reader
        universe = reader.universe
        self._universe = universe
        self._column = np.full(int(np.prod(universe.shape)), -1, dtype=np.int64)
        self._column[universe.possible] = np.arange(len(universe.possible))
        self._strides = np.array(
            [int(np.prod(universe.shape[place + 1 :])) for place in range(len(universe.shape))]
        )
        self._codes = np.stack(np.unravel_index(universe.possible, universe.shape), axis=1)
        heaviest = int(np.abs(reader.rows.weights).max(initial=0))
        narrow = heaviest * _ADDED_AT_ONCE <= np.iinfo(np.int8).max
        self._room = np.iinfo(np.int8).max if narrow else _FREE
        self._inside: _Small = np.zeros(
            (reader.width, reader.rows.height), dtype=np.int8 if narrow else np.int32
        )
        for row in range(reader.rows.height):
            self._inside[reader.rows.row(row), row] = reader.rows.weights_of(row)
        self._most = np.where(reader.most == UNLIMITED, _FREE, reader.most)
        # The order of trying and nothing else; a fixed seed, so that anybody may repeat it.
        self._random = np.random.default_rng(7)
        self._at_start = start.copy()
        self._sums_at_start = reader.rows.times(start)
        self.restart()

    @staticmethod
    def fits(reader: Reader) -> bool:
        """Whether the work is small enough to be done this way."""
        return reader.width > 0 and reader.width * reader.rows.height <= _MOST_ENTRIES

    def restart(self) -> None:
        """Go back to the first data set."""
        self._data = self._at_start.copy()
        self._sums = self._sums_at_start.copy()
        self._look_around()

    def bring(self, box: Box, *, down: bool, wanted: int) -> bool:
        """Bring the children in a box to `wanted` or beyond, step by step; says whether it can be done."""
        inside = self._universe.columns_in(box)
        while True:
            now = int(self._data[inside].sum())
            if (now <= wanted) if down else (now >= wanted):
                return self._reader.take(self._data.copy())
            if not (self._out(box, inside) if down else self._in(box, inside)):
                return False

    def shake(self, steps: int) -> None:
        """Change so many children at random, as far as that is possible: another place to start from."""
        for column in self._some(self._moving(), steps):
            if self._data[column] <= self._reader.own[column]:
                continue
            place = int(self._random.integers(len(self._strides)))
            mine = self._codes[column, place]
            codes = np.arange(self._universe.shape[place])
            partners = self._moving()
            partners = partners[self._codes[partners, place] != mine]
            self._step(int(column), place, codes[codes != mine], _these(partners))

    def _moving(self, columns: Whole | None = None) -> Whole:
        """The combinations, all or of these, with a child that readers do not know."""
        if columns is None:
            return np.flatnonzero(self._data > self._reader.own)
        return columns[self._data[columns] > self._reader.own[columns]]

    def _out(self, box: Box, inside: Whole) -> bool:
        members = self._some(self._moving(inside), _TRIED_CHILDREN)
        return bool(len(members)) and (self._gone(members) or self._one_out(box, members))

    def _in(self, box: Box, inside: Whole) -> bool:
        return self._new(inside) or self._one_in(box)

    def _gone(self, members: Whole) -> bool:
        """One child fewer, where what is stated leaves that open."""
        change = -self._inside[members]
        allowed = self._allowed(change)
        if not len(allowed):
            return False
        self._data[members[allowed[0]]] -= 1
        self._move_sums(change[allowed[0]])
        return True

    def _new(self, inside: Whole) -> bool:
        """One child more, where what is stated leaves that open."""
        columns = self._some(inside, _TRIED_PARTNERS)
        change = self._inside[columns]
        allowed = self._allowed(change)
        if not len(allowed):
            return False
        self._data[columns[allowed[0]]] += 1
        self._move_sums(change[allowed[0]])
        return True

    def _one_out(self, box: Box, members: Whole) -> bool:
        for child in members:
            for place in self._places(box):
                outside = np.flatnonzero(~box[place])

                def partners(place: int = place) -> Whole:
                    # One must not come in by the same step.
                    found = self._moving()
                    found = found[~box[place][self._codes[found, place]]]
                    others = np.ones(len(found), dtype=bool)
                    for other in range(len(box)):
                        if other != place:
                            others &= box[other][self._codes[found, other]]
                    chosen: Whole = found[~others]
                    return chosen

                if self._step(int(child), place, outside, partners):
                    return True
        return False

    def _one_in(self, box: Box) -> bool:
        moving = self._moving()
        fits = np.stack(
            [codes[self._codes[moving, place]] for place, codes in enumerate(box)], axis=1
        )
        missing = len(box) - np.count_nonzero(fits, axis=1)
        for number in self._some(np.flatnonzero(missing == 1), _TRIED_CHILDREN):
            place = int(np.flatnonzero(~fits[number])[0])
            partners = moving[fits[:, place] & (missing > 0)]
            codes = np.flatnonzero(box[place])
            if self._step(int(moving[number]), place, codes, _these(partners)):
                return True
        return False

    def _step(self, child: int, place: int, codes: Whole, partners: Callable[[], Whole]) -> bool:
        """Give a child of a combination another code, or swap with a partner; the first way that is possible."""
        stride = int(self._strides[place])
        mine, own = int(self._universe.possible[child]), int(self._codes[child, place])
        there = self._column[mine + (self._some(codes, len(codes)) - own) * stride]
        there = there[there >= 0]
        change = self._inside[there] - self._inside[child]
        allowed = self._allowed(change)
        if len(allowed):
            self._data[child] -= 1
            self._data[there[allowed[0]]] += 1
            self._move_sums(change[allowed[0]])
            return True
        found = self._some(partners(), _TRIED_PARTNERS)
        shift = (self._codes[found, place] - own) * stride
        mine_then = self._column[mine + shift]
        theirs_then = self._column[self._universe.possible[found] - shift]
        possible = (mine_then >= 0) & (theirs_then >= 0)
        found, mine_then, theirs_then = found[possible], mine_then[possible], theirs_then[possible]
        change = self._inside[mine_then] + self._inside[theirs_then]
        change -= self._inside[child] + self._inside[found]
        allowed = self._allowed(change)
        if not len(allowed):
            return False
        first = int(allowed[0])
        for column, by in ((child, -1), (found[first], -1), (mine_then[first], 1)):
            self._data[column] += by
        self._data[theirs_then[first]] += 1
        self._move_sums(change[first])
        return True

    def _allowed(self, change: _Small) -> Whole:
        """Which of some changes of the sums, one a row, break nothing."""
        return np.flatnonzero(((change <= self._up) & (change >= self._down)).all(axis=1))

    def _move_sums(self, change: _Small) -> None:
        self._sums += change
        self._look_around()

    def _look_around(self) -> None:
        """How far each sum may still move; no further than one step goes."""
        kind = self._inside.dtype
        self._up = np.clip(self._most - self._sums, -self._room, self._room).astype(kind)
        self._down = np.clip(self._reader.least - self._sums, -self._room, self._room).astype(kind)

    def _places(self, box: Box) -> list[int]:
        """The dimensions a box says something of, in random order."""
        places = [place for place, codes in enumerate(box) if not codes.all()]
        self._random.shuffle(places)
        return places

    def _some(self, numbers: Whole, most: int) -> Whole:
        """So many of them or all, in random order."""
        if len(numbers) > _FEW_TIMES * most:
            return numbers[self._random.choice(len(numbers), most, replace=False)]
        return self._random.permutation(numbers)[:most]


def _these(found: Whole) -> Callable[[], Whole]:
    """Partners that are known before they are asked for."""
    return lambda: found
