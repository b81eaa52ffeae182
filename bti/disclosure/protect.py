"""Finds which numbers of a two-way table to show: starts from nothing and reveals one at a time.

It looks for a good pattern from the true counts and promises nothing: `verify`, which is separate
code and sees only what readers see, decides whether the pattern may be used.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bti.disclosure.tables import (
    DEFAULT_THRESHOLD,
    CountTable,
    Grid,
    Position,
    ProtectedTable,
    Shape,
    masked,
)

# How much a reader gains from a number: the municipality's total first, single cells last.
_GRAND_TOTAL_WEIGHT = 40
_TOTAL_WEIGHT = 10
_CELL_WEIGHT = 1

_Node = tuple[str, int]
_SortKey = Callable[[Position], tuple[int, ...]]


def protect(counts: CountTable, *, threshold: int = DEFAULT_THRESHOLD) -> ProtectedTable:
    """Propose a pattern that hides counts under the threshold and all that would give them away.

    Several orders of revealing are tried and the most useful result is kept. The result cannot be
    improved by showing one number more. When nothing can be shown the table says "too few".
    """
    grid = counts.with_totals()
    start = frozenset(counts.shape.positions()) - counts.known_zeros()
    shown = [_reveal(counts, grid, start, order, threshold) for order in _orders(counts, grid)]
    best = max(shown, key=lambda hidden: _utility(counts.shape, start - hidden))
    return masked(counts, best, threshold)


def hide_all(counts: CountTable, *, threshold: int = DEFAULT_THRESHOLD) -> ProtectedTable:
    """The last resort: a table that says "too few" and nothing else."""
    hidden = frozenset(counts.shape.positions()) - counts.known_zeros()
    return masked(counts, hidden, threshold)


def _orders(counts: CountTable, grid: Grid) -> Iterable[list[Position]]:
    shape = counts.shape
    spots = [spot for spot in shape.positions() if spot not in counts.known_zeros()]

    def rank(spot: Position) -> int:
        return (spot[0] != shape.height) + (spot[1] != shape.width)

    def value(spot: Position) -> int:
        return grid[spot[0]][spot[1]]

    keys: tuple[_SortKey, ...] = (
        lambda spot: (rank(spot), -value(spot), *spot),
        lambda spot: (rank(spot), value(spot), *spot),
        lambda spot: (rank(spot), spot[0] == shape.height, -value(spot), *spot),
    )
    return [sorted(spots, key=key) for key in keys]


def _utility(shape: Shape, shown: Iterable[Position]) -> int:
    weight = 0
    for spot in shown:
        if spot == (shape.height, shape.width):
            weight += _GRAND_TOTAL_WEIGHT
        else:
            weight += _TOTAL_WEIGHT if shape.is_total(spot) else _CELL_WEIGHT
    return weight


def _reveal(
    counts: CountTable,
    grid: Grid,
    start: frozenset[Position],
    order: list[Position],
    threshold: int,
) -> frozenset[Position]:
    """Reveal in the given order whatever leaves everything still hidden open.

    A large number that one more reveal would give away is revealed along with it.
    """
    room = _Room(shape=counts.shape, grid=grid, zeros=counts.known_zeros(), threshold=threshold)
    hidden = start
    suspect: Position | None = None
    for spot in order:
        candidate: frozenset[Position] = hidden
        closed: Position | None = spot if spot in hidden else None
        while closed is not None and grid[closed[0]][closed[1]] >= threshold:
            candidate -= {closed}
            closed = room.first_closed(candidate, suspect)
        if closed is None:
            hidden = candidate
        elif closed != spot:
            suspect = closed
    return hidden


@dataclass(frozen=True, slots=True)
class _Room:
    """How far each hidden number can move while all sums and shown numbers stay as they are.

    Every number of a two-way table with totals stands in one row sum and one column sum, so moving
    a hidden number is sending units around a cycle in a network whose nodes are the sums.
    """

    shape: Shape
    grid: Grid
    zeros: frozenset[Position]
    threshold: int

    def first_closed(
        self, hidden: frozenset[Position], suspect: Position | None
    ) -> Position | None:
        """The first hidden position that is not open; `suspect` is tried first to save time."""
        ordered = sorted(hidden, key=lambda spot: (spot != suspect, spot))
        return next((spot for spot in ordered if not self._is_open(spot, hidden)), None)

    def _is_open(self, spot: Position, hidden: frozenset[Position]) -> bool:
        value = self.grid[spot[0]][spot[1]]
        if self._surely_large(spot, hidden):
            down = self._moves(spot, hidden, up=False, wanted=min(value, self.threshold))
            if down == self.threshold:
                return True
            wanted = self.threshold - down
            return self._moves(spot, hidden, up=True, wanted=wanted) == wanted
        lift = max(0, self.threshold - value)
        return (
            self._moves(spot, hidden, up=False, wanted=value) == value
            and self._moves(spot, hidden, up=True, wanted=lift) == lift
        )

    def _surely_large(self, spot: Position, hidden: frozenset[Position]) -> bool:
        """A hidden total over a shown part cannot be small; it need only stay uncertain."""
        if not self.shape.is_total(spot):
            return False
        return any(
            part not in hidden and part not in self.zeros
            for part in self.shape.positions()
            if part != spot and _contains(self.shape, spot, part)
        )

    def _moves(self, spot: Position, hidden: frozenset[Position], *, up: bool, wanted: int) -> int:
        """How many units, at most `wanted`, the number at `spot` can rise or fall."""
        residual: dict[_Node, dict[_Node, int | None]] = {}
        for other in hidden - {spot}:
            tail, head = _arc(self.shape, other)
            residual.setdefault(tail, {})[head] = None
            residual.setdefault(head, {})[tail] = self.grid[other[0]][other[1]]
        tail, head = _arc(self.shape, spot)
        source, sink = (head, tail) if up else (tail, head)
        moved = 0
        while moved < wanted:
            path = _path(residual, source, sink)
            if path is None:
                break
            limits = [limit for a, b in path if (limit := residual[a][b]) is not None]
            step = min([wanted - moved, *limits])
            for a, b in path:
                _shift(residual, a, b, step)
            moved += step
        return moved


def _contains(shape: Shape, total: Position, part: Position) -> bool:
    rows_fit = total[0] in (shape.height, part[0])
    columns_fit = total[1] in (shape.width, part[1])
    return rows_fit and columns_fit


def _arc(shape: Shape, spot: Position) -> tuple[_Node, _Node]:
    """The direction of a number between its two sums; totals run against cells."""
    row, column = ("row", spot[0]), ("column", spot[1])
    against = (spot[0] == shape.height) != (spot[1] == shape.width)
    return (row, column) if against else (column, row)


def _path(
    residual: dict[_Node, dict[_Node, int | None]], source: _Node, sink: _Node
) -> list[tuple[_Node, _Node]] | None:
    came_from: dict[_Node, _Node] = {source: source}
    queue = deque([source])
    while queue:
        node = queue.popleft()
        for following, limit in residual.get(node, {}).items():
            if following in came_from or limit == 0:
                continue
            came_from[following] = node
            if following == sink:
                return _trace(came_from, source, sink)
            queue.append(following)
    return None


def _trace(came_from: dict[_Node, _Node], source: _Node, sink: _Node) -> list[tuple[_Node, _Node]]:
    steps = []
    node = sink
    while node != source:
        steps.append((came_from[node], node))
        node = came_from[node]
    return steps


def _shift(residual: dict[_Node, dict[_Node, int | None]], a: _Node, b: _Node, step: int) -> None:
    """Use `step` of the way from a to b and give it back the other way; None is unlimited."""
    there, back = residual[a][b], residual[b][a]
    if there is not None:
        residual[a][b] = there - step
    if back is not None:
        residual[b][a] = back + step
