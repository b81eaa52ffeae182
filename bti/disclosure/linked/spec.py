"""What is to be published, as data: dimensions with groups, tables, rules. `spec_file` reads it.

Checks everything that can be known without the counts; `counts` checks the rest.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from math import prod
from typing import Final

from bti.disclosure.tables import (
    DEFAULT_THRESHOLD,
    HIGHEST_THRESHOLD,
    LOWEST_THRESHOLD,
    TableError,
)

MAX_DIMENSIONS: Final = 9
MAX_CODES: Final = 2_000
MAX_COMBINATIONS: Final = 200_000
"""Combinations of codes over all dimensions in use: what a whole data set is written in."""

MAX_CELLS: Final = 20_000
MOST_INSIDERS: Final = 4
LEAST_FOR_QUANTILES: Final = 10

_NAME = re.compile(r"[^\W\d][\w-]{0,39}")
_PERIOD = re.compile(r"[0-9A-Za-z-]{1,20}")
_CODE_LENGTH: Final = 80


class SpecError(TableError):
    """The spec does not describe tables; the message names the first thing wrong."""


class Zeros(StrEnum):
    """Whether an undeclared zero tells something about somebody."""

    HIDE = "hide"
    SHOW = "show"


class Method(StrEnum):
    """The ways of protecting that can be compared."""

    SUPPRESSION = "suppression"
    ROUNDING = "rounding"
    CONTROLLED = "controlled"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A property of a child: its codes, and named groups of codes that are counted as well.

    Groups may overlap, so several hierarchies over the same codes are several groups. With
    `harmless`, that a whole group shares one value of it is nobody's secret.
    """

    name: str
    codes: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    harmless: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpecError(f"not a name of a dimension: {self.name[:40]!r}")
        labels = (*self.codes, *(name for name, _ in self.groups))
        if not 1 <= len(self.codes) <= MAX_CODES:
            raise SpecError(f"dimension {self.name}: 1 to {MAX_CODES} codes, not {len(self.codes)}")
        for label in labels:
            if not label or len(label) > _CODE_LENGTH or not label.isprintable():
                raise SpecError(f"dimension {self.name}: not a code: {label[:40]!r}")
        if len(set(labels)) != len(labels):
            raise SpecError(f"dimension {self.name}: a code or group stands twice")
        for name, members in self.groups:
            if not members or not set(members) <= set(self.codes):
                raise SpecError(f"dimension {self.name}: group {name} has codes that do not exist")


@dataclass(frozen=True, slots=True)
class Population:
    """How many people live where the codes in `where` say; under the limit nothing is broken down."""

    where: tuple[tuple[str, str], ...]
    base: int


