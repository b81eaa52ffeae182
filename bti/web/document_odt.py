"""A document of the network side as an ODT, for who will work on in it.

The word processor's own styles carry the structure: title, headings, captions, header rows that come again on each page,
and a description beside each drawing. Nothing of the day or the machine it was made on is in it but what it says itself.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Final

import odfdo
from flask_babel import force_locale

from bti.slt.document import Cell, CellKind, Document, Drawing, Grid, Heading, Points, Words
from bti.web import typeset
from bti.web.document_page import Part, parts
from bti.web.document_pdf import fingerprint, widths
from bti.web.slt_chart_svg import svg_of

ODT: Final = "application/vnd.oasis.opendocument.text"
LOCALES: Final = {"nb": ("nb", "NO"), "nn": ("nn", "NO"), "en": ("en", "GB")}
#: The first instant a zip file can hold: one and the same in every file.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PICTURES: Final = "Pictures/"
_PAGE_CM: Final = 17.0
_DRAWING: Final = ("17cm", "6.1cm")
_BODY, _CAPTION, _TITLE = "Text_20_body", "Caption", "Title"
_RIGHT, _QUIET, _HEAD = "Report_Number", "Report_Quiet", "Report_Head"
_HIDDEN, _CELL = "Report_Hidden", "Report_Cell"


def odt(document: Document, digest: str = "") -> bytes:
    """The file; the same document gives the same bytes. Raises ``typeset.CannotTypeset`` for a drawing."""
    file = odfdo.Document("text")
    file.body.clear()
    language, country = LOCALES[document.language]
    file.set_language(f"{language}-{country}")
    _add_styles(file)
    file.body.append(odfdo.Paragraph(document.title, style=_TITLE))
    for name, value in document.facts:
        file.body.append(odfdo.Paragraph(f"{name}: {value}", style=_BODY))
    with force_locale(document.language):
        for at, part in enumerate(parts(document)):
            for element in _elements(file, part, at):
                file.body.append(element)
        for line in (document.note, fingerprint(digest)):
            if line:
                file.body.append(odfdo.Paragraph(line, style=_QUIET))
    made = datetime.combine(document.made_on, time(), UTC)
    file.meta.title = document.title
    file.meta.creation_date = file.meta.date = made
    packed = io.BytesIO()
    file.save(packed)
    return _without_time(packed.getvalue())


def _elements(file: odfdo.Document, part: Part, at: int) -> Iterator[odfdo.Element]:
    block = part.block
    match block:
        case Heading():
            style = _spoken(file, f"Heading_20_{block.level}", block.language)
            heading = odfdo.Header(block.level, block.words)
            heading.style = style
            yield heading
        case Words():
            style = _spoken(file, _QUIET if block.quiet else _BODY, block.language)
            yield odfdo.Paragraph(block.words, style=style)
        case Points():
            style = _spoken(file, _BODY, block.language)
            yield odfdo.List([odfdo.Paragraph(line, style=style) for line in block.lines])
        case Grid():
            if not part.told:
                yield odfdo.Paragraph(block.caption, style=_CAPTION)
            yield _table(file, block, at)
        case Drawing():
            yield _drawing(file, block, at)


def _table(file: odfdo.Document, grid: Grid, at: int) -> odfdo.Table:
    table = odfdo.Table(f"Table {at + 1}")
    shares = widths(grid)
    for share in shares:
        width = f"{_PAGE_CM * share / sum(shares):.2f}cm"
        name = f"Report_Column_{width.replace('.', '_')}"
        if file.get_style("table-column", name) is None:
            file.insert_style(odfdo.Style("table-column", name=name, width=width), automatic=True)
        table.append(odfdo.Column(style=name))
    head = odfdo.Row()
    for name in grid.columns:
        head.append(_cell(odfdo.Paragraph(name, style=_HEAD)))
    header = odfdo.HeaderRows()
    header.append(head)
    table.append(header)
    for cells in grid.rows:
        row = odfdo.Row()
        for one in cells:
            row.append(_filled(file, one))
        table.append(row)
    return table


def _filled(file: odfdo.Document, one: Cell) -> odfdo.Cell:
    counts = one.kind in {CellKind.NUMBER, CellKind.MISSING}
    style = _RIGHT if counts else _spoken(file, _BODY, one.language)
    hidden = one.kind is CellKind.HIDDEN
    return _cell(odfdo.Paragraph(one.words, style=style), _HIDDEN if hidden else _CELL)


def _cell(content: odfdo.Paragraph, style: str = _CELL) -> odfdo.Cell:
    cell = odfdo.Cell(style=style)
    cell.append(content)
    return cell


def _drawing(file: odfdo.Document, drawing: Drawing, at: int) -> odfdo.Paragraph:
    # A picture: several word processors show no SVG.
    address = f"{_PICTURES}drawing-{at + 1}.png"
    file.set_part(address, typeset.png(svg_of(drawing)))
    for path, kind in ((_PICTURES, ""), (address, "image/png")):
        file.manifest.add_full_path(path, kind)
    frame = odfdo.Frame.image_frame(
        address, name=drawing.caption, size=_DRAWING, anchor_type="as-char"
    )
    frame.svg_title = drawing.caption
    frame.svg_description = drawing.words
    paragraph = odfdo.Paragraph(style=_BODY)
    paragraph.append(frame)
    return paragraph


def _spoken(file: odfdo.Document, style: str, language: str) -> str:
    """The style, or for words in another language than the document's one that says which."""
    if not language:
        return style
    name = f"{style}_{language}"
    if file.get_style("paragraph", name) is None:
        code, country = LOCALES[language]
        spoken = odfdo.Style(
            "paragraph", name=name, parent_style=style, area="text", language=code, country=country
        )
        file.insert_style(spoken)
    return name


def _add_styles(file: odfdo.Document) -> None:
    number = odfdo.Style("paragraph", name=_RIGHT, parent_style=_BODY, align="right")
    quiet = odfdo.Style(
        "paragraph", name=_QUIET, parent_style=_BODY, area="text", color="#444444", size="9.5pt"
    )
    head = odfdo.Style("paragraph", name=_HEAD, parent_style=_BODY, area="text", bold=True)
    title = odfdo.Style(
        "paragraph", name=_TITLE, parent_style="Heading", area="text", bold=True, size="20pt"
    )
    for style in (number, quiet, head, title):
        file.insert_style(style)
    line = "0.5pt solid #b4bac2"
    cell = odfdo.Style("table-cell", name=_CELL, border_bottom=line, padding="0.1cm")
    hidden = odfdo.Style(
        "table-cell", name=_HIDDEN, border_bottom=line, padding="0.1cm", background_color="#dddddd"
    )
    for one in (cell, hidden):
        file.insert_style(one, automatic=True)


def _without_time(packed: bytes) -> bytes:
    """The same parts in the same order, without the clock of the machine."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as before, zipfile.ZipFile(made, "w") as after:
        for one in before.infolist():
            plain = zipfile.ZipInfo(one.filename, _EPOCH)
            plain.compress_type = one.compress_type
            after.writestr(plain, before.read(one))
    return made.getvalue()
