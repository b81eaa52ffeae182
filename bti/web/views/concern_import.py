"""A list of concerns from before Stafett: looked at with every fault at its place, and saved when it is whole.

The list travels in the form. Nothing of it is kept before it is saved, and the file itself never.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.domain.errors import RuleBroken
from bti.table_file import MOST_BYTES, BadTable, Signs, TableFault, decoded, rows_of
from bti.web import headers, messages, uploads
from bti.web.doorway import perform
from bti.web.forms.concern import YES
from bti.web.forms.concern_import import (
    COLUMNS,
    EXAMPLE,
    MOST_ROWS,
    CellFault,
    ImportForm,
    ReadList,
    held_against,
    read_list,
)
from bti.web.forms.text import printable, tidy
from bti.web.notices import notify
from bti.workflows import concern_import
from bti.workflows.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422
_SAVE: Final = "save"

FAULTS: Final[Mapping[TableFault, Any]] = {
    TableFault.EMPTY: _l("There is nothing in the list. Choose a file, or write the list as text."),
    TableFault.TOO_LARGE: _l("The list is too large. Divide it."),
    TableFault.WORKBOOK: _l(
        "This is the spreadsheet itself. Save it as CSV UTF-8 (separated by semicolons), and choose that file."
    ),
    TableFault.WIDE: _l("This file is saved as Unicode text. Save it as CSV UTF-8 instead."),
    TableFault.SIGNS: _l("The letters in this file cannot be read. Save it as CSV UTF-8."),
    TableFault.BOTH: _l(
        "There is a list as text already. Empty it, if the file is to be read instead."
    ),
    TableFault.BROKEN: _l(
        "The file is no table: a quotation mark is never closed, or there are far too many columns."
    ),
}

blueprint = Blueprint("concern_import", __name__, url_prefix="/concern/list")


@dataclass(frozen=True, slots=True)
class ImportPage:
    """View model of concern/list.html. ``found`` is None before there is a list to look at."""

    found: ReadList | None
    #: Read in Windows' own signs: whether the letters are right is for the person to see.
    guessed: bool
    most: int
    headings: tuple[tuple[str, bool], ...]
    danger: bool = False


def register(app: Flask) -> None:
    """Add the pages, and let the form take a file."""
    app.register_blueprint(blueprint)
    uploads.accept(app, "concern_import.new", _begin, largest=MOST_BYTES)


def _begin(name: str) -> uploads.InMemory | None:
    return uploads.InMemory(name, MOST_BYTES) if isinstance(g.actor, Actor) else None


@blueprint.route("", methods=["GET", "POST"])
def new() -> Response:
    """Look at a list, and save it when nothing is wrong."""
    form = ImportForm()
    if request.method != "POST":
        # Whoever may not log a concern meets no form for many of them.
        perform(concern_import.look, commands=())
        return _show(form, None)
    guessed, refused = _take(form)
    if form.danger.data == YES:
        return _danger_first(form, guessed=guessed)
    found, broken = (None, None) if refused else _looked(form)
    if not form.validate_on_submit() or found is None:
        for fault, at in ((refused, form.file), (broken, form.table)):
            if fault is not None:
                form.refuse(str(FAULTS[fault]), at)
        return _show(form, found, guessed=guessed, status=_UNFINISHED)
    if request.form.get("go") != _SAVE or found.faults:
        return _show(form, found, guessed=guessed, status=_UNFINISHED if found.faults else 200)
    if found.unsafe and not form.considered_duty.data:
        form.refuse(_("Tick that you have considered the duty to report."), form.considered_duty)
        return _show(form, found, guessed=guessed, status=_UNFINISHED)
    return _saved(form, found)


@blueprint.get("/example.csv")
def example() -> Response:
    """A list about nobody, as a spreadsheet opens it."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(EXAMPLE)
    response = make_response(out.getvalue().encode("utf-8-sig"))
    response.content_type = "text/csv; charset=utf-8"
    return headers.as_download(response, "bekymringer.csv")


def _take(form: ImportForm) -> tuple[bool, TableFault | None]:
    """Put what the file says into the form's text; tells whether its letters were guessed, or why it is not taken."""
    taken = form.file.data
    if taken is None or not taken.content:
        return False, None
    if form.table.data:
        return False, TableFault.BOTH
    try:
        text, signs = decoded(taken.content)
    except BadTable as bad:
        return False, bad.fault
    text = tidy(text)
    form.table.data, form.table.raw_data = text, [text]
    return signs is Signs.WINDOWS, None


def _danger_first(form: ImportForm, *, guessed: bool) -> Response:
    """Lead to the report; a list that was typed waits meanwhile."""
    if not form.table.data:
        return redirect(url_for("duty.report"), 303)
    return _show(form, None, guessed=guessed, status=_UNFINISHED)


def _looked(form: ImportForm) -> tuple[ReadList | None, TableFault | None]:
    """Return the list with everything that is wrong, or why it is no table."""
    submission = form.submission.data
    if submission is None:
        raise ValueError("a submission field always holds a number")
    try:
        # What is wrong with a cell is told beside what stands in it, and that must fit in a page.
        found = read_list(rows_of(printable(form.table.data or "")), submission=submission)
    except BadTable as bad:
        return None, bad.fault
    return held_against(found, perform(concern_import.look, commands=found.commands)), None


def _saved(form: ImportForm, found: ReadList) -> Response:
    commands = tuple(row.command for row in found.rows if row.command is not None)
    try:
        perform(concern_import.log_all, commands=commands)
    except RuleBroken as broken:
        place = broken.facts.get("place")
        line = found.rows[place].line if isinstance(place, int) else 0
        fault = CellFault(line, "", messages.message(broken))
        return _show(form, ReadList(found.rows, (fault,)), status=_UNFINISHED)
    notify("list_logged")
    return redirect(url_for("worklist.show"), 303)


def _show(
    form: ImportForm, found: ReadList | None, *, guessed: bool = False, status: int = 200
) -> Response:
    page = ImportPage(
        found,
        guessed,
        MOST_ROWS,
        tuple((one.headings[0], one.required) for one in COLUMNS),
        danger=form.danger.data == YES,
    )
    return make_response(render_template("concern/list.html", page=page, form=form), status)