@dataclass(frozen=True, slots=True)
class Quantile:
    """Medians or others of an ordered dimension, for each group of the dimensions `within`."""

    dimension: str
    within: tuple[str, ...] = ()
    parts: tuple[int, ...] = (50,)
    """In a hundred: 50 is the median, 25 and 75 are the quartiles."""
    least: int = LEAST_FOR_QUANTILES
    """Of fewer children or households nothing is told."""

    def __post_init__(self) -> None:
        if self.dimension in self.within:
            raise SpecError(f"quantiles of {self.dimension} within itself")
        if not self.parts or not set(self.parts) <= {10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90}:
            raise SpecError("quantiles are quartiles or tenths: parts are 10, 20, 25 ... 90")
        if self.least < LEAST_FOR_QUANTILES:
            raise SpecError(f"quantiles are told of at least {LEAST_FOR_QUANTILES}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Where a release will be found and who answers for it, for data catalogues."""

    address: str
    publisher: str
    """The address of the organisation in the national catalogue."""
    contact: str
    description: str = ""

    def __post_init__(self) -> None:
        for value, start in (
            (self.address, "https://"),
            (self.publisher, "https://"),
            (self.contact, "mailto:"),
        ):
            if not value.startswith(start) or not value.isprintable() or " " in value:
                raise SpecError(f"catalogue: expected an address with {start}")


@dataclass(frozen=True, slots=True)
class Published:
    """An earlier release: its folder, the rows it was counted from, the part of today's space it covers.

    No `counts`: the same rows as now.
    """

    release: str
    counts: str = ""
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers a release is held to. Defaults are those of the product."""

    threshold: int = DEFAULT_THRESHOLD
    zeros: Zeros = Zeros.HIDE
    known_cases: int = 3
    """How many cases an insider may know whole, with everybody in their households."""
    coalition: int = 2
    """How many insiders may tell each other what they know."""
    turnover: int = 5
    """Fewer changed households than this since an earlier release, and a number is not renewed."""
    least_population: int = 40
    base: int = 5
    """Of rounding."""
    methods: tuple[Method, ...] = (Method.SUPPRESSION, Method.CONTROLLED, Method.ROUNDING)

    @property
    def all_known(self) -> int:
        """How many cases those who tell each other may know."""
        return self.known_cases * self.coalition

    def __post_init__(self) -> None:
        if not LOWEST_THRESHOLD <= self.threshold <= HIGHEST_THRESHOLD:
            raise SpecError(f"threshold must be {LOWEST_THRESHOLD} to {HIGHEST_THRESHOLD}")
        if not 0 <= self.known_cases <= HIGHEST_THRESHOLD:
            raise SpecError(f"known_cases must be 0 to {HIGHEST_THRESHOLD}")
        if not 1 <= self.coalition <= MOST_INSIDERS:
            raise SpecError(f"coalition must be 1 to {MOST_INSIDERS}")
        if self.least_population < 0:
            raise SpecError("least_population is not negative")
        if self.turnover < self.threshold:
            raise SpecError("turnover cannot be lower than the threshold")
        if self.base not in (3, 5):
            raise SpecError("numbers are rounded to base 3 or 5")
        if self.base > self.threshold:
            raise SpecError("the base of rounding cannot be higher than the threshold")
        if not self.methods or len(set(self.methods)) != len(self.methods):
            raise SpecError("methods must name each method once")


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything about a release but the counts."""

    dimensions: tuple[Dimension, ...]
    tables: tuple[tuple[str, ...], ...]
    """Each table as the names of its dimensions; totals over each of them are always part of it."""
    title: str = ""
    period: str = ""
    rules: Rules = field(default_factory=Rules)
    structural: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = ()
    """Combinations that cannot occur: dimension and codes, all of which hold at once."""
    populations: tuple[Population, ...] = ()
    keep: tuple[str, ...] = ()
    """Dimensions that take part although no table has them: earlier releases do."""
    published: tuple[Published, ...] = ()
    quantiles: tuple[Quantile, ...] = ()
    catalogue: Catalogue | None = None
    percentages: tuple[str, ...] = ()
    """Dimensions over whose total each number is also shown in per cent."""
    count_column: str = ""
    household_column: str = ""
    unit_column: str = ""

    def __post_init__(self) -> None:
        names = [one.name for one in self.dimensions]
        if len(set(names)) != len(names):
            raise SpecError("a dimension stands twice")
        if not 1 <= len(names) <= MAX_DIMENSIONS:
            raise SpecError(f"1 to {MAX_DIMENSIONS} dimensions, not {len(names)}")
        if not self.tables:
            raise SpecError("no table is asked for")
        for table in self.tables:
            if len(set(table)) != len(table) or not set(table) <= set(names):
                raise SpecError(
                    f"a table names a dimension that does not exist: {', '.join(table)}"
                )
        if not _PERIOD.fullmatch(self.period or "-"):
            raise SpecError("period must be short and plain, as 2026H1")
        self._check_codes()
        self._check_size()

    def dimension(self, name: str) -> Dimension:
        """Find a dimension; raises SpecError."""
        for one in self.dimensions:
            if one.name == name:
                return one
        raise SpecError(f"there is no dimension {name[:40]!r}")

    def used(self) -> tuple[Dimension, ...]:
        """The dimensions that some table has, in the order of the spec."""
        wanted = {name for table in self.tables for name in table} | set(self.keep)
        wanted |= {name for one in self.quantiles for name in (one.dimension, *one.within)}
        return tuple(one for one in self.dimensions if one.name in wanted)

    def _check_codes(self) -> None:
        of_quantiles = [name for one in self.quantiles for name in (one.dimension, *one.within)]
        for name in (*self.percentages, *self.keep, *of_quantiles):
            self.dimension(name)
        self._check_structural()
        self._check_population()

    def _check_structural(self) -> None:
        for where in self.structural:
            if not where:
                raise SpecError("a structural zero says nothing")
            for name, codes in where:
                if not codes or not set(codes) <= set(self.dimension(name).codes):
                    raise SpecError(f"structural: {name} has codes that do not exist")

    def _check_population(self) -> None:
        for population in self.populations:
            if population.base < 0:
                raise SpecError("a population is not negative")
            for name, code in population.where:
                known = self.dimension(name)
                if code not in (*known.codes, *(group for group, _ in known.groups)):
                    raise SpecError(f"population: {name} has no code {code[:40]!r}")

    def _check_size(self) -> None:
        size = prod(len(one.codes) for one in self.used())
        if size > MAX_COMBINATIONS:
            raise SpecError(
                f"{size} combinations are too many to prove: at most {MAX_COMBINATIONS}"
            )
        cells = sum(
            prod(len(one.codes) + len(one.groups) for one in map(self.dimension, table))
            for table in self.tables
        )
        if cells > MAX_CELLS:
            raise SpecError(f"{cells} cells are too many to prove: at most {MAX_CELLS}")


def margins(names: Iterable[str], order: int) -> tuple[tuple[str, ...], ...]:
    """All tables of `order` dimensions, or of all when there are fewer."""
    known = tuple(names)
    return tuple(combinations(known, min(order, len(known))))


def with_rules(spec: Spec, **changes: object) -> Spec:
    """The same spec under other rules; for comparisons."""
    return replace(spec, rules=replace(spec.rules, **changes))  # type: ignore[arg-type] # checked there
