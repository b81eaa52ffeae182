"""The report to child welfare: written, read through, taken along, and recorded as sent.

Stafett sends nothing. Every page says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Flask, g, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, lazy_gettext

from bti.domain.errors import RuleBroken
from bti.web import drafts, messages
from bti.web.doorway import doorway, perform
from bti.web.filters import bare_clock
from bti.web.forms.report import TOLD, SentForm, WriteForm
from bti.web.notices import notify
from bti.web.report_paper import FILE_NAME, MIME, fiks_file, wording
from bti.workflows import own_record, report
from bti.workflows.own_record import Form

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from bti.domain.report_form import Wording
    from bti.web.forms.base import BaseForm
    from bti.workflows.report import WrittenReport

_UNFINISHED: Final = 422

blueprint = Blueprint("report", __name__, url_prefix="/danger/report")


@dataclass(frozen=True, slots=True)
class WritePage:
    """View model of report/write.html. ``saved`` is a clock time, empty without a draft."""

    name: str
    saved: str
    action: str
    #: The report that is changed; None for a new one.
    report_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """View model of report/show.html and report/paper.html."""

    written: WrittenReport
    wording: Wording


@blueprint.route("", methods=["GET", "POST"])
def write() -> Response:
    """Write a report. Needs no case, consent or leader."""
    posted = request.method == "POST"
    form = WriteForm()
    if posted:
        drafts.keep(Form.REPORT, form.typed(request.form))
    facts = perform(report.open_writing)
    if not posted:
        form = WriteForm.from_draft(facts.draft.fields) if facts.draft else WriteForm.empty(facts)
    form.fit(facts.sector, facts.letters)
    if posted and request.form.get("go") == "later":
        notify("saved")
        return redirect(url_for("report.write"), 303)
    if form.validate_on_submit():
        try:
            report_id = perform(report.write, submission=form.number, report=form.to_report())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("report.show", report_id=report_id), 303)
    saved = bare_clock(facts.draft.saved_at) if facts.draft else ""
    page = WritePage(facts.name, saved, url_for("report.write"), None)
    return _rendered("write", page, form, _UNFINISHED if posted else 200)


@blueprint.post("/draft")
def save_draft() -> Response:
    """Keep the form while it is being written; draft.js asks."""
    return drafts.autosave(Form.REPORT, WriteForm().typed(request.form))


@blueprint.post("/draft/discard")
def discard() -> Response:
    """Delete the draft and its key."""
    gone = perform(own_record.delete_draft, form=Form.REPORT)
    notify("saved" if gone else "nothing_changed")
    return redirect(url_for("duty.report"), 303)


@blueprint.get("/<uuid:report_id>")
def show(report_id: uuid.UUID) -> Response:
    """One's own report, and what is left to do with it."""
    return _show(report_id, SentForm(), 200)


@blueprint.route("/<uuid:report_id>/change", methods=["GET", "POST"])
def change(report_id: uuid.UUID) -> Response:
    """Write it anew, while it is not sent."""
    facts, written = perform(report.open_change, report_id=report_id)
    posted = request.method == "POST"
    form = WriteForm() if posted else WriteForm.from_report(written)
    form.fit(facts.sector, facts.letters)
    if form.validate_on_submit():
        try:
            perform(report.change, report_id=report_id, report=form.to_report())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("report.show", report_id=report_id), 303)
    here = url_for("report.change", report_id=report_id)
    page = WritePage(facts.name, "", here, report_id)
    return _rendered("write", page, form, _UNFINISHED if posted else 200)


@blueprint.get("/<uuid:report_id>/paper")
def paper(report_id: uuid.UUID) -> Response:
    """The report drawn for paper, in the municipality's language."""
    written = perform(report.show, report_id=report_id)
    with force_locale(written.language):
        return _rendered("paper", ReportPage(written, wording(written)))


@blueprint.get("/<uuid:report_id>/file")
def file(report_id: uuid.UUID) -> Response:
    """The report in the form of KS Fiks. The name of the file tells nobody what it is."""
    written = perform(report.show, report_id=report_id)
    response = make_response(fiks_file(written, doorway().clock.now()))
    response.headers["Content-Type"] = MIME
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@blueprint.post("/<uuid:report_id>/sent")
def sent(report_id: uuid.UUID) -> Response:
    """Record that it has been sent; the three weeks begin."""
    form = SentForm()
    if form.validate_on_submit():
        try:
            perform(report.send, report_id=report_id, command=form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("duty.show", record_id=report_id), 303)
    return _show(report_id, form, _UNFINISHED)


@blueprint.post("/<uuid:report_id>/remove")
def remove(report_id: uuid.UUID) -> Response:
    """Delete a report that was not sent, with its key."""
    perform(report.remove, report_id=report_id)
    notify("saved")
    return redirect(url_for("duty.mine"), 303)


@blueprint.after_request
def _keep_when_signed_out(response: Response) -> Response:
    if request.endpoint not in {"report.write", "report.save_draft"} or not drafts.ran_out(
        response
    ):
        return response
    fields: Mapping[str, list[str]] = WriteForm().typed(request.form)
    return drafts.keep_when_signed_out(response, Form.REPORT, fields, url_for("report.write"))


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _show(report_id: uuid.UUID, form: SentForm, status: int) -> Response:
    written = perform(report.show, report_id=report_id)
    form.reported_on.latest = written.today
    return _rendered("show", ReportPage(written, wording(written)), form, status)


def _rendered(
    name: str, page: WritePage | ReportPage, form: BaseForm | None = None, status: int = 200
) -> Response:
    # The usual footer says that guardians can see who has looked; here there is nothing to see.
    g.footer_note = lazy_gettext("What you write here is encrypted. Only you can read it.")
    body = render_template(f"report/{name}.html", page=page, form=form, told=TOLD)
    return make_response(body, status)
