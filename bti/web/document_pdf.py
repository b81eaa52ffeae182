"""A document of the network side as a tagged PDF."""

from __future__ import annotations

from dataclasses import asdict

from flask_babel import force_locale, gettext

from bti.slt.document import Document, Drawing, Grid
from bti.web import typeset
from bti.web.document_page import Part, is_counts, parts
from bti.web.slt_chart_svg import svg_of

#: The least and the most of a page a column of words is given, in signs of its longest cell.
_NARROWEST, _WIDEST = 12, 40
#: What the edges of a cell take, in signs.
_AROUND = 3


def pdf(document: Document, digest: str = "") -> bytes:
    """The file; the same document gives the same bytes. Raises ``typeset.CannotTypeset``."""
    with force_locale(document.language):
        said = {
            "title": document.title,
            "language": document.language,
            "on": [document.made_on.year, document.made_on.month, document.made_on.day],
            "facts": document.facts,
            "note": document.note,
            "digest": fingerprint(digest),
            "blocks": [_block(one) for one in parts(document)],
        }
    return typeset.pdf("document.typ", said)


def fingerprint(digest: str) -> str:
    """The line that ties a file to its content, in the language that is in force; empty for none."""
    if not digest:
        return ""
    return str(gettext("Fingerprint of the content (SHA-256): %(digest)s", digest=digest))


def _block(part: Part) -> dict[str, object]:
    block = part.block
    said: dict[str, object] = {"is": part.kind, **asdict(block)}
    if isinstance(block, Drawing):
        said["svg"] = svg_of(block)
    if isinstance(block, Grid):
        said |= {"widths": widths(block), "counts": part.counts, "told": part.told}
    return said


def widths(grid: Grid) -> list[int]:
    """What each column may take of the page: more for longer words, and never less than its longest word."""
    if is_counts(grid):
        return [2, *(1 for _ in grid.columns[1:])]
    rows = [grid.columns, *(tuple(one.words for one in row) for row in grid.rows)]
    return [_width([row[at] for row in rows]) for at in range(len(grid.columns))]


def _width(cells: list[str]) -> int:
    longest = max(len(one) for one in cells)
    # A hard space ends no word, so that a date stands on one line.
    word = max(len(one) for cell in cells for one in cell.split(" "))
    return max(min(max(longest, _NARROWEST), _WIDEST), min(word + _AROUND, _WIDEST))
