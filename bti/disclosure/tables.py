"""The tables of disclosure control: true counts, their protected form, and the geometry they share.

What may be shown is decided in `protect`, proved in `verify` and frozen in `release`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

Position = tuple[int, int]
Grid = tuple[tuple[int, ...], ...]
MaskedGrid = tuple[tuple[int | None, ...], ...]

DEFAULT_THRESHOLD = 5
LOWEST_THRESHOLD = 3
HIGHEST_THRESHOLD = 10
MAX_AXIS_LENGTH = 10

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PERIOD = re.compile(r"(?P<year>20[0-9]{2})H(?P<half>[12])")


class TableError(ValueError):
    """The numbers do not form a table; the message names the first thing wrong."""


class CellStatus(StrEnum):
    """What a reader is shown in one cell."""

    PUBLISHED = "published"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, order=True)
class HalfYear:
    """One half of a calendar year, the finest period that is ever released."""

    year: int
    half: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2026H1"; anything else raises TableError."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise TableError(f"period must look like 2026H1, not {text[:20]!r}")
        return cls(year=int(match["year"]), half=int(match["half"]))

    @property
    def first_day(self) -> date:
        """1 January or 1 July."""
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last_day(self) -> date:
        """30 June or 31 December."""
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    def __str__(self) -> str:
        return f"{self.year:04d}H{self.half}"


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension: a name and its codes in the order they are read."""

    name: str
    codes: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.codes) <= MAX_AXIS_LENGTH:
            raise TableError(f"axis {self.name[:40]!r} must have 1 to {MAX_AXIS_LENGTH} codes")
        for code in (self.name, *self.codes):
            if not _CODE.fullmatch(code):
                raise TableError(f"not a plain code: {code[:40]!r}")
        if len(set(self.codes)) != len(self.codes):
            raise TableError(f"axis {self.name!r} repeats a code")


