"""What the page of released numbers shows: words for codes, rows for the table, bars for the chart.

Geometry is in percent of the drawing, so that the chart needs no script and no inline style.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from flask import url_for
from flask_babel import gettext, lazy_gettext

from bti.disclosure.menu import AGE, CONCERN, COURSE, LEVEL, NOT_DIVIDED, SERVICE
from bti.disclosure.release import Shown
from bti.disclosure.tables import HalfYear
from bti.slt.release import PublishedRelease, ReleasePage

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

# The drawing: where the axis begins, where the ground line and the top line are.
_LEFT: Final = 7.0
_GROUND: Final = 84.0
_TOP: Final = 8.0
# A low stub, the same for all: a height between others would be read as a number.
_HIDDEN_TOP: Final = 76.0
_BAR_SHARE: Final = 0.5
_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table; None is a hidden number."""

    label: object
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; a hidden number has the same height whatever it is."""

    label: object
    value: int | None
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the scale."""

    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over a scale, and the same in words for those who cannot see it."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    left: float
    ground: float
    words: str
    has_hidden: bool


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
    """The released numbers of one half-year."""

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
    labels = tuple(_word(code) for code in _divided(first.labels[0])[:-1])
    everything = [value for table in release.tables for value in table.numbers]
    return Numbers(
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
        columns=tuple(_word(code) for code in _divided(first.labels[1])[:-1]),
        rows=tuple(
            TableRow(label, counts) for label, counts in zip(labels, rows[:-1], strict=True)
        ),
        sums=TableRow(gettext("Total"), rows[-1]),
        others=tuple(
            OneWay(
                _DIMENSIONS.get(one.dimensions[0], one.dimensions[0]),
                tuple(
                    TableRow(_word(code), (value,))
                    for code, value in zip(one.labels[0], one.numbers, strict=True)
                    if code != NOT_DIVIDED
                ),
            )
            for one in others
        ),
        has_hidden=None in everything,
        base=release.base,
        chart=_chart(tuple(row[-1] for row in rows[:-1]), labels),
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


def _word(code: str) -> object:
    return _WORDS.get(code, code)


def _chart(totals: tuple[int | None, ...], labels: tuple[object, ...]) -> Chart:
    step = _step(max((total for total in totals if total is not None), default=0))
    top = step * _TICKS
    slot = (100 - _LEFT) / len(totals)
    bars = []
    for index, (label, total) in enumerate(zip(labels, totals, strict=True)):
        middle = _LEFT + slot * (index + 0.5)
        width = slot * _BAR_SHARE
        y = _HIDDEN_TOP if total is None else _height_at(total, top)
        bars.append(
            Bar(
                label=label,
                value=total,
                x=round(middle - width / 2, 2),
                y=y,
                width=round(width, 2),
                height=round(_GROUND - y, 2),
                middle=round(middle, 2),
            )
        )
    return Chart(
        bars=tuple(bars),
        ticks=tuple(Tick(step * n, _height_at(step * n, top)) for n in range(_TICKS + 1)),
        left=_LEFT,
        ground=_GROUND,
        words=_in_words(labels, totals),
        has_hidden=None in totals,
    )


def _height_at(value: int, top: int) -> float:
    return round(_GROUND - (_GROUND - _TOP) * value / top, 2)


def _step(largest: int) -> int:
    """The round step (1, 2, 5, 10, 20 …) with which the scale just holds the largest number."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if unit * factor * _TICKS >= largest:
                return unit * factor
        unit *= 10


def _in_words(labels: tuple[object, ...], totals: tuple[int | None, ...]) -> str:
    parts = (
        gettext("%(level)s: hidden.", level=label)
        if total is None
        else gettext("%(level)s: %(count)s.", level=label, count=total)
        for label, total in zip(labels, totals, strict=True)
    )
    return " ".join(parts)
