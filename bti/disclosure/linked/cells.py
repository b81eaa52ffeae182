"""How the tables of a spec hang together: every cell as a set of combinations of codes.

A *combination* has one code of each dimension; a data set says how many children each combination
has. A *cell* is a set of combinations, and the same set in two tables is one cell. Published numbers
are sums over cells, so a reader who knows some sums knows something about all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from bti.disclosure.linked.spec import Dimension, Spec, SpecError

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Box = tuple[Flags, ...]
"""For each dimension, which codes: the combinations that have one of them in every dimension."""

SPARSE: Final = 8
"""With so many combinations for each that is used, only those that are used are looked at."""

TOTAL: Final = "_T"
"""The label of a total, as in SDMX."""


@dataclass(frozen=True)
class Incidence:
    """A sparse matrix by rows: row r has `weights[s:e]` at `columns[s:e]`, s and e from `starts`.

    The weights are ones where a row is a cell.
    """

    starts: Whole
    columns: Whole
    width: int
    weights: Whole

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    def row(self, number: int) -> Whole:
        """The columns of one row."""
        return self.columns[self.starts[number] : self.starts[number + 1]]

    def times(self, values: Whole) -> Whole:
        """The sum of `values` over each row; exact in whole numbers."""
        used = np.flatnonzero(values)
        if len(used) * SPARSE < self.width:
            return self._times_few(values, used)
        running = np.concatenate(([0], np.cumsum(values[self.columns] * self.weights)))
        found: Whole = running[self.starts[1:]] - running[self.starts[:-1]]
        return found

    def weights_of(self, number: int) -> Whole:
        """The weights of one row, in the order of its columns."""
        return self.weights[self.starts[number] : self.starts[number + 1]]

    def of_column(self, column: int) -> Whole:
        """The rows one column is in."""
        starts, rows, _ = self._by_columns
        return rows[starts[column] : starts[column + 1]]

    def restricted(self, rows: Whole, columns: Whole | None = None) -> "Incidence":
        """Only these rows and, unless None, only these columns, in the order given."""
        lists = [self.row(int(number)) for number in rows]
        weights = [self.weights_of(int(number)) for number in rows]
        width = self.width
        if columns is not None:
            place = np.full(self.width, -1, dtype=np.int64)
            place[columns] = np.arange(len(columns))
            lists = [place[one] for one in lists]
            weights = [w[one >= 0] for w, one in zip(weights, lists, strict=True)]
            lists = [one[one >= 0] for one in lists]
            width = len(columns)
        return incidence(lists, width, weights)

    def _times_few(self, values: Whole, used: Whole) -> Whole:
        starts, rows, weights = self._by_columns
        many = starts[used + 1] - starts[used]
        step = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        entries = np.repeat(starts[used], many) + step
        parts = np.repeat(values[used], many) * weights[entries]
        # In floating point, and exact: no sum comes near 2 ** 53.
        sums = np.bincount(rows[entries], weights=parts, minlength=self.height)
        return sums.astype(np.int64)

    @cached_property
    def _by_columns(self) -> tuple[Whole, Whole, Whole]:
        """The same matrix by columns: starts, row numbers, weights."""
        rows = np.repeat(np.arange(self.height), np.diff(self.starts))
        order = np.argsort(self.columns, kind="stable")
        counts = np.bincount(self.columns, minlength=self.width)
        return np.concatenate(([0], np.cumsum(counts))), rows[order], self.weights[order]


def incidence(
    rows: Sequence[Whole], width: int, weights: Sequence[Whole] | None = None
) -> Incidence:
    """A matrix from the columns of each row, and their weights unless they are ones."""
    lengths = np.array([len(one) for one in rows], dtype=np.int64)
    columns = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return Incidence(
        starts=np.concatenate(([0], np.cumsum(lengths))),
        columns=columns.astype(np.int64),
        width=width,
        weights=np.concatenate(weights).astype(np.int64)
        if weights
        else np.ones(len(columns), dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Nodes:
    """The codes, groups and total of one dimension; equal sets of codes are one node."""

    labels: tuple[str, ...]
    """One for each node, the first found; the total is the last."""
    members: tuple[tuple[int, ...], ...]
    of_label: dict[str, int]

    @property
    def total(self) -> int:
        """The node of everybody."""
        return len(self.members) - 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One node of each dimension; `order` of them say something."""

    nodes: tuple[int, ...]
    order: int


