"""Reports to the politiråd on the network side: written, looked at, made, and given as files."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.slt.document import Document
from bti.slt.perform import AccessDenied
from bti.slt.report_change import (
    ReportRefusedError,
    begin_report,
    discard_report,
    make_report,
    write_report,
)
from bti.slt.report_stored import Choices, ReportPage, show_choices, show_report, show_reports
from bti.web.document_file import as_file
from bti.web.document_page import shown
from bti.web.forms.base import BaseForm
from bti.web.forms.slt_report import ReportForm, report_form
from bti.web.network import runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_report import lay_out

_UNFINISHED, _CHANGED = 422, 409
#: What a file of a report holds, and in which form.
FILES: Final = ("report.pdf", "report.odt", "report.json", "facts.pdf", "facts.odt", "facts.json")

# Named one by one, so that an address of an act is never taken for a file's.
_PAPER: Final = "any({})".format(",".join(f"'{one}'" for one in FILES))

blueprint = Blueprint("report", __name__, url_prefix="/report")


class StepForm(BaseForm):
    """A draft that is made or thrown away; only the version it was read in."""


@blueprint.get("", endpoint="list")
def list_() -> str:
    """Every report, and a new one."""
    reports = show_reports(runtime(), signed_in().coordinator)
    return render_template("slt/report/list.html", reports=reports)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Begin a report."""
    form = report_form(_choices(), None, None)

    def begin() -> uuid.UUID:
        who, reason = signed_in().coordinator, form.reason.data or ""
        return begin_report(runtime(), who, form.to_draft(), reason, form.submission.data)

    return _filled(form, begin, None)


@blueprint.route("/<uuid:council_report_id>/edit", methods=["GET", "POST"])
def edit(council_report_id: uuid.UUID) -> Response:
    """Change a draft."""
    page = _report(council_report_id)
    if page.made is not None:
        abort(404)
    form = report_form(_choices(), page.draft, page.version)

    def write() -> uuid.UUID:
        who, reason = signed_in().coordinator, form.reason.data or ""
        write_report(runtime(), who, council_report_id, form.version.data, form.to_draft(), reason)
        return council_report_id

    return _filled(form, write, page)


@blueprint.get("/<uuid:council_report_id>")
def show(council_report_id: uuid.UUID) -> str:
    """What a report says: a draft as it would be today, or what was made."""
    page = _report(council_report_id)
    return _shown(page, StepForm(version=page.version))


@blueprint.post("/<uuid:council_report_id>/make")
def make(council_report_id: uuid.UUID) -> Response:
    """Close the draft with what it says now."""

    def act(version: int | None) -> None:
        make_report(runtime(), signed_in().coordinator, council_report_id, version, lay_out)

    return _step(
        council_report_id, act, url_for("slt.report.show", council_report_id=council_report_id)
    )


@blueprint.post("/<uuid:council_report_id>/discard")
def discard(council_report_id: uuid.UUID) -> Response:
    """Throw the draft away."""

    def act(version: int | None) -> None:
        discard_report(runtime(), signed_in().coordinator, council_report_id, version)

    return _step(council_report_id, act, url_for("slt.report.list"))


@blueprint.get(f"/<uuid:council_report_id>/<{_PAPER}:paper>")
def download(council_report_id: uuid.UUID, paper: str) -> Response:
    """The report or the fact sheet as a file. Not before it is made, nor when its numbers stand no more."""
    page = _report(council_report_id)
    if page.made is None or page.superseded:
        abort(404)
    made = page.made
    what, ending = paper.split(".")
    if what == "report":
        return as_file(made.report, ending, made.digest, made.report_text)
    return as_file(made.sheet, ending, made.sheet_digest, made.sheet_text)


def _step(council_report_id: uuid.UUID, act: Callable[[int | None], None], on: str) -> Response:
    page = _report(council_report_id)
    form = StepForm(version=page.version)
    status = _UNFINISHED
    if form.validate_on_submit():
        try:
            act(form.version.data)
        except ReportRefusedError as refused:
            form.refuse(refusal_text(refused))
            status = _CHANGED
        else:
            notify("saved")
            return redirect(on, 303)
    return make_response(_shown(page, form), status)


def _shown(page: ReportPage, form: StepForm) -> str:
    documents: tuple[Document, ...] = ()
    if page.made is not None and not page.superseded:
        documents = (page.made.report, page.made.sheet)
    elif page.basis is not None:
        documents = lay_out(page.basis)
    titles = (gettext("Report to the politiråd"), gettext("Fact sheet for the press"))
    keys = ("report", "facts")
    found = [
        (key, title, one.title, shown(one, key))
        for key, title, one in zip(keys, titles, documents, strict=False)
    ]
    return render_template("slt/report/show.html", page=page, documents=found, form=form)


def _report(council_report_id: uuid.UUID) -> ReportPage:
    try:
        return show_report(runtime(), signed_in().coordinator, council_report_id)
    except AccessDenied:
        abort(404)


def _choices() -> Choices:
    try:
        return show_choices(runtime(), signed_in().coordinator)
    except AccessDenied:
        abort(404)


def _filled(form: ReportForm, act: Callable[[], uuid.UUID], page: ReportPage | None) -> Response:
    found: tuple[str, ...] = ()
    status = _UNFINISHED if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            made = act()
        except ReportRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "report.changed" else _UNFINISHED
        else:
            notify("saved")
            return redirect(url_for("slt.report.show", council_report_id=made), 303)
    filled = render_template("slt/report/edit.html", form=form, found=found, page=page)
    return make_response(filled, status)


def refusal_text(refused: ReportRefusedError) -> str:
    """Why nothing was saved, in words that say what to do."""
    words = {
        "report.changed": gettext(
            "Somebody has changed this since you opened it. Nothing of yours is saved. Open it again in "
            "another tab, and compare."
        ),
        "report.names": gettext(
            "A text may name somebody. Take it out, or write why it may stand."
        ),
        "report.made": gettext("The report has been made since you opened it. Open it again."),
        "report.full": gettext("There is no room for more decisions in this report."),
    }
    return str(words[refused.code])
