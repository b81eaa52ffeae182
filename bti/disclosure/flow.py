"""Finds a whole-number table that fits published numbers and one extra bound, or shows there is none.

Every number of a two-way table stands in one row sum and one column sum, so such tables are the
circulations of a small network, and integer maximum flow answers exactly. Used by `verify` only.
"""

from collections import deque
from dataclasses import dataclass, field

from bti.disclosure.tables import Grid, Position, ProtectedTable


@dataclass(frozen=True, slots=True)
class Bounds:
    """An extra demand on one number: at least `least` and, unless None, at most `most`."""

    position: Position | None = None
    least: int = 0
    most: int | None = None

    def admit(self, grid: Grid) -> bool:
        """Whether a full table meets the demand."""
        if self.position is None:
            return True
        value = grid[self.position[0]][self.position[1]]
        return self.least <= value and (self.most is None or value <= self.most)


@dataclass(slots=True)
class _Network:
    """Maximum flow on edges kept in pairs: edge n and its reverse n ^ 1."""

    heads: list[int] = field(default_factory=list)
    room: list[int] = field(default_factory=list)
    leaving: dict[int, list[int]] = field(default_factory=dict)

    def add(self, tail: int, head: int, capacity: int) -> int:
        edge = len(self.heads)
        self.heads += [head, tail]
        self.room += [capacity, 0]
        self.leaving.setdefault(tail, []).append(edge)
        self.leaving.setdefault(head, []).append(edge + 1)
        return edge

    def flow_on(self, edge: int) -> int:
        return self.room[edge ^ 1]

    def saturate(self, source: int, sink: int) -> int:
        """Send all that can be sent, shortest ways first; returns the amount."""
        sent = 0
        while (way := self._shortest(source, sink)) is not None:
            step = min(self.room[edge] for edge in way)
            for edge in way:
                self.room[edge] -= step
                self.room[edge ^ 1] += step
            sent += step
        return sent

    def _shortest(self, source: int, sink: int) -> list[int] | None:
        entered: dict[int, int] = {}
        queue = deque([source])
        while queue and sink not in entered:
            node = queue.popleft()
            for edge in self.leaving.get(node, ()):
                head = self.heads[edge]
                if self.room[edge] and head not in entered and head != source:
                    entered[head] = edge
                    queue.append(head)
        if sink not in entered:
            return None
        way = []
        node = sink
        while node != source:
            way.append(entered[node])
            node = self.heads[entered[node] ^ 1]
        return way


def feasible_table(table: ProtectedTable, bounds: Bounds) -> Grid | None:
    """A full table, totals included, that agrees with the published numbers and the bounds.

    None means that no such table exists. Time grows with the square of the number of sums.
    """
    ranges = _ranges(table, bounds)
    if any(least > most for least, most in ranges.values()):
        return None
    shape = table.shape
    source, sink = -1, -2
    network = _Network()
    edges: dict[Position, int] = {}
    surplus: dict[int, int] = {}
    for spot, (least, most) in ranges.items():
        tail, head = spot[0], shape.height + 1 + spot[1]
        # Cells run from their row to their column and totals the other way, so that each sum
        # receives exactly what it passes on. The grand total closes the ring.
        if (spot[0] == shape.height) != (spot[1] == shape.width):
            tail, head = head, tail
        edges[spot] = network.add(tail, head, most - least)
        surplus[head] = surplus.get(head, 0) + least
        surplus[tail] = surplus.get(tail, 0) - least
    needed = 0
    for node, amount in surplus.items():
        if amount > 0:
            network.add(source, node, amount)
            needed += amount
        elif amount < 0:
            network.add(node, sink, -amount)
    if network.saturate(source, sink) != needed:
        return None
    return tuple(
        tuple(
            ranges[row, column][0] + network.flow_on(edges[row, column])
            for column in range(shape.width + 1)
        )
        for row in range(shape.height + 1)
    )


def _ranges(table: ProtectedTable, bounds: Bounds) -> dict[Position, tuple[int, int]]:
    """Least and most for every number.

    A circulation that exists at all exists with no number above the sum of all lower bounds:
    cycles that serve no lower bound can be taken away.
    """
    published = {spot: table.value(spot) for spot in table.shape.positions()}
    ceiling = bounds.least + sum(value for value in published.values() if value is not None)
    ranges = {}
    for spot, value in published.items():
        least, most = (0, ceiling) if value is None else (value, value)
        if spot == bounds.position:
            least = max(least, bounds.least)
            most = most if bounds.most is None else min(most, bounds.most)
        ranges[spot] = (least, most)
    return ranges
