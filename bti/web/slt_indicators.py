"""What the pages of indicators show: other people's numbers over their years, and ours of the same theme beside them.

Each part is made from its own numbers alone. Nothing here computes with both, and no scale is common to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import gettext

from bti.disclosure.menu import CONCERN
from bti.slt.indicator import Figure, IndicatorReading, Period
from bti.slt.indicator_file import themes
from bti.slt.indicator_stored import Indicators, StoredFile, StoredReading
from bti.slt.plan import Unit
from bti.slt.release import PublishedRelease
from bti.web.filters import amount
from bti.web.slt_chart import NOT_PUBLISHED, Chart, Count, Number, drawn
from bti.web.slt_numbers import word
from bti.web.slt_trends import Line, TrendsPage, trends_page

_WHOLE: Final = 100
MOST_CHARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One number in words; empty with a sign is not published, without one not said."""

    text: str
    sign: str
    comparison: str
    comparison_sign: str
    base: int | None
    note: str


@dataclass(frozen=True, slots=True)
class IndicatorColumn:
    """A period of one file: the same year of two sources is two columns."""

    period: str
    source: str
    compared_with: str
    language: str
    href: str


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One group of people over the columns; None where a file says nothing of it."""

    population: str
    cells: tuple[Cell | None, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class IndicatorBlock:
    """An indicator in one unit. ``has_note`` and so on say which rows of explanation are needed."""

    unit: Unit
    columns: tuple[IndicatorColumn, ...]
    rows: tuple[IndicatorRow, ...]
    has_comparison: bool
    has_sign: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """The municipality's own published counts of the same theme, as the page of half-years has them."""

    theme: str
    trends: TrendsPage
    line: Line


@dataclass(frozen=True, slots=True)
class IndicatorPage:
    """View model of slt/indicator/show.html; ``theme`` is empty for an indicator that is read alone."""

    name: str
    language: str
    blocks: tuple[IndicatorBlock, ...]
    theme: str
    beside: Beside | None


@dataclass(frozen=True, slots=True)
class ListedIndicator:
    """One indicator in the list: the newest number of each group, and where it is from."""

    name: str
    language: str
    href: str
    period: str
    newest: tuple[tuple[str, Cell], ...]
    source: str


@dataclass(frozen=True, slots=True)
class IndicatorGroup:
    """The indicators of one theme."""

    key: str
    name: str
    indicators: tuple[ListedIndicator, ...]


def indicator_groups(found: Indicators) -> tuple[IndicatorGroup, ...]:
    """Every indicator by its theme, in the order of the pairing; those that are read alone come last."""
    by_code: dict[str, list[StoredReading]] = {}
    for one in found.readings:
        by_code.setdefault(one.reading.code, []).append(one)
    order = (*dict.fromkeys(themes().values()), "")
    grouped = {
        theme: tuple(
            _listed(code, of_code)
            for code, of_code in by_code.items()
            if themes().get(code, "") == theme
        )
        for theme in order
    }
    return tuple(
        IndicatorGroup(theme or "alone", theme_name(theme), listed)
        for theme, listed in grouped.items()
        if listed
    )


def theme_name(theme: str) -> str:
    """What a group of concerns is called; for none, that these are read alone."""
    return str(word(theme)) if theme else gettext("Read alone")


def indicator_page(found: Indicators, releases: Sequence[PublishedRelease]) -> IndicatorPage:
    """The page of one indicator, with the published half-years that may stand beside it."""
    newest = found.readings[0]
    theme = themes().get(newest.reading.code, "")
    units = dict.fromkeys(one.reading.unit for one in found.readings)
    return IndicatorPage(
        name=newest.reading.name,
        language=newest.file.about.language,
        blocks=tuple(
            _block(unit, [one for one in found.readings if one.reading.unit is unit])
            for unit in units
        ),
        theme=theme_name(theme) if theme else "",
        beside=_beside(theme, releases) if theme else None,
    )


def cell_of(reading: IndicatorReading) -> Cell:
    """A number as it is written on a page, with its unit."""
    return Cell(
        text=_figure(reading.value, reading.unit),
        sign=reading.value.sign,
        comparison=_figure(reading.comparison, reading.unit),
        comparison_sign=reading.comparison.sign,
        base=reading.base,
        note=reading.note,
    )


def _beside(theme: str, releases: Sequence[PublishedRelease]) -> Beside | None:
    page = trends_page(releases, f"{CONCERN}.{theme}")
    if page is None or not page.columns:
        return None
    line = next(one for group in page.groups for one in group.lines if one.drawn)
    return Beside(theme_name(theme), page, line)


def _block(unit: Unit, readings: Sequence[StoredReading]) -> IndicatorBlock:
    columns = sorted(
        {(one.reading.period, one.file.about.title): one.file for one in readings}.items(),
        key=lambda found: found[0],
    )
    populations = dict.fromkeys(one.reading.population for one in readings)
    at = {
        (one.reading.population, one.reading.period, one.file.about.title): one.reading
        for one in readings
    }
    rows = []
    for number, population in enumerate(populations):
        found = [at.get((population, *column)) for column, _ in columns]
        chart = _chart(unit, columns, found) if number < MOST_CHARTS else None
        cells = tuple(None if one is None else cell_of(one) for one in found)
        rows.append(IndicatorRow(population, cells, chart))
    everything = [cell for row in rows for cell in row.cells if cell is not None]
    return IndicatorBlock(
        unit=unit,
        columns=tuple(_column(period, file) for (period, _), file in columns),
        rows=tuple(rows),
        has_comparison=any(one.comparison or one.comparison_sign for one in everything),
        has_sign=any(one.sign or one.comparison_sign for one in everything),
    )


def _chart(
    unit: Unit,
    columns: Sequence[tuple[tuple[Period, str], StoredFile]],
    readings: Sequence[IndicatorReading | None],
) -> Chart:
    """The bars of one group. A share is always drawn on a scale to a hundred."""
    return drawn(
        [
            NOT_PUBLISHED if one is None or one.value.value is None else Count(one.value.value)
            for one in readings
        ],
        [period.text for (period, _), _ in columns],
        top=_WHOLE if unit is Unit.PERCENT else 0,
        written=_written(unit),
    )


def _column(period: Period, file: StoredFile) -> IndicatorColumn:
    return IndicatorColumn(
        period=period.text,
        source=file.about.source,
        compared_with=file.about.compared_with,
        language=file.about.language,
        href=url_for("slt.indicator.file", indicator_file_id=file.id),
    )


def _listed(code: str, readings: Sequence[StoredReading]) -> ListedIndicator:
    newest = max(readings, key=lambda one: one.reading.period)
    same = [
        one
        for one in readings
        if one.reading.period == newest.reading.period and one.file.id == newest.file.id
    ]
    return ListedIndicator(
        name=newest.reading.name,
        language=newest.file.about.language,
        href=url_for("slt.indicator.show", indicator_code=code),
        period=newest.reading.period.text,
        newest=tuple((one.reading.population, cell_of(one.reading)) for one in same),
        source=newest.file.about.source,
    )


def _figure(figure: Figure, unit: Unit) -> str:
    return "" if figure.value is None else _written(unit)(figure.value)


def _written(unit: Unit) -> Callable[[Number], str]:
    def written(value: Number) -> str:
        text = amount(value)
        return f"{text}\u00a0%" if unit is Unit.PERCENT else text

    return written
