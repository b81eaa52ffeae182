"""Decides whether a protected table may be published, from nothing but what readers will see.

Separate from `protect` on purpose: other formulation, no true counts in the search, and every claim
rests on a whole table of integers (a witness) that is checked by plain addition.
"""

from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field

from bti.disclosure.flow import Bounds, feasible_table
from bti.disclosure.tables import CountTable, Grid, Line, Position, ProtectedTable

_PASSED = object()


@dataclass(frozen=True, slots=True, order=True)
class Weakness:
    """One reason why a table may not be published.

    Codes: `cell.not_zero` (a reader can exclude zero), `cell.not_many` (a reader can exclude the
    threshold), `total.too_narrow`, `number.too_small`, `zero.undeclared`, `number.wrong`,
    `group.one_value`, `sums.impossible`, `table.other`.
    """

    code: str
    position: Position | None = None


class NotSafe(Exception):  # noqa: N818 - a refusal, not a fault
    """The table was refused; `weaknesses` says where and why."""

    def __init__(self, weaknesses: tuple[Weakness, ...]) -> None:
        super().__init__(", ".join(sorted({weakness.code for weakness in weaknesses})))
        self.weaknesses = weaknesses


@dataclass(frozen=True, slots=True)
class Witness:
    """Two whole tables, totals included, that readers cannot tell from the true one.

    `low` has the smallest promised number at the position, `high` the largest.
    """

    position: Position
    low: Grid
    high: Grid


@dataclass(frozen=True, slots=True)
class Verified:
    """A table that has passed `verify`. It cannot be made in any other way."""

    table: ProtectedTable
    witnesses: tuple[Witness, ...] = field(repr=False)
    passed: InitVar[object] = None

    def __post_init__(self, passed: object) -> None:
        if passed is not _PASSED:
            raise TypeError("only verify() makes a Verified table")


def verify(table: ProtectedTable, counts: CountTable) -> Verified:
    """Pass a table that tells the truth and keeps every promise, or raise NotSafe.

    Promises, for threshold k: no number from 1 to k-1 is shown, and no zero unless structural; for
    every hidden number readers must reckon with both 0 and k, in whole numbers; no shown group has
    all its members in one cell. A hidden total that visibly contains a shown number only has to
    stay uncertain by k.
    """
    wrong = _untruths(table, counts)
    if wrong:
        raise NotSafe(wrong)
    witnesses, weaknesses = examine(table)
    if weaknesses:
        raise NotSafe(weaknesses)
    return Verified(table=table, witnesses=witnesses, passed=_PASSED)


def examine(table: ProtectedTable) -> tuple[tuple[Witness, ...], tuple[Weakness, ...]]:
    """The proof and its holes, from the published numbers alone; anyone may repeat it."""
    weaknesses = [*_shown_small(table), *_one_valued_groups(table)]
    start = _Search(table).table_with(Bounds())
    if start is None:
        return (), (*weaknesses, Weakness("sums.impossible"))
    search = _Search(table, known=[start])
    witnesses = []
    for position in table.hidden():
        found = search.witness(position)
        if isinstance(found, Witness):
            witnesses.append(found)
        else:
            weaknesses.extend(found)
    return tuple(witnesses), tuple(weaknesses)


def agrees(table: ProtectedTable, grid: Grid) -> bool:
    """Whether a full table is whole, non-negative, adds up and matches every published number."""
    shape = table.shape

    def at(position: Position) -> int:
        return grid[position[0]][position[1]]

    return (
        all(at(spot) >= 0 for spot in shape.positions())
        and all(
            sum(at(member) for member in line.members) == at(line.total) for line in shape.lines()
        )
        and all(
            table.value(spot) is None or table.value(spot) == at(spot) for spot in shape.positions()
        )
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for tables readers must reckon with, trying those already found first."""

    table: ProtectedTable
    known: list[Grid] = field(default_factory=list)

    def witness(self, position: Position) -> Witness | tuple[Weakness, ...]:
        threshold = self.table.threshold
        if _visibly_large(self.table, position):
            low = self._lowest(position)
            floor = low[position[0]][position[1]]
            high = self.table_with(Bounds(position, floor + threshold, None))
            return (
                Witness(position, low, high) if high else (Weakness("total.too_narrow", position),)
            )
        none = self.table_with(Bounds(position, 0, 0))
        many = self.table_with(Bounds(position, threshold, None))
        if none and many:
            return Witness(position, none, many)
        missing = (("cell.not_zero", none), ("cell.not_many", many))
        return tuple(Weakness(code, position) for code, found in missing if found is None)

    def table_with(self, bounds: Bounds) -> Grid | None:
        """A consistent table within the bounds, checked by addition, or None if there is none."""
        for grid in self.known:
            if bounds.admit(grid):
                return grid
        found = feasible_table(self.table, bounds)
        if found is None:
            return None
        if not (agrees(self.table, found) and bounds.admit(found)):
            raise AssertionError("the search returned a table that does not fit")
        self.known.append(found)
        return found

    def _lowest(self, position: Position) -> Grid:
        """A table with the least possible number at the position, by halving the interval."""
        best = min(self.known, key=lambda grid: grid[position[0]][position[1]])
        excluded, possible = -1, best[position[0]][position[1]]
        while possible - excluded > 1:
            middle = (possible + excluded) // 2
            lower = self.table_with(Bounds(position, 0, middle))
            if lower is None:
                excluded = middle
            else:
                best, possible = lower, lower[position[0]][position[1]]
        return best


def _visibly_large(table: ProtectedTable, position: Position) -> bool:
    """A total that contains a published number above zero: everyone knows that it is not small."""
    shape = table.shape
    if not shape.is_total(position):
        return False
    inner = set(shape.below(position))
    return any(
        bool(table.value(spot)) and inner.issuperset(shape.below(spot))
        for spot in shape.positions()
    )


def _untruths(table: ProtectedTable, counts: CountTable) -> tuple[Weakness, ...]:
    described = (table.period, table.rows, table.columns, table.structural)
    if described != (counts.period, counts.rows, counts.columns, counts.structural):
        return (Weakness("table.other"),)
    truth = counts.with_totals()
    return tuple(
        Weakness("number.wrong", (row, column))
        for row, column in table.shape.positions()
        if table.cells[row][column] not in (None, truth[row][column])
    )


def _shown_small(table: ProtectedTable) -> Iterator[Weakness]:
    zeros = table.known_zeros()
    for position in table.shape.positions():
        value = table.value(position)
        if value is None or position in zeros:
            continue
        if value == 0:
            yield Weakness("zero.undeclared", position)
        elif value < table.threshold:
            yield Weakness("number.too_small", position)


def _one_valued_groups(table: ProtectedTable) -> Iterator[Weakness]:
    """Shown groups whose members are all shown to sit in one cell, where others were possible."""
    zeros = table.known_zeros()
    for line in table.shape.lines():
        total = table.value(line.total)
        if not total or _possible_cells(line, zeros) < 2:  # noqa: PLR2004 one choice tells nothing
            continue
        for member in line.members:
            if table.value(member) == total:
                yield Weakness("group.one_value", member)


def _possible_cells(line: Line, zeros: frozenset[Position]) -> int:
    return sum(member not in zeros for member in line.members)
