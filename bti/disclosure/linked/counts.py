"""True counts: rows of a file become a data set. Never leaves the side where the children are."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from itertools import product
from operator import itemgetter
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import TOTAL, Universe, Whole
from bti.disclosure.linked.spec import Spec
from bti.disclosure.tables import TableError

MAX_COUNT: Final = 10_000_000
_SOME_LINE: Final = 0
MAX_BYTES: Final = 500_000_000


class CountsError(TableError):
    """The rows do not fit the spec; the message names the first that does not."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child where each is given: who (unit), with whom (household), and its combination."""

    unit: str
    household: str
    column: int


@dataclass(frozen=True)
class Counts:
    """How many children each combination has, and who they are where the file said it."""

    universe: Universe
    children: Whole = field(repr=False)
    people: tuple[Child, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.children.shape != (len(self.universe.possible),):
            raise CountsError("the counts do not fit the dimensions")
        if (self.children < 0).any():
            raise CountsError("a count is negative")

    @cached_property
    def in_cells(self) -> Whole:
        """Children in each cell."""
        return self.universe.matrix.times(self.children)

    @cached_property
    def homes(self) -> Whole | None:
        """The household of each of `people` as a number, or None where the file did not say it.

        A child without one is a household of its own.
        """
        if not any(child.household for child in self.people):
            return None
        numbers: dict[str, int] = {}
        names = [child.household or f"?{child.unit}" for child in self.people]
        return np.array([numbers.setdefault(one, len(numbers)) for one in names], dtype=np.int64)

    @cached_property
    def households_in_cells(self) -> Whole | None:
        """Households in each cell, or None where the file did not say who belongs together."""
        if self.homes is None:
            return None
        living: dict[int, set[int]] = {}
        for child, home in zip(self.people, self.homes, strict=True):
            living.setdefault(child.column, set()).add(int(home))
        found = []
        for number in range(self.universe.matrix.height):
            inside: set[int] = set()
            for column in self.universe.matrix.row(number):
                inside.update(living.get(int(column), ()))
            found.append(len(inside))
        return np.array(found, dtype=np.int64)


def read_rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV file with comma, semicolon or tab, and a first line of names.

    Raises CountsError.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        reader = csv.DictReader(StringIO(text), delimiter=mark, strict=True)
        names = [name.strip() for name in reader.fieldnames or ()]
        if not names or len(set(names)) != len(names):
            raise CountsError("the first line must name each column once")
        rows = []
        for number, row in enumerate(reader, start=2):
            if None in row or None in row.values():
                raise CountsError(f"line {number} has another number of columns than the first")
            rows.append({name.strip(): value.strip() for name, value in row.items()})
    except csv.Error as fault:
        raise CountsError(f"not CSV: {fault}") from None
    return rows


def codes_in(rows: Iterable[Mapping[str, str]], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The codes that occur in some columns, sorted; totals are not codes."""
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for row in rows:
        for name in names:
            if name not in row:
                raise CountsError(f"the file has no column {name}")
            if row[name] != TOTAL:
                found[name].setdefault(row[name])
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


def count(universe: Universe, rows: Sequence[Mapping[str, str]]) -> Counts:
    """Count rows into the combinations of a spec.

    Rows with a group or total in them are not counted but must agree with what they are a sum of.
    Raises CountsError.
    """
    spec = universe.spec
    _check_columns(spec, universe, rows)
    children = np.zeros(len(universe.possible), dtype=np.int64)
    people: list[Child] = []
    stated: list[tuple[tuple[int, ...], int, int]] = []
    column_of = _columns(universe)
    for codes, amount, first in _tallied(spec, universe, rows):
        line = first
        if line == _SOME_LINE and column_of.get(codes) is None:
            read = itemgetter(*universe.names)
            wanted = codes if len(codes) > 1 else codes[0]
            line = next(n for n, row in enumerate(rows, start=2) if read(row) == wanted)
        if codes not in column_of:
            stated.append((_nodes_of(universe, codes, line), amount, line))
            continue
        column = column_of[codes]
        if column is None:
            if amount:
                raise CountsError(f"line {line} counts what the spec says cannot occur")
            continue
        children[column] += amount
        if _names_people(spec):
            row = rows[line - 2]
            unit = row[spec.unit_column] if spec.unit_column else str(line)
            home = row[spec.household_column] if spec.household_column else ""
            people.append(Child(unit, home, column))
    if children.sum() > MAX_COUNT:
        raise CountsError(f"more than {MAX_COUNT} children")
    _check_people(people)
    for nodes, amount, line in stated:
        if int(children[universe.columns_of(nodes)].sum()) != amount:
            raise CountsError(f"line {line} is a sum that does not add up")
    return Counts(universe, children, tuple(people))


def read_known(universe: Universe, text: str) -> list[int]:
    """The column of each child somebody knows whole, from a CSV file with every dimension.

    Raises CountsError.
    """
    columns = []
    for row in read_rows(text):
        try:
            column = universe.column_of([row[name] for name in universe.names])
        except (KeyError, ValueError):
            raise CountsError("a known child needs a code of each dimension") from None
        if column < 0:
            raise CountsError("a known child is what the release says cannot occur")
        columns.append(column)
    return columns


def _names_people(spec: Spec) -> bool:
    return not spec.count_column and bool(spec.unit_column or spec.household_column)


def _columns(universe: Universe) -> dict[tuple[str, ...], int | None]:
    """The column of each combination by its codes; None where it cannot occur."""
    column_of = {int(number): column for column, number in enumerate(universe.possible)}
    everything = product(*(one.codes for one in universe.dimensions))
    return {codes: column_of.get(number) for number, codes in enumerate(everything)}


def _tallied(
    spec: Spec, universe: Universe, rows: Sequence[Mapping[str, str]]
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Codes, how many children, and a line: each row by itself, or all with the same codes at once."""
    names = universe.names
    if spec.count_column or _names_people(spec):
        for line, row in enumerate(rows, start=2):
            amount = _amount(row[spec.count_column], line) if spec.count_column else 1
            yield tuple(row[name] for name in names), amount, line
        return
    read = itemgetter(*names)
    for found, amount in Counter(map(read, rows)).items():
        codes = found if len(names) > 1 else (found,)
        yield codes, amount, _SOME_LINE


def _check_columns(spec: Spec, universe: Universe, rows: Sequence[Mapping[str, str]]) -> None:
    if not rows:
        raise CountsError("the file has no rows")
    wanted = (*universe.names, spec.count_column, spec.household_column, spec.unit_column)
    for name in wanted:
        if name and name not in rows[0]:
            raise CountsError(f"the file has no column {name}")


def _check_people(people: Sequence[Child]) -> None:
    units = [child.unit for child in people]
    if len(set(units)) != len(units):
        raise CountsError("a child stands twice: count unique children")


def _nodes_of(universe: Universe, codes: Sequence[str], line: int) -> tuple[int, ...]:
    found = []
    for dimension, nodes, code in zip(universe.dimensions, universe.nodes, codes, strict=True):
        if code not in nodes.of_label:
            raise CountsError(f"line {line}: {dimension.name} has no code {code[:40]!r}")
        found.append(nodes.of_label[code])
    return tuple(found)


def _amount(text: str, line: int) -> int:
    """A whole number, also as 12.0 or 12,0; raises CountsError for anything else."""
    head, mark, tail = text.replace(",", ".").partition(".")
    if not (head.isascii() and head.isdigit()) or (mark and tail.strip("0")):
        raise CountsError(f"line {line}: not a whole number of children: {text[:20]!r}")
    if int(head) > MAX_COUNT:
        raise CountsError(f"line {line}: more than {MAX_COUNT} children")
    return int(head)
