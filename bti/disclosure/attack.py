"""An outsider with a pencil: narrows hidden numbers using published numbers and sums alone.

Independent of `protect` and `verify`, and knows no secret. What it can recover must not have been
published; that it recovers little proves nothing, which is why `verify` exists beside it.
"""

from dataclasses import dataclass
from fractions import Fraction

from bti.disclosure.tables import Position, ProtectedTable

_Equation = tuple[dict[Position, Fraction], Fraction]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the outsider knows about one hidden number; `most` is None when nothing limits it."""

    position: Position
    least: int
    most: int | None

    @property
    def is_recovered(self) -> bool:
        """Whether only one number is left."""
        return self.least == self.most

    def breaks(self, threshold: int) -> bool:
        """Whether the interval shuts out zero or the threshold."""
        return self.least > 0 or (self.most is not None and self.most < threshold)


def attack(
    table: ProtectedTable, *, hidden_least: int = 0, hidden_most: int | None = None
) -> tuple[Narrowed, ...]:
    """Everything sums and signs tell about each hidden number, row by row.

    `hidden_least` and `hidden_most` are what the method itself gives away about hidden numbers;
    ours gives away nothing, plain hiding of 1 to 4 gives away exactly that.

    Solves the sums exactly, then passes intervals between the sums and all they imply until
    nothing moves. Terminates: intervals of whole numbers only shrink, and below a finite bound.
    """
    equations = _sums(table)
    equations += _solved(equations)
    least: dict[Position, int] = dict.fromkeys(table.hidden(), hidden_least)
    most: dict[Position, int | None] = dict.fromkeys(table.hidden(), hidden_most)
    moved = True
    while moved:
        moved = False
        for equation in equations:
            moved = _tighten(equation, least, most) or moved
    return tuple(Narrowed(spot, least[spot], most[spot]) for spot in table.hidden())


def _sums(table: ProtectedTable) -> list[_Equation]:
    """Each sum as hidden numbers with their signs on the left and a known number on the right."""
    equations = []
    for line in table.shape.lines():
        left: dict[Position, Fraction] = {}
        right = Fraction(0)
        signed = [*((member, 1) for member in line.members), (line.total, -1)]
        for spot, sign in signed:
            value = table.value(spot)
            if value is None:
                left[spot] = Fraction(sign)
            else:
                right -= sign * value
        if left:
            equations.append((left, right))
    return equations


def _solved(equations: list[_Equation]) -> list[_Equation]:
    """The same equations after Gauss-Jordan elimination."""
    rows = [(dict(left), right) for left, right in equations]
    for pivot_row in range(len(rows)):
        left, right = rows[pivot_row]
        if not left:
            continue
        pivot, factor = next(iter(left.items()))
        left = {spot: share / factor for spot, share in left.items()}
        right /= factor
        rows[pivot_row] = (left, right)
        for other in range(len(rows)):
            share = rows[other][0].get(pivot)
            if other != pivot_row and share:
                rows[other] = _minus(rows[other], share, (left, right))
    return [row for row in rows if row[0]]


def _minus(equation: _Equation, times: Fraction, other: _Equation) -> _Equation:
    left = dict(equation[0])
    for spot, share in other[0].items():
        left[spot] = left.get(spot, Fraction(0)) - times * share
    kept = {spot: share for spot, share in left.items() if share}
    return kept, equation[1] - times * other[1]


def _tighten(
    equation: _Equation, least: dict[Position, int], most: dict[Position, int | None]
) -> bool:
    """Use one equation on each of its numbers; returns whether anything became narrower."""
    left, right = equation
    moved = False
    for spot, share in left.items():
        others = [(other, part) for other, part in left.items() if other != spot]
        smallest, largest = Fraction(0), Fraction(0)
        open_below = open_above = False
        for other, part in others:
            top = most[other]
            low, high = (least[other], top) if part > 0 else (top, least[other])
            open_below |= low is None
            open_above |= high is None
            smallest += part * (low or 0)
            largest += part * (high or 0)
        ends = (
            None if open_above else (right - largest) / share,
            None if open_below else (right - smallest) / share,
        )
        bottom, top_end = ends if share > 0 else ends[::-1]
        moved = _raise(least, spot, bottom) or moved
        moved = _lower(most, spot, top_end) or moved
    return moved


def _raise(least: dict[Position, int], spot: Position, bound: Fraction | None) -> bool:
    if bound is None:
        return False
    whole = -(-bound.numerator // bound.denominator)
    if whole <= least[spot]:
        return False
    least[spot] = whole
    return True


def _lower(most: dict[Position, int | None], spot: Position, bound: Fraction | None) -> bool:
    if bound is None:
        return False
    whole = bound.numerator // bound.denominator
    before = most[spot]
    if before is not None and whole >= before:
        return False
    most[spot] = whole
    return True
