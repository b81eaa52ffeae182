"""What was published before: the same children in other tables, an earlier period, a correction, another area.

Readers keep everything. What was stated of a cell in which nobody has come or gone is true today as well, and
what is stated today was true then. Where some have come or gone, but too few, the new number would tell
of them: the earlier number stands, and the new one must stay open.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bti.disclosure.linked.cells import Box, Flags, Universe, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.publication import Publication, Range
from bti.disclosure.linked.quantiles import statements
from bti.disclosure.linked.spec import SpecError
from bti.disclosure.linked.unlisted import cells_of


@dataclass(frozen=True)
class Past:
    """An earlier release.

    `counts` are the children it was counted from, laid out in the space of today with who they are;
    None where they are the same rows as today. `where` says which part of today's space it covers.
    """

    publication: Publication
    counts: Counts | None = None
    where: tuple[tuple[str, str], ...] = ()


class Changes:
    """Who has come or gone between two counts in one space."""

    def __init__(self, then: Counts, now: Counts) -> None:
        """Match children by name; raises SpecError where they have none."""
        for counts in (then, now):
            if int(counts.children.sum()) != len(counts.people):
                raise SpecError(
                    "releases over time need a column that says who each child is (unit)"
                )
        names: dict[str, int] = {}
        for child in (*then.people, *now.people):
            names.setdefault(child.unit, len(names))
        homes: dict[str, int] = {}
        self.home = np.zeros(len(names), dtype=np.int64)
        self.then = np.full(len(names), -1, dtype=np.int64)
        self.now = self.then.copy()
        for column, counts in ((self.then, then), (self.now, now)):
            for child in counts.people:
                number = names[child.unit]
                column[number] = child.column
                home = child.household or f"?{child.unit}"
                self.home[number] = homes.setdefault(home, len(homes))
        self._width = now.universe.matrix.width

    def households(self, columns: Whole) -> int:
        """How many households have somebody who came into these combinations or left them."""
        inside = np.zeros(self._width + 1, dtype=bool)
        inside[columns] = True
        moved = inside[self.then] != inside[self.now]
        return len(np.unique(self.home[moved]))

    def still(self, columns: Whole) -> bool:
        """Whether nobody who is or was in these combinations has moved, not even among them."""
        inside = np.zeros(self._width + 1, dtype=bool)
        inside[columns] = True
        moved = self.then != self.now
        return not bool((moved & (inside[self.then] | inside[self.now])).any())

    def few(self, universe: Universe, gate: int) -> list[tuple[int, ...]]:
        """Nodes of every cell, in a table or not, that some have come into or left, but fewer than `gate`."""
        sizes = [len(nodes.members) for nodes in universe.nodes]
        moved = np.flatnonzero(self.then != self.now)
        pairs = []
        for columns in (self.then, self.now):
            there = moved[columns[moved] >= 0]
            cells, owner = cells_of(universe, columns[there])
            pairs.append(np.stack([cells, there[owner]], axis=1))
        both, times = np.unique(np.concatenate(pairs), axis=0, return_counts=True)
        once = both[times == 1]
        homes = np.unique(np.stack([once[:, 0], self.home[once[:, 1]]], axis=1), axis=0)
        cells, many = np.unique(homes[:, 0], return_counts=True)
        nodes = np.stack(np.unravel_index(cells[many < gate], sizes), axis=1)
        return [tuple(map(int, one)) for one in nodes]


class History:
    """Everything published before, as it bears on a release of today."""

    def __init__(self, counts: Counts, pasts: Sequence[Past] = ()) -> None:
        """Lay the earlier releases into today's space. Raises SpecError where they do not fit."""
        self.counts = counts
        self.pasts = tuple(pasts)
        self.boxes = tuple(tuple(_laid_out(one, counts.universe)) for one in self.pasts)
        self.changes = tuple(
            None if one.counts is None else Changes(one.counts, counts) for one in self.pasts
        )

    @cached_property
    def statements(self) -> tuple[Range, ...]:
        """What was stated before and is true of today's children."""
        return tuple(
            statement
            for number, changes in enumerate(self.changes)
            for statement in self._stated(number, changes)
        )

    @cached_property
    def few(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """For each earlier release the cells, by nodes, whose new number would tell of few."""
        gate = self.counts.universe.spec.rules.turnover
        return tuple(
            (number, nodes)
            for number, changes in enumerate(self.changes)
            if changes is not None
            for nodes in changes.few(self.counts.universe, gate)
        )

    @cached_property
    def stands(self) -> Flags:
        """Cells of today's tables of which an earlier number must stand."""
        universe = self.counts.universe
        found = np.zeros(len(universe.cells), dtype=bool)
        for _, nodes in self.few:
            if nodes in universe.number_of:
                found[universe.number_of[nodes]] = True
        return found & ~universe.known_zeros

    def about(self, number: int, publication: Publication) -> tuple[Range, ...]:
        """What is stated of the children of an earlier release: by itself, by the others, and today."""
        changes = self.changes[number]
        if changes is None:
            return self.statements
        least, most = publication.ranges()
        today = (
            Range(publication.universe.matrix.row(cell), int(least[cell]), int(most[cell]))
            for cell in map(int, self._untouched[number])
        )
        return (*self._before[number], *today)

    @cached_property
    def _untouched(self) -> tuple[Whole, ...]:
        """For each earlier release the cells of today that nobody has come into or left."""
        matrix = self.counts.universe.matrix
        rows = [matrix.row(cell) for cell in range(matrix.height)]
        return tuple(
            np.array(
                [
                    cell
                    for cell, columns in enumerate(rows)
                    if changes is not None and len(columns) and not changes.households(columns)
                ],
                dtype=np.int64,
            )
            for changes in self.changes
        )

    @cached_property
    def _before(self) -> tuple[tuple[Range, ...], ...]:
        """For each earlier release what it and the other earlier ones state of its children."""
        found = []
        for number, past in enumerate(self.pasts):
            stated = list(self._stated(number, None))
            for other, one in enumerate(self.pasts):
                if other != number and past.counts is not None:
                    then = self.counts if one.counts is None else one.counts
                    stated += self._stated(other, Changes(then, past.counts))
            found.append(tuple(stated))
        return tuple(found)

    def _stated(self, number: int, changes: Changes | None) -> Iterator[Range]:
        least, most = self.pasts[number].publication.ranges()
        for cell, box in enumerate(self.boxes[number]):
            columns = self.counts.universe.columns_in(box)
            if len(columns) and (changes is None or changes.households(columns) == 0):
                yield Range(columns, int(least[cell]), int(most[cell]))
        yield from self._stated_by_quantiles(number, changes)

    def _stated_by_quantiles(self, number: int, changes: Changes | None) -> Iterator[Range]:
        """What earlier medians say, where nobody in the group has moved at all."""
        past, universe = self.pasts[number], self.counts.universe
        said = list(statements(past.publication))
        if not said:
            return
        then = past.publication.universe
        leaves = [
            universe.columns_in(box)
            for box in _boxes(past, universe, map(then.nodes_of, range(then.matrix.width)))
        ]
        for one in said:
            parts = [leaves[int(column)] for column in one.columns]
            columns = np.concatenate(parts)
            if one.weights is None or not (changes is None or changes.still(columns)):
                continue
            weights = np.repeat(one.weights, [len(part) for part in parts])
            order = np.argsort(columns, kind="stable")
            yield Range(columns[order], one.least, one.most, weights[order])


def _laid_out(past: Past, universe: Universe) -> Iterator[Box]:
    """Each cell of an earlier release as codes of today."""
    return _boxes(past, universe, (cell.nodes for cell in past.publication.universe.cells))


def _boxes(past: Past, universe: Universe, cells: Iterable[tuple[int, ...]]) -> Iterator[Box]:
    """Some cells of an earlier release's space as codes of today. Raises SpecError."""
    then = past.publication.universe
    fixed = dict(past.where)
    for name in (*then.names, *fixed):
        if name not in universe.names:
            raise SpecError(f"an earlier release has a dimension that is not there: {name}")
    meaning = {
        one.name: [_codes(universe, one.name, code) for code in one.codes]
        for one in then.dimensions
    }
    for nodes in cells:
        box = []
        for place, one in enumerate(universe.dimensions):
            codes = np.ones(universe.shape[place], dtype=bool)
            if one.name in fixed:
                codes &= _codes(universe, one.name, fixed[one.name])
            if one.name in then.names:
                there = then.names.index(one.name)
                members = then.nodes[there].members[nodes[there]]
                codes &= np.any([meaning[one.name][member] for member in members], axis=0)
            box.append(codes)
        yield tuple(box)


def _codes(universe: Universe, name: str, label: str) -> Flags:
    place = universe.names.index(name)
    nodes = universe.nodes[place]
    if label not in nodes.of_label:
        raise SpecError(
            f"an earlier release has a code of {name} that is not there: {label[:40]!r}"
        )
    found = np.zeros(universe.shape[place], dtype=bool)
    found[list(nodes.members[nodes.of_label[label]])] = True
    return found
