"""What the page of released numbers shows: words for codes, and rows for the tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from flask import url_for
from flask_babel import gettext, lazy_gettext

from bti.disclosure.menu import AGE, CONCERN, COURSE, LEVEL, NOT_DIVIDED, SERVICE
from bti.disclosure.release import Shown
from bti.disclosure.tables import HalfYear
from bti.slt.release import PublishedRelease, ReleasePage
from bti.web.slt_chart import Chart, Count, drawn

_WORDS: Final[dict[str, object]] = {
    "level_0": lazy_gettext("Level 0"),
    "level_1": lazy_gettext("Level 1"),
    "level_2": lazy_gettext("Level 2"),
    "level_3": lazy_gettext("Level 3"),
    "age_0_5": lazy_gettext("0–5 years"),
    "age_6_9": lazy_gettext("6–9 years"),
    "age_10_12": lazy_gettext("10–12 years"),
    "age_13_15": lazy_gettext("13–15 years"),
    "age_16_18": lazy_gettext("16–18 years"),
    "age_19_23": lazy_gettext("19–23 years"),
    "kindergarten": lazy_gettext("Kindergarten"),
    "school": lazy_gettext("School"),
    "health": lazy_gettext("Health service"),
    "other": lazy_gettext("Other or several services"),
    "school_life": lazy_gettext("School and learning"),
    "relations": lazy_gettext("Friends and belonging"),
    "mental_health": lazy_gettext("Mental health"),
    "conduct": lazy_gettext("Behaviour and substances"),
    "home": lazy_gettext("Home and family"),
    "other_or_several": lazy_gettext("Something else, or several"),
    "new": lazy_gettext("Came in the half-year"),
    "up": lazy_gettext("Moved to a higher level"),
    "same_or_down": lazy_gettext("Same or lower level"),
    "closed": lazy_gettext("Closed"),
    "_T": lazy_gettext("Total"),
}

_DIMENSIONS: Final[dict[str, object]] = {
    LEVEL: lazy_gettext("Level"),
    AGE: lazy_gettext("Age"),
    SERVICE: lazy_gettext("Service where the concern began"),
    CONCERN: lazy_gettext("What the concern is about"),
    COURSE: lazy_gettext("What became of it"),
}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table; None is a hidden number."""

    label: object
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class OneWay:
    """A table of one dimension; the last row is the total."""

    name: object
    rows: tuple[TableRow, ...]


class PeriodLink(NamedTuple):
    """A published half-year to choose."""

    text: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """The released numbers of one half-year; ``code`` is its name in addresses."""

    code: str
    period: str
    version: int
    published_at: datetime
    published_by: str
    correction_reason: str | None
    sha256: str
    signer: str
    smallest_shown: int
    largest_never_shown: int
    too_few: bool
    total: int | None
    columns: tuple[object, ...]
    rows: tuple[TableRow, ...]
    sums: TableRow
    others: tuple[OneWay, ...]
    has_hidden: bool
    base: int
    chart: Chart


@dataclass(frozen=True, slots=True)
class NumbersPage:
    """View model of slt/show.html; `numbers` is None until something is published."""

    numbers: Numbers | None
    periods: tuple[PeriodLink, ...]


def numbers_page(found: ReleasePage) -> NumbersPage:
    """The page for what was found."""
    chosen = None if found.release is None else str(found.release.period)
    return NumbersPage(
        numbers=None if found.release is None else _numbers(found.release),
        periods=tuple(
            PeriodLink(
                text=half_year(HalfYear.parse(row.period)),
                href=url_for("slt.release", period=row.period),
                chosen=row.period == chosen,
            )
            for row in found.periods
        ),
    )


def half_year(period: HalfYear) -> str:
    """«First half of 2026»."""
    if period.half == 1:
        return str(gettext("First half of %(year)s", year=period.year))
    return str(gettext("Second half of %(year)s", year=period.year))


def _numbers(found: PublishedRelease) -> Numbers:
    release = found.release
    first, *others = release.tables
    rows = _lines(first)
    labels = tuple(word(code) for code in _divided(first.labels[0])[:-1])
    everything = [value for table in release.tables for value in table.numbers]
    return Numbers(
        code=str(found.period),
        period=half_year(found.period),
        version=found.version,
        published_at=found.published_at,
        published_by=found.published_by,
        correction_reason=found.correction_reason,
        sha256=found.sha256,
        signer=found.signer,
        smallest_shown=release.threshold,
        largest_never_shown=release.threshold - 1,
        too_few=not any(everything),
        total=rows[-1][-1],
        columns=tuple(word(code) for code in _divided(first.labels[1])[:-1]),
        rows=tuple(
            TableRow(label, counts) for label, counts in zip(labels, rows[:-1], strict=True)
        ),
        sums=TableRow(gettext("Total"), rows[-1]),
        others=tuple(
            OneWay(
                dimension_name(one.dimensions[0]),
                tuple(
                    TableRow(word(code), (value,))
                    for code, value in zip(one.labels[0], one.numbers, strict=True)
                    if code != NOT_DIVIDED
                ),
            )
            for one in others
        ),
        has_hidden=None in everything,
        base=release.base,
        chart=drawn([Count(row[-1]) for row in rows[:-1]], labels),
    )


def _lines(table: Shown) -> tuple[tuple[int | None, ...], ...]:
    """The rows of a table of two dimensions, totals last; without those who are not divided."""
    down, across = table.labels
    width = len(across)
    return tuple(
        tuple(
            value
            for code, value in zip(across, table.numbers[start : start + width], strict=True)
            if code != NOT_DIVIDED
        )
        for code, start in zip(down, range(0, len(table.numbers), width), strict=True)
        if code != NOT_DIVIDED
    )


def _divided(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in labels if code != NOT_DIVIDED)


def word(code: str) -> object:
    """What a code of the menu is called on a page."""
    return _WORDS.get(code, code)


def dimension_name(code: str) -> object:
    """What a dimension of the menu is called on a page."""
    return _DIMENSIONS.get(code, code)