@dataclass(frozen=True, slots=True)
class Line:
    """One sum of the table: its members add up to its total."""

    members: tuple[Position, ...]
    total: Position


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows and columns with one more of each for the totals: index `height` and `width`."""

    height: int
    width: int

    def positions(self) -> Iterator[Position]:
        """Every cell and every total, row by row."""
        for row in range(self.height + 1):
            for column in range(self.width + 1):
                yield row, column

    def lines(self) -> tuple[Line, ...]:
        """All sums that must hold, those of the totals included."""
        across = (
            Line(tuple((row, column) for column in range(self.width)), (row, self.width))
            for row in range(self.height + 1)
        )
        down = (
            Line(tuple((row, column) for row in range(self.height)), (self.height, column))
            for column in range(self.width + 1)
        )
        return (*across, *down)

    def is_total(self, position: Position) -> bool:
        """Whether the position is a row, column or grand total."""
        return position[0] == self.height or position[1] == self.width

    def below(self, total: Position) -> tuple[Position, ...]:
        """The inner cells a total is made of; a cell is made of itself."""
        rows = range(self.height) if total[0] == self.height else (total[0],)
        columns = range(self.width) if total[1] == self.width else (total[1],)
        return tuple((row, column) for row in rows for column in columns)


def _checked_structural(shape: Shape, structural: frozenset[Position]) -> None:
    if not all(0 <= row < shape.height and 0 <= column < shape.width for row, column in structural):
        raise TableError("a structural zero lies outside the table")


def _checked_threshold(threshold: int) -> None:
    if not LOWEST_THRESHOLD <= threshold <= HIGHEST_THRESHOLD:
        raise TableError(f"threshold must be {LOWEST_THRESHOLD} to {HIGHEST_THRESHOLD}")


@dataclass(frozen=True, slots=True)
class CountTable:
    """True counts of unique children in one half-year. Never leaves the case side.

    `structural` names inner cells that are zero by definition and known to be so by everyone;
    only those zeros may be shown.
    """

    period: HalfYear
    rows: Axis
    columns: Axis
    counts: Grid = field(repr=False)
    structural: frozenset[Position] = frozenset()

    def __post_init__(self) -> None:
        shape = self.shape
        if len(self.counts) != shape.height or any(len(row) != shape.width for row in self.counts):
            raise TableError("the counts do not fit the axes")
        if any(count < 0 for row in self.counts for count in row):
            raise TableError("a count is negative")
        _checked_structural(shape, self.structural)
        if any(self.counts[row][column] for row, column in self.structural):
            raise TableError("a structural zero is not zero")

    @property
    def shape(self) -> Shape:
        """The geometry, totals included."""
        return Shape(len(self.rows.codes), len(self.columns.codes))

    def with_totals(self) -> Grid:
        """The counts with row totals, column totals and the grand total added."""
        rows = [(*row, sum(row)) for row in self.counts]
        return (*rows, tuple(sum(column) for column in zip(*rows, strict=True)))

    def known_zeros(self) -> frozenset[Position]:
        """Structural zeros, and totals made of nothing else."""
        return known_zeros(self.shape, self.structural)


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """What readers may see: numbers, and None where the number is hidden.

    This is a proposal until `verify` has passed it; only `release` makes it publishable.
    """

    period: HalfYear
    rows: Axis
    columns: Axis
    cells: MaskedGrid
    structural: frozenset[Position] = frozenset()
    threshold: int = DEFAULT_THRESHOLD

    def __post_init__(self) -> None:
        shape = self.shape
        _checked_threshold(self.threshold)
        if len(self.cells) != shape.height + 1 or any(
            len(row) != shape.width + 1 for row in self.cells
        ):
            raise TableError("the cells do not fit the axes and their totals")
        if any(count is not None and count < 0 for row in self.cells for count in row):
            raise TableError("a published number is negative")
        _checked_structural(shape, self.structural)
        if any(self.cells[row][column] != 0 for row, column in self.known_zeros()):
            raise TableError("a structural zero is not shown as zero")

    @property
    def shape(self) -> Shape:
        """The geometry, totals included."""
        return Shape(len(self.rows.codes), len(self.columns.codes))

    def value(self, position: Position) -> int | None:
        """The published number, or None where it is hidden."""
        return self.cells[position[0]][position[1]]

    def status(self, position: Position) -> CellStatus:
        """Whether the position is published or hidden."""
        return CellStatus.HIDDEN if self.value(position) is None else CellStatus.PUBLISHED

    def hidden(self) -> tuple[Position, ...]:
        """All hidden positions, row by row."""
        return tuple(spot for spot in self.shape.positions() if self.value(spot) is None)

    def known_zeros(self) -> frozenset[Position]:
        """Structural zeros, and totals made of nothing else."""
        return known_zeros(self.shape, self.structural)

    @property
    def says_too_few(self) -> bool:
        """Nothing but structural zeros is published: there were too few to count safely."""
        zeros = self.known_zeros()
        return all(self.value(spot) is None for spot in self.shape.positions() if spot not in zeros)


def known_zeros(shape: Shape, structural: frozenset[Position]) -> frozenset[Position]:
    """Structural inner cells together with the totals that consist of them alone."""
    if not structural:
        return frozenset()
    return frozenset(
        spot for spot in shape.positions() if all(cell in structural for cell in shape.below(spot))
    )


def masked(counts: CountTable, hidden: frozenset[Position], threshold: int) -> ProtectedTable:
    """The table with the given positions hidden, every other number shown as it is.

    Makes no promise about safety: that is for `verify`.
    """
    grid = counts.with_totals()
    cells = tuple(
        tuple(None if (row, column) in hidden else value for column, value in enumerate(values))
        for row, values in enumerate(grid)
    )
    return ProtectedTable(
        period=counts.period,
        rows=counts.rows,
        columns=counts.columns,
        cells=cells,
        structural=counts.structural,
        threshold=threshold,
    )
