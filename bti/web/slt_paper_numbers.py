"""Published counts as parts of a document: tables over the half-years, and bars of one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from flask_babel import gettext

from bti.clock import norwegian_date
from bti.disclosure.menu import DIMENSIONS, NOT_DIVIDED
from bti.disclosure.release import Shown
from bti.disclosure.tables import HalfYear
from bti.slt.document import (
    Block,
    Cell,
    CellKind,
    Column,
    Document,
    Drawing,
    Grid,
    Heading,
    Words,
)
from bti.slt.release import PublishedRelease
from bti.web.filters import day_year, number
from bti.web.i18n import language
from bti.web.slt_chart import Count, drawn
from bti.web.slt_numbers import dimension_name, half_year, word
from bti.web.slt_trends import ALL, Place, counts_over, from_first_to_last, place_label

#: More do not stand beside each other on an upright page; the newest are shown.
MOST_HALF_YEARS: Final = 6


def none_yet() -> Words:
    """What stands where nothing is published."""
    return Words(
        gettext(
            "No numbers have been published yet. They come at least 30 days after a half-year has ended."
        )
    )


def periods_of(found: Sequence[PublishedRelease], until: HalfYear) -> tuple[HalfYear, ...]:
    """The half-years that stand beside each other, published or not, the newest last and no more than fit."""
    published = sorted(one.period for one in found)
    if not published:
        return ()
    return from_first_to_last([*published, until])[-MOST_HALF_YEARS:]


def totals(found: Sequence[PublishedRelease], until: HalfYear) -> tuple[Drawing, Grid]:
    """Bars of all children in each half-year, and the table beside."""
    periods = periods_of(found, until)
    counts = counts_over(found, periods)[ALL]
    labels = [half_year(one) for one in periods]
    caption = gettext("All children")
    return drawing(counts, labels, caption), _over_time(caption, labels, {ALL: counts})


def trend_blocks(found: Sequence[PublishedRelease], until: HalfYear) -> tuple[Block, ...]:
    """Bars of the total, and every count beside its earlier ones."""
    periods = periods_of(found, until)
    if not periods:
        return (none_yet(),)
    over = counts_over(found, periods)
    labels = [half_year(one) for one in periods]
    blocks: list[Block] = [*totals(found, until)]
    for dimension in DIMENSIONS:
        lines = {place: counts for place, counts in over.items() if place[0] == dimension}
        blocks.append(_over_time(str(dimension_name(dimension)), labels, lines))
    return (*blocks, *how_to_read(found))


def release_blocks(found: PublishedRelease) -> tuple[Block, ...]:
    """Every table of one half-year."""
    release = found.release
    if not any(value for table in release.tables for value in table.numbers):
        return (
            Words(
                gettext(
                    "There were too few children this half-year to show any number without telling something about one of them."
                )
            ),
        )
    first, *others = release.tables
    levels = level_counts(first)
    labels = [str(word(code)) for code in first.labels[0] if code not in {NOT_DIVIDED, "_T"}]
    blocks: list[Block] = [
        Heading(gettext("Children by level")),
        drawing(levels[:-1], labels, gettext("Children by level")),
        _square(first),
    ]
    for one in others:
        name = str(dimension_name(one.dimensions[0]))
        blocks += [Heading(name), one_way(one)]
    return (*blocks, *how_to_read((found,)))


def release_paper(found: PublishedRelease) -> Document:
    """One half-year as a document of its own, in the language of the page; dated by its publication."""
    edition = found.release.edition
    return _paper(
        f"numbers-{found.period}",
        edition.municipality_name,
        half_year(found.period),
        found.published_at,
        (*release_blocks(found), *sources((found,))),
    )


def trends_paper(found: Sequence[PublishedRelease]) -> Document:
    """What is published side by side, as ``release_paper``; dated by the newest publication."""
    newest = max(one.period for one in found)
    return _paper(
        "numbers",
        found[0].release.edition.municipality_name,
        half_year(newest),
        max(one.published_at for one in found),
        (*trend_blocks(found, newest), *sources(found)),
    )


def _paper(
    name: str, municipality: str, period: str, published: datetime, blocks: tuple[Block, ...]
) -> Document:
    return Document(
        title=gettext("Numbers and trends"),
        name=name,
        language=language(),
        made_on=norwegian_date(published),
        facts=((gettext("Municipality"), municipality), (gettext("Half-year"), period)),
        blocks=blocks,
        note=gettext("Only counts that are published, and nothing about any single child."),
    )


def level_counts(table: Shown) -> list[Count]:
    """The last column of a table of two dimensions, its total last."""
    width = len(table.labels[1])
    return [
        Count(table.numbers[start + width - 1])
        for code, start in zip(table.labels[0], range(0, len(table.numbers), width), strict=True)
        if code != NOT_DIVIDED
    ]


def drawing(counts: Sequence[Count], labels: Sequence[str], caption: str) -> Drawing:
    """Bars of some counts."""
    return Drawing(
        caption=caption,
        words=drawn(counts, labels).words,
        hidden=gettext("hidden"),
        columns=tuple(
            Column(label, None if one.value is None else int(one.value), one.published)
            for label, one in zip(labels, counts, strict=True)
        ),
    )


def cell(one: Count) -> Cell:
    """A count in a table: a number, hidden, or not published."""
    if not one.published:
        return Cell("–", CellKind.MISSING)
    if one.value is None:
        return Cell(gettext("hidden"), CellKind.HIDDEN)
    return Cell(number(one.value), CellKind.NUMBER)


def one_way(table: Shown) -> Grid:
    """A table of one dimension, its total last."""
    name = str(dimension_name(table.dimensions[0]))
    return Grid(
        caption=name,
        columns=(name, gettext("Children")),
        rows=tuple(
            (Cell(str(word(code))), cell(Count(value)))
            for code, value in zip(table.labels[0], table.numbers, strict=True)
            if code != NOT_DIVIDED
        ),
    )


def how_to_read(found: Sequence[PublishedRelease]) -> tuple[Words, ...]:
    """Why a number is hidden, how they are rounded, what a dash is, and that moving together is no cause."""
    most = max(one.release.threshold - 1 for one in found)
    base = max(one.release.base for one in found)
    said = [
        gettext(
            "Numbers from 0 to %(most)s are never shown. Some larger numbers are hidden too, so that the small ones cannot be worked out. Hatching means “hidden”, not “none”.",
            most=most,
        ),
        gettext(
            "A dash: nothing is published for that half-year, or it was counted in another way then."
        ),
    ]
    if base > 1:
        said.append(
            gettext(
                "Each number is rounded up or down by less than %(base)s. A change of less than %(twice)s from one half-year to another may be the rounding alone.",
                base=base,
                twice=2 * base,
            )
        )
    return tuple(Words(one, quiet=True) for one in said)


def sources(found: Sequence[PublishedRelease]) -> tuple[Words, ...]:
    """Which releases the numbers are from."""
    return tuple(
        Words(
            gettext(
                "%(period)s: published %(day)s, version %(version)s, fingerprint %(digest)s.",
                period=half_year(one.period),
                day=day_year(one.published_at),
                version=one.version,
                digest=one.sha256[:16],
            ),
            quiet=True,
        )
        for one in found
    )


def _over_time(
    caption: str, labels: Sequence[str], lines: Mapping[Place, tuple[Count, ...]]
) -> Grid:
    return Grid(
        caption=caption,
        columns=(gettext("Children"), *labels),
        rows=tuple(
            (Cell(place_label(place)), *(cell(one) for one in counts))
            for place, counts in lines.items()
        ),
    )


def _square(table: Shown) -> Grid:
    down, across = table.labels
    width = len(across)
    return Grid(
        caption=gettext("Children by level and age"),
        columns=(gettext("Level"), *(str(word(code)) for code in across if code != NOT_DIVIDED)),
        rows=tuple(
            (
                Cell(str(word(code))),
                *(
                    cell(Count(value))
                    for column, value in zip(
                        across, table.numbers[start : start + width], strict=True
                    )
                    if column != NOT_DIVIDED
                ),
            )
            for code, start in zip(down, range(0, len(table.numbers), width), strict=True)
            if code != NOT_DIVIDED
        ),
    )
