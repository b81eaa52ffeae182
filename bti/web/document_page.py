"""A document of the network side on a page: the same parts as in its files, in its own language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import get_template_attribute
from flask_babel import force_locale
from markupsafe import Markup

from bti.slt.document import Block, CellKind, Document, Drawing, Grid, Heading
from bti.web.slt_chart import Chart, Count, drawn


@dataclass(frozen=True, slots=True)
class Part:
    """A block and what the page or file must know of it.

    ``told``: the heading above says what the caption of the table says. ``counts``: every cell is a count.
    """

    kind: str
    block: Block
    told: bool
    counts: bool
    chart: Chart | None


def parts(document: Document) -> Iterator[Part]:
    """The blocks in order."""
    heading = ""
    for one in document.blocks:
        if isinstance(one, Heading):
            heading = one.words
        yield Part(
            kind=type(one).__name__,
            block=one,
            told=isinstance(one, Grid) and one.caption == heading,
            counts=isinstance(one, Grid) and is_counts(one),
            chart=chart_of(one) if isinstance(one, Drawing) else None,
        )


def is_counts(grid: Grid) -> bool:
    """Whether every cell but the first of each row is a count, hidden or not."""
    return all(one.kind is not CellKind.TEXT for row in grid.rows for one in row[1:])


def chart_of(drawing: Drawing) -> Chart:
    """The bars of a drawing."""
    counts = [Count(one.value, published=one.published) for one in drawing.columns]
    return drawn(counts, [one.label for one in drawing.columns])


def shown(document: Document, key: str) -> Markup:
    """The document as HTML below a heading of level 2; ``key`` begins its ids."""
    with force_locale(document.language):
        macro = get_template_attribute("slt/report/_document.html", "document")
        drawn_page: Markup = macro(document, tuple(parts(document)), key)
    return drawn_page
