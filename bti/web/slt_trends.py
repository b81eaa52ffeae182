"""What the page of all published half-years shows: the same counts side by side, never a line between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import gettext

from bti.disclosure.menu import DIMENSIONS, NOT_DIVIDED
from bti.disclosure.release import Release, Shown
from bti.disclosure.tables import HalfYear
from bti.slt.release import PublishedRelease
from bti.web.slt_chart import NOT_PUBLISHED, Chart, Count, drawn
from bti.web.slt_numbers import dimension_name, half_year, word

TOTAL: Final = "total"

Place = tuple[str, str]
"""A dimension and one of its codes; the total of all is in none."""

ALL: Final[Place] = ("", TOTAL)
_SUM: Final = "_T"


@dataclass(frozen=True, slots=True)
class Line:
    """A count over the half-years. ``href`` draws it; ``drawn`` is the one that is."""

    label: str
    counts: tuple[Count, ...]
    href: str
    drawn: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One dimension of the menu."""

    key: str
    name: object
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One half-year: published or not, and its own page."""

    text: str
    href: str
    published: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class TrendsPage:
    """View model of slt/trends.html; nothing is published where ``columns`` is empty.

    ``rounding`` is what a number may be wrong by at most, exclusive; 1 where none is rounded.
    """

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    chart: Chart | None
    title: str
    rounding: int
    largest_never_shown: int
    has_hidden: bool
    has_gap: bool


def trends_page(found: Sequence[PublishedRelease], wanted: str) -> TrendsPage | None:
    """Lay out what stands, oldest first; ``wanted`` is the key of a line. None for a line that is not there."""
    standing = {one.period: one for one in found}
    periods = from_first_to_last(sorted(standing))
    over = counts_over(found, periods)
    chosen = next((place for place in over if key_of(place) == wanted), None)
    if chosen is None:
        return None
    columns = tuple(_column(period, standing.get(period)) for period in periods)
    everything = [one for line in over.values() for one in line]
    return TrendsPage(
        columns=columns,
        groups=tuple(_group(dimension, over, chosen) for dimension in ("", *DIMENSIONS)),
        chart=drawn(over[chosen], [one.text for one in columns]) if columns else None,
        title=title_of(chosen),
        rounding=max((one.release.base for one in found), default=1),
        largest_never_shown=max((one.release.threshold - 1 for one in found), default=0),
        has_hidden=any(one.published and one.value is None for one in everything),
        has_gap=any(not one.published for one in everything),
    )


def counts_over(
    found: Sequence[PublishedRelease], periods: Sequence[HalfYear]
) -> Mapping[Place, tuple[Count, ...]]:
    """Each count of the menu over the half-years, in the order of the menu, the total of all first."""
    counts = {one.period: _counts(one.release) for one in found}
    return {
        place: tuple(
            counts[period].get(place, NOT_PUBLISHED) if period in counts else NOT_PUBLISHED
            for period in periods
        )
        for place in places_of_menu()
    }


def from_first_to_last(periods: Sequence[HalfYear]) -> tuple[HalfYear, ...]:
    """Every half-year between, published or not: a gap must be seen as one."""
    if not periods:
        return ()
    all_of_them = (
        HalfYear(year, half)
        for year in range(periods[0].year, periods[-1].year + 1)
        for half in (1, 2)
    )
    return tuple(one for one in all_of_them if periods[0] <= one <= periods[-1])


def places_of_menu() -> tuple[Place, ...]:
    """Every count there is of one dimension, the total of all first."""
    divided = ((dimension, code) for dimension, codes in DIMENSIONS.items() for code in codes)
    return (ALL, *divided)


def _counts(release: Release) -> Mapping[Place, Count]:
    """Each dimension's own counts: of a table of two, its margins."""
    found: dict[Place, Count] = {}
    for table in release.tables:
        for axis, dimension in enumerate(table.dimensions):
            for code, value in _margin(table, axis):
                place = ALL if code == _SUM else (dimension, code)
                # The total stands in each table: the same number, or hidden in one and shown in another.
                known = found.get(place)
                if known is None or known.value is None:
                    found[place] = Count(value)
    return found


def _margin(table: Shown, axis: int) -> list[tuple[str, int | None]]:
    """The numbers along one dimension where all others are their total, which comes last."""
    step = 1
    for labels in table.labels[axis + 1 :]:
        step *= len(labels)
    labels = table.labels[axis]
    # The very last number is the total of everything.
    first = len(table.numbers) - 1 - step * (len(labels) - 1)
    return [
        (code, table.numbers[first + step * index])
        for index, code in enumerate(labels)
        if code != NOT_DIVIDED
    ]


def _group(dimension: str, over: Mapping[Place, tuple[Count, ...]], chosen: Place) -> Group:
    return Group(
        key=dimension or TOTAL,
        name=dimension_name(dimension) if dimension else gettext("All children"),
        lines=tuple(
            Line(
                label=place_label(place),
                counts=counts,
                href=url_for("slt.trends", show=key_of(place)),
                drawn=place == chosen,
            )
            for place, counts in over.items()
            if place[0] == dimension
        ),
    )


def _column(period: HalfYear, found: PublishedRelease | None) -> Column:
    return Column(
        text=half_year(period),
        href=url_for("slt.release", period=str(period)),
        published=found is not None,
        corrected=found is not None and found.version > 1,
    )


def place_label(place: Place) -> str:
    """What a count is called in its table."""
    return str(gettext("Total") if place == ALL else word(place[1]))


def title_of(place: Place) -> str:
    """What a count is called where it stands alone."""
    if place == ALL:
        return str(gettext("All children"))
    return f"{dimension_name(place[0])}: {word(place[1])}"


def key_of(place: Place) -> str:
    """What a count is called in an address."""
    return TOTAL if place == ALL else f"{place[0]}.{place[1]}"
