"""The danger path: numbers to call, what the law asks, and the person's own record of what was done.

Stafett sends nothing. Every text here must say so; a person who believes that a report has gone
out, when it has not, is the worst fault this product could have.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Flask, g, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from bti.domain.duties import Duty, DutyState
from bti.domain.errors import RuleBroken
from bti.web import drafts, messages
from bti.web.calls import urgent_calls
from bti.web.doorway import perform
from bti.web.filters import bare_clock
from bti.web.forms.base import BaseForm
from bti.web.forms.duty import (
    CHANNELS,
    DUTIES,
    GUARDIANS,
    OFFENCES,
    ConfirmForm,
    ReceiptForm,
    ReportForm,
    duty_law,
    letter_text,
)
from bti.web.i18n import language

# Notices travel as codes in a cookie anyone at the machine can read: only neutral ones here.
from bti.web.notices import notify
from bti.workflows import duty, own_record
from bti.workflows.own_record import Form

if TYPE_CHECKING:
    from bti.web.calls import Call
    from bti.workflows.duty import RecordLine, RecordPage, ReportPage

_UNFINISHED: Final = 422

blueprint = Blueprint("duty", __name__, url_prefix="/danger")


@dataclass(frozen=True, slots=True)
class DangerPage:
    """View model of duty/report.html. ``saved`` is a clock time, empty without a draft."""

    calls: tuple[Call, ...]
    saved: str
    report_law: str
    avert_law: str


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """View model of duty/list.html."""

    records: tuple[RecordLine, ...]


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """View model of duty/show.html: the record with its codes in words, and the two forms."""

    record: RecordPage
    duty: Any
    law: str
    letter: str
    channel: Any
    guardians: Any
    offence: Any
    waiting: bool
    overdue: bool
    receipt: ReceiptForm
    confirm: ConfirmForm


@blueprint.route("", methods=["GET", "POST"])
def report() -> Response:
    """Whom to call, and the record of what was done. Needs no case, consent or leader."""
    posted = request.method == "POST"
    form = ReportForm()
    if posted:
        drafts.keep(Form.DUTY, form.typed(request.form))
    facts = perform(duty.open_report)
    if not posted and facts.draft is not None:
        form = ReportForm.from_draft(facts.draft.fields)
    form.fit(facts.sector, facts.letters, facts.today)
    if posted and request.form.get("go") == "later":
        notify("saved")
        return redirect(url_for("duty.report"), 303)
    if form.validate_on_submit():
        try:
            record_id = perform(duty.file_record, command=form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("duty.show", record_id=record_id), 303)
    page = DangerPage(
        calls=_calls(facts),
        saved=bare_clock(facts.draft.saved_at) if facts.draft else "",
        report_law=duty_law(Duty.REPORT_CHILD_WELFARE, facts.sector),
        avert_law=duty_law(Duty.AVERT, facts.sector),
    )
    return _rendered("report", page, form, _UNFINISHED if posted else 200)


@blueprint.post("/draft")
def save_draft() -> Response:
    """Keep the form while it is being written; draft.js asks."""
    return drafts.autosave(Form.DUTY, ReportForm().typed(request.form))


@blueprint.post("/draft/discard")
def discard() -> Response:
    """Delete the draft and its key."""
    gone = perform(own_record.delete_draft, form=Form.DUTY)
    notify("saved" if gone else "nothing_changed")
    return redirect(url_for("duty.report"), 303)


@blueprint.get("/mine")
def mine() -> Response:
    """The person's own records."""
    return _rendered("list", RecordsPage(perform(duty.my_records)))


@blueprint.get("/mine/<uuid:record_id>")
def show(record_id: uuid.UUID) -> Response:
    """One own record."""
    return _show(record_id, ConfirmForm(), 200)


@blueprint.post("/mine/<uuid:record_id>/confirm")
def confirm(record_id: uuid.UUID) -> Response:
    """Note that child welfare services have confirmed."""
    form = ConfirmForm()
    if form.validate_on_submit() and form.confirmed_on.data is not None:
        day: date = form.confirmed_on.data
        try:
            perform(duty.confirm, record_id=record_id, confirmed_on=day)
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("duty.show", record_id=record_id), 303)
    return _show(record_id, form, _UNFINISHED)


@blueprint.post("/mine/<uuid:record_id>/received")
def received(record_id: uuid.UUID) -> Response:
    """Note that a receipt has come; the wait for the confirmation goes on."""
    form = ReceiptForm()
    if form.validate_on_submit():
        try:
            perform(
                duty.receive,
                record_id=record_id,
                received_on=form.received_on.day,
                receipt=form.receipt.data or "",
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("duty.show", record_id=record_id), 303)
    return _show(record_id, ConfirmForm(MultiDict()), _UNFINISHED, form)


@blueprint.after_request
def _keep_when_signed_out(response: Response) -> Response:
    if request.endpoint not in {"duty.report", "duty.save_draft"} or not drafts.ran_out(response):
        return response
    fields: Mapping[str, list[str]] = ReportForm().typed(request.form)
    return drafts.keep_when_signed_out(response, Form.DUTY, fields, url_for("duty.report"))


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _calls(facts: ReportPage) -> tuple[Call, ...]:
    local = tuple((phone, name, "", False) for name, phone in facts.child_welfare if phone)
    return (*urgent_calls(facts.phones, language()), *local)


def _show(
    record_id: uuid.UUID, form: ConfirmForm, status: int, receipt: ReceiptForm | None = None
) -> Response:
    record = perform(duty.show_record, record_id=record_id)
    filed = record.filed
    page = ShownRecord(
        record=record,
        duty=DUTIES[filed.duty],
        law=duty_law(filed.duty, record.sector),
        letter=letter_text(filed.letter, record.sector) if filed.letter else "",
        channel=CHANNELS[filed.channel],
        guardians=GUARDIANS[filed.guardians_know],
        offence=OFFENCES[filed.offence] if filed.offence else "",
        waiting=record.state in {DutyState.AWAITING_CONFIRMATION, DutyState.CONFIRMATION_OVERDUE},
        overdue=record.state is DutyState.CONFIRMATION_OVERDUE,
        receipt=receipt or ReceiptForm(MultiDict()),
        confirm=form,
    )
    return _rendered("show", page, receipt or form, status)


def _rendered(
    name: str,
    page: DangerPage | RecordsPage | ShownRecord,
    form: BaseForm | None = None,
    status: int = 200,
) -> Response:
    # The usual footer says that guardians can see who has looked; here there is nothing to see.
    g.footer_note = lazy_gettext("What you write here is encrypted. Only you can read it.")
    body = render_template(f"duty/{name}.html", page=page, form=form)
    return make_response(body, status)