@dataclass(frozen=True, slots=True)
class TableView:
    """One table as readers see it: labels of its dimensions and the cell each stands for."""

    dimensions: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], int], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """One relation readers can add up: the members make the total."""

    total: int
    members: tuple[int, ...]


class Universe:
    """The combinations, cells and tables of a spec. Made once; nothing of it depends on counts."""

    def __init__(self, spec: Spec) -> None:
        """Lay out the spec. Takes time and memory in proportion to combinations times tables."""
        self.spec = spec
        self.dimensions = spec.used()
        self.names = tuple(one.name for one in self.dimensions)
        self.shape = tuple(len(one.codes) for one in self.dimensions)
        self.nodes = tuple(_nodes(one) for one in self.dimensions)
        self.cells, self.number_of, self.tables = self._listed()
        self.possible = self._possible()
        """Numbers of the combinations that can occur, ascending: the columns of `matrix`."""
        self.matrix = self._matrix()

    @cached_property
    def known_zeros(self) -> Flags:
        """Cells that are zero by definition."""
        found: Flags = np.diff(self.matrix.starts) == 0
        return found

    @cached_property
    def orders(self) -> Whole:
        """How many dimensions each cell says something of."""
        return np.array([cell.order for cell in self.cells], dtype=np.int64)

    def column_of(self, codes: Sequence[str]) -> int:
        """The column of a combination given by code, or -1 if it cannot occur."""
        places = [one.codes.index(code) for one, code in zip(self.dimensions, codes, strict=True)]
        number = int(np.ravel_multi_index(places, self.shape))
        found = int(np.searchsorted(self.possible, number))
        if found < len(self.possible) and self.possible[found] == number:
            return found
        return -1

    def codes_of(self, column: int) -> tuple[str, ...]:
        """The codes of a combination."""
        places = np.unravel_index(int(self.possible[column]), self.shape)
        return tuple(
            one.codes[int(place)] for one, place in zip(self.dimensions, places, strict=True)
        )

    def nodes_of(self, column: int) -> tuple[int, ...]:
        """The nodes of a combination: codes come first among them."""
        return tuple(map(int, np.unravel_index(int(self.possible[column]), self.shape)))

    def describe(self, number: int) -> dict[str, str]:
        """What a cell says: dimension to code or group; nothing for the grand total."""
        cell = self.cells[number]
        return {
            one.name: nodes.labels[node]
            for one, nodes, node in zip(self.dimensions, self.nodes, cell.nodes, strict=True)
            if node != nodes.total
        }

    def cell(self, where: dict[str, str]) -> int | None:
        """The cell that says exactly this, or None if no table has it; raises SpecError."""
        nodes = [nodes.total for nodes in self.nodes]
        for name, label in where.items():
            if name not in self.names:
                raise SpecError(f"no table has the dimension {name[:40]!r}")
            place = self.names.index(name)
            if label not in self.nodes[place].of_label:
                raise SpecError(f"{name} has no code {label[:40]!r}")
            nodes[place] = self.nodes[place].of_label[label]
        return self.number_of.get(tuple(nodes))

    def columns_of(self, nodes: Sequence[int]) -> Whole:
        """The columns of any cell expressible in the dimensions, whether published or not."""
        return self.columns_in(self.box(nodes))

    def box(self, nodes: Sequence[int]) -> Box:
        """Any cell expressible in the dimensions, by code instead of by combination."""
        found = tuple(np.zeros(length, dtype=bool) for length in self.shape)
        for codes, known, node in zip(found, self.nodes, nodes, strict=True):
            codes[list(known.members[node])] = True
        return found

    def columns_in(self, box: Box) -> Whole:
        """The columns of a box."""
        leaves = [np.flatnonzero(codes) for codes in box]
        numbers = np.ravel_multi_index(np.ix_(*leaves), self.shape).ravel()
        places = np.searchsorted(self.possible, numbers)
        places[places == len(self.possible)] = 0
        found: Whole = places[self.possible[places] == numbers]
        return found

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        """The relations one can see in the tables: totals and groups over their codes."""
        return tuple(self._sums())

    def _sums(self) -> Iterator[Sum]:
        for number, cell in enumerate(self.cells):
            for place, nodes in enumerate(self.nodes):
                leaves = nodes.members[cell.nodes[place]]
                if len(leaves) == 1 and len(nodes.members[nodes.total]) > 1:
                    continue
                parts = [
                    self.number_of.get((*cell.nodes[:place], leaf, *cell.nodes[place + 1 :]))
                    for leaf in leaves
                ]
                if None not in parts and parts != [number]:
                    yield Sum(number, tuple(part for part in parts if part is not None))

    def _listed(
        self,
    ) -> tuple[tuple[Cell, ...], dict[tuple[int, ...], int], tuple[TableView, ...]]:
        number_of: dict[tuple[int, ...], int] = {}
        views = []
        for table in self.spec.tables:
            places = [self.names.index(name) for name in table]
            choices = [_choices(self.dimensions[place], self.nodes[place]) for place in places]
            rows = []
            for chosen in product(*choices):
                nodes = [one.total for one in self.nodes]
                for place, (_, node) in zip(places, chosen, strict=True):
                    nodes[place] = node
                number = number_of.setdefault(tuple(nodes), len(number_of))
                rows.append((tuple(label for label, _ in chosen), number))
            views.append(TableView(table, tuple(rows)))
        cells = tuple(
            Cell(found, sum(n != k.total for n, k in zip(found, self.nodes, strict=True)))
            for found in number_of
        )
        return cells, number_of, tuple(views)

    def _possible(self) -> Whole:
        impossible = np.zeros(self.shape, dtype=bool)
        for where in self.spec.structural:
            if not {name for name, _ in where} <= set(self.names):
                continue
            named = dict(where)
            leaves = [
                np.array([one.codes.index(code) for code in named.get(one.name, one.codes)])
                for one in self.dimensions
            ]
            impossible[np.ix_(*leaves)] = True
        return np.flatnonzero(~impossible).astype(np.int64)

    def _matrix(self) -> Incidence:
        return incidence([self.columns_of(c.nodes) for c in self.cells], len(self.possible))


def _nodes(dimension: Dimension) -> Nodes:
    """Codes first, so that node n is code n; then groups; the total last."""
    sets: dict[tuple[int, ...], str] = {
        (place,): code for place, code in enumerate(dimension.codes)
    }
    everybody = tuple(range(len(dimension.codes)))
    for name, members in dimension.groups:
        chosen = tuple(sorted(dimension.codes.index(code) for code in members))
        if chosen != everybody:
            sets.setdefault(chosen, name)
    if len(everybody) > 1:
        sets[everybody] = TOTAL
    numbers = {chosen: number for number, chosen in enumerate(sets)}
    of_label = {code: place for place, code in enumerate(dimension.codes)}
    for name, members in dimension.groups:
        of_label[name] = numbers[tuple(sorted(dimension.codes.index(code) for code in members))]
    of_label[TOTAL] = numbers[everybody]
    return Nodes(tuple(sets.values()), tuple(sets), of_label)


def _choices(dimension: Dimension, nodes: Nodes) -> list[tuple[str, int]]:
    labels = (*dimension.codes, *(name for name, _ in dimension.groups), TOTAL)
    return [(label, nodes.of_label[label]) for label in labels]
