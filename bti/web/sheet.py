"""A part of a case on paper: the same lines as a page to print, as a tagged PDF, and as plain text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from flask import get_template_attribute, make_response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.web import i18n, typeset
from bti.web.filters import day_year
from bti.web.labels import INFO_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from werkzeug.wrappers import Response

    from bti.workflows.sheet import Line

PART: Final[Mapping[str, object]] = {
    "text": "",
    "title": _l("Measure"),
    "description": _l("What is done"),
    "responsible": _l("Responsible"),
    "child": _l("What the child thinks"),
    "guardians": _l("What the guardians think"),
    "professional": _l("What the service sees"),
    "change": _l("What is changed"),
    "reason": _l("Why"),
    "summary": _l("What was said"),
    "system": _l("Where it is kept"),
    "number": _l("Number there"),
}
"""What each part of an entry is called. One that is not here has no name and is shown all the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry. ``parts``: a name, or none, and the words."""

    heading: str
    under: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What goes on paper. ``name`` is the file's, without ending and without anybody's name."""

    title: str
    name: str
    on: date
    facts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    note: str

    def __repr__(self) -> str:
        """Leave content out of logs."""
        return f"<Sheet {self.name}>"


def row_of(line: Line) -> Row:
    """The line in the words of the page."""
    titled = get_template_attribute("case/_timeline.html", "happening_title")
    who = ", ".join(one for one in (line.by, line.unit) if one)
    under = f"{day_year(line.at)}. {INFO_TYPE[line.info_type]}." + (f" {who}." if who else "")
    parts = [(str(PART.get(code, "")), words) for code, words in line.parts]
    parts += [
        (str(_("Beside it, %(day)s", day=day_year(note.at))), note.text) for note in line.beside
    ]
    return Row(str(titled(line)).strip(), under, tuple(parts))


def answer(sheet: Sheet, *, as_file: bool) -> Response:
    """The sheet as a file or as a page to print.

    Where a letter is not in the fonts of the file, the page is given instead and says so.
    """
    failed = False
    if as_file:
        try:
            made = pdf(sheet, i18n.language())
        except typeset.CannotTypeset:
            failed = True
        else:
            response = make_response(made)
            response.headers["Content-Type"] = typeset.PDF
            response.headers["Content-Disposition"] = f'attachment; filename="{sheet.name}.pdf"'
            return response
    return make_response(render_template("paper/sheet.html", sheet=sheet, failed=failed))


def pdf(sheet: Sheet, language: str) -> bytes:
    """The sheet as a tagged PDF. The words go in as data, never as markup.

    Raises ``typeset.CannotTypeset`` for a letter that none of the file's fonts has.
    """
    said = {
        **asdict(sheet),
        "on": [sheet.on.year, sheet.on.month, sheet.on.day],
        "language": language,
        "empty": str(_("There is nothing here.")),
    }
    return typeset.pdf("sheet.typ", said)


def text(sheet: Sheet) -> str:
    """The sheet as plain text, for another system's note field."""
    lines = [sheet.title, *(f"{name}: {value}" for name, value in sheet.facts), ""]
    for row in sheet.rows:
        lines += [row.heading, row.under]
        lines += [f"{name}: {words}" if name else words for name, words in row.parts]
        lines.append("")
    return "\n".join([*lines, sheet.note])
