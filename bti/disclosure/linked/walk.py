"""Stage 3 by small steps: one child changes one property, or two children swap one.

Each step keeps to everything stated, so every stop on the way is a data set readers cannot tell from
the true one. Fast where the solver is slow, and proves nothing when it gets stuck.
"""

from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Box, Flags, Whole
from bti.disclosure.linked.publication import UNLIMITED
from bti.disclosure.linked.reader import Reader

_TRIED_CHILDREN: Final = 24
_TRIED_PARTNERS: Final = 160
_MOST_ENTRIES: Final = 120_000_000
_FREE: Final = 1 << 30


class Walk:
    """A data set as a list of children, changed step by step within what is stated."""

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
        self._inside = np.zeros((reader.width, reader.rows.height), dtype=np.int8)
        for row in range(reader.rows.height):
            self._inside[reader.rows.row(row), row] = reader.rows.weights_of(row)
        self._most = np.where(reader.most == UNLIMITED, _FREE, reader.most)
        # The order of trying and nothing else; a fixed seed, so that anybody may repeat it.
        self._random = np.random.default_rng(7)
        numbers = np.repeat(universe.possible, start)
        self._at_start = np.stack(np.unravel_index(numbers, universe.shape), axis=1)
        self._sums_at_start = reader.rows.times(start)
        # Combinations are in order, so the first of each are those a reader knows: they stand still.
        first = np.cumsum(start) - start
        self._place = np.arange(len(numbers)) - np.repeat(first, start)
        self._column_at_start = np.repeat(np.arange(reader.width), start)
        self.restart()

    @staticmethod
    def fits(reader: Reader) -> bool:
        """Whether the work is small enough to be done this way."""
        return reader.width > 0 and reader.width * reader.rows.height <= _MOST_ENTRIES

    def restart(self) -> None:
        """Go back to the first data set."""
        self._children = self._at_start.copy()
        self._sums = self._sums_at_start.copy()
        self._moves = self._place >= self._reader.own[self._column_at_start]

    def data(self) -> Whole:
        """The data set one stands at."""
        columns = self._column[self._children @ self._strides]
        return np.bincount(columns, minlength=self._reader.width)

    def bring(self, box: Box, *, down: bool, wanted: int) -> bool:
        """Bring the children in a box to `wanted` or beyond, step by step; says whether it can be done."""
        while True:
            fits = self._fits(box)
            now = int(fits.all(axis=1).sum())
            if (now <= wanted) if down else (now >= wanted):
                return self._reader.take(self.data())
            if not (self._out(box, fits) if down else self._in(box, fits)):
                return False

    def shake(self, steps: int) -> None:
        """Change so many children at random, as far as that is possible: another place to start from."""
        if not len(self._children):
            return
        everybody = np.flatnonzero(self._moves)
        for child in self._some(everybody, steps):
            place = int(self._random.integers(len(self._strides)))
            partners = np.flatnonzero(
                self._moves & (self._children[:, place] != self._children[child, place])
            )
            codes = np.arange(self._universe.shape[place])
            self._step(int(child), place, codes[codes != self._children[child, place]], partners)

    def _fits(self, box: Box) -> Flags:
        """For each child and dimension, whether the child has one of the codes."""
        found = np.empty(self._children.shape, dtype=bool)
        for place, codes in enumerate(box):
            found[:, place] = codes[self._children[:, place]]
        return found

    def _out(self, box: Box, fits: Flags) -> bool:
        return self._gone(fits) or self._one_out(box, fits)

    def _in(self, box: Box, fits: Flags) -> bool:
        return self._new(box) or self._one_in(box, fits)

    def _gone(self, fits: Flags) -> bool:
        """One child fewer, where what is stated leaves that open."""
        members = self._some(np.flatnonzero(fits.all(axis=1) & self._moves), _TRIED_CHILDREN)
        change = -self._inside[self._column[self._children[members] @ self._strides]]
        allowed = self._allowed(change)
        if not len(allowed):
            return False
        self._sums += change[allowed[0]]
        child = int(members[allowed[0]])
        self._children = np.delete(self._children, child, axis=0)
        self._moves = np.delete(self._moves, child)
        return True

    def _new(self, box: Box) -> bool:
        """One child more, where what is stated leaves that open."""
        columns = self._some(self._universe.columns_in(box), _TRIED_PARTNERS)
        allowed = self._allowed(self._inside[columns])
        if not len(allowed):
            return False
        column = int(columns[allowed[0]])
        self._sums += self._inside[column]
        codes = np.unravel_index(int(self._universe.possible[column]), self._universe.shape)
        self._children = np.vstack([self._children, np.array(codes)])
        self._moves = np.append(self._moves, True)
        return True

    def _one_out(self, box: Box, fits: Flags) -> bool:
        members = np.flatnonzero(fits.all(axis=1) & self._moves)
        for child in self._some(members, _TRIED_CHILDREN):
            for place in self._places(box):
                outside = ~box[place]
                # A partner must not come in by the same step.
                others = fits.copy()
                others[:, place] = True
                partners = np.flatnonzero(~fits[:, place] & ~others.all(axis=1) & self._moves)
                if self._step(int(child), place, np.flatnonzero(outside), partners):
                    return True
        return False

    def _one_in(self, box: Box, fits: Flags) -> bool:
        missing = (~fits).sum(axis=1)
        for child in self._some(np.flatnonzero((missing == 1) & self._moves), _TRIED_CHILDREN):
            place = int(np.flatnonzero(~fits[child])[0])
            partners = np.flatnonzero(fits[:, place] & (missing > 0) & self._moves)
            if self._step(int(child), place, np.flatnonzero(box[place]), partners):
                return True
        return False

    def _step(self, child: int, place: int, codes: Whole, partners: Whole) -> bool:
        """Give a child another code, or swap with a partner; the first way that is possible."""
        stride = int(self._strides[place])
        mine = int(self._children[child] @ self._strides)
        own = int(self._children[child, place])
        codes = self._some(codes, len(codes))
        there = self._column[mine + (codes - own) * stride]
        codes, there = codes[there >= 0], there[there >= 0]
        change = self._inside[there] - self._inside[self._column[mine]]
        allowed = self._allowed(change)
        if len(allowed):
            first = int(allowed[0])
            self._children[child, place] = codes[first]
            self._sums += change[first]
            return True
        partners = self._some(partners, _TRIED_PARTNERS)
        theirs = self._children[partners] @ self._strides
        shift = (self._children[partners, place] - own) * stride
        mine_then, theirs_then = self._column[mine + shift], self._column[theirs - shift]
        possible = (mine_then >= 0) & (theirs_then >= 0)
        partners, theirs = partners[possible], theirs[possible]
        mine_then, theirs_then = mine_then[possible], theirs_then[possible]
        change = self._inside[mine_then] + self._inside[theirs_then]
        change -= self._inside[self._column[mine]] + self._inside[self._column[theirs]]
        allowed = self._allowed(change)
        if not len(allowed):
            return False
        partner = int(partners[allowed[0]])
        self._sums += change[allowed[0]]
        self._children[child, place] = self._children[partner, place]
        self._children[partner, place] = own
        return True

    def _allowed(self, change: np.ndarray[tuple[int, int], np.dtype[np.int8]]) -> Whole:
        then = self._sums + change
        return np.flatnonzero(((then >= self._reader.least) & (then <= self._most)).all(axis=1))

    def _places(self, box: Box) -> list[int]:
        """The dimensions a box says something of, in random order."""
        places = [place for place, codes in enumerate(box) if not codes.all()]
        self._random.shuffle(places)
        return places

    def _some(self, numbers: Whole, most: int) -> Whole:
        return self._random.permutation(numbers)[:most]
