"""What is to be published, as data: dimensions with groups, tables, rules. Read from TOML.

Checks everything that can be known without the counts; `counts` checks the rest.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
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
        return tuple(one for one in self.dimensions if one.name in wanted)

    def _check_codes(self) -> None:
        for where in self.structural:
            if not where:
                raise SpecError("a structural zero says nothing")
            for name, codes in where:
                if not codes or not set(codes) <= set(self.dimension(name).codes):
                    raise SpecError(f"structural: {name} has codes that do not exist")
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


def read_spec(text: str, codes: Mapping[str, tuple[str, ...]] | None = None) -> Spec:
    """Read TOML; `codes` fills in dimensions whose codes are left to the counts.

    Raises SpecError for anything unknown, missing or contradictory.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SpecError(f"not TOML: {fault}") from None
    _only(
        content,
        "the spec",
        *("title", "period", "count", "household", "unit", "rules", "dimension", "table"),
        *("margins", "structural", "population", "published"),
    )
    dimensions = tuple(_dimension(one, codes or {}) for one in _tables(content, "dimension"))
    tables = tuple(_texts(one.get("dimensions"), "table") for one in _tables(content, "table"))
    if "margins" in content:
        order = _whole(content["margins"], "margins")
        if not 1 <= order <= MAX_DIMENSIONS:
            raise SpecError("margins must say how many dimensions a table has")
        tables += margins((one.name for one in dimensions), order)
    return Spec(
        dimensions=dimensions,
        tables=tables,
        title=_text(content.get("title", ""), "title"),
        period=_text(content.get("period", ""), "period"),
        rules=_rules(content.get("rules", {})),
        structural=tuple(_where(one) for one in _tables(content, "structural")),
        populations=tuple(_population(one) for one in _tables(content, "population")),
        published=tuple(_published(one) for one in _tables(content, "published")),
        count_column=_text(content.get("count", ""), "count"),
        household_column=_text(content.get("household", ""), "household"),
        unit_column=_text(content.get("unit", ""), "unit"),
    )


def open_dimensions(text: str) -> tuple[str, ...]:
    """The dimensions of a spec that leave their codes to the counts."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SpecError(f"not TOML: {fault}") from None
    return tuple(
        _text(one.get("name"), "dimension")
        for one in _tables(content, "dimension")
        if "codes" not in one
    )


def with_rules(spec: Spec, **changes: object) -> Spec:
    """The same spec under other rules; for comparisons."""
    return replace(spec, rules=replace(spec.rules, **changes))  # type: ignore[arg-type] # checked there


def _dimension(content: Mapping[str, object], codes: Mapping[str, tuple[str, ...]]) -> Dimension:
    _only(content, "dimension", "name", "codes", "groups", "harmless")
    name = _text(content.get("name"), "dimension")
    groups = content.get("groups", {})
    if not isinstance(groups, dict):
        raise SpecError(f"dimension {name}: groups must be a table")
    harmless = content.get("harmless", False)
    if not isinstance(harmless, bool):
        raise SpecError(f"dimension {name}: harmless must be true or false")
    found = _texts(content["codes"], name) if "codes" in content else codes.get(name, ())
    return Dimension(
        name=name,
        codes=found,
        groups=tuple((group, _texts(members, name)) for group, members in groups.items()),
        harmless=harmless,
    )


def _rules(content: object) -> Rules:
    if not isinstance(content, dict):
        raise SpecError("rules must be a table")
    numbers = ("threshold", "known_cases", "coalition", "turnover", "least_population", "base")
    _only(content, "rules", *numbers, "zeros", "methods")
    found: dict[str, object] = {
        name: _whole(content[name], name) for name in numbers if name in content
    }
    try:
        if "zeros" in content:
            found["zeros"] = Zeros(content["zeros"])
        if "methods" in content:
            found["methods"] = tuple(Method(one) for one in _texts(content["methods"], "methods"))
    except ValueError as fault:
        raise SpecError(f"rules: {fault}") from None
    if "turnover" not in found:
        threshold = found.get("threshold", DEFAULT_THRESHOLD)
        found["turnover"] = max(5, threshold if isinstance(threshold, int) else 0)
    return Rules(**found)  # type: ignore[arg-type] # each was checked above


def _where(content: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (name, (codes,) if isinstance(codes, str) else _texts(codes, name))
        for name, codes in content.items()
    )


def _population(content: Mapping[str, object]) -> Population:
    _only(content, "population", "where", "base")
    where = content.get("where")
    if not isinstance(where, dict) or not where:
        raise SpecError("population: where must name a dimension and a code")
    return Population(
        where=tuple((name, _text(code, name)) for name, code in where.items()),
        base=_whole(content.get("base"), "population"),
    )


def _published(content: Mapping[str, object]) -> Published:
    _only(content, "published", "release", "counts", "where")
    where = content.get("where", {})
    if not isinstance(where, dict):
        raise SpecError("published: where must be a table")
    return Published(
        release=_text(content.get("release"), "published"),
        counts=_text(content.get("counts", ""), "published"),
        where=tuple((name, _text(code, name)) for name, code in where.items()),
    )


def _tables(content: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = content.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SpecError(f"{name} must be written as [[{name}]]")
    return found


def _only(content: Mapping[str, object], where: str, *known: str) -> None:
    for name in content:
        if name not in known:
            raise SpecError(f"{where} does not know {name[:40]!r}")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SpecError(f"{where}: expected text")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SpecError(f"{where}: expected a list of texts")
    return tuple(value)


def _whole(value: object, where: str) -> int:
    if type(value) is not int:
        raise SpecError(f"{where}: expected a whole number")
    return value
