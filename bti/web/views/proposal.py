"""Pages where a file from a register is read in, and each thing it proposes is accepted or refused."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.proposal import AnswerForm, FileForm
from bti.web.notices import notify
from bti.workflows import proposal

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.proposal import ProposalLine

_UNFINISHED: Final = 422

blueprint = Blueprint("proposal", __name__, url_prefix="/cases/<uuid:case_id>/proposals")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """What was proposed, and reading one more file."""
    form = FileForm()
    if form.validate_on_submit():
        try:
            perform(
                proposal.read_in,
                case_id=case_id,
                text=form.text.data or "",
                submission=form.submission.data or uuid.uuid4(),
                version=form.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("register_read")
            return redirect(url_for("proposal.show", case_id=case_id), 303)
    return _page(case_id, form)


@blueprint.post("/<uuid:batch_id>/<int:place>")
def answer(case_id: uuid.UUID, batch_id: uuid.UUID, place: int) -> Response:
    """Accept or refuse one thing."""
    form = AnswerForm(prefix=_prefix(batch_id, place))
    if form.validate_on_submit():
        try:
            perform(
                proposal.answer,
                case_id=case_id,
                batch_id=batch_id,
                place=place,
                accept=form.answer.data == proposal.ACCEPTED,
                version=form.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("proposal.show", case_id=case_id), 303)
    return _page(case_id, form)


def _page(case_id: uuid.UUID, form: BaseForm) -> Response:
    """Draw the page with the form that was sent in its place."""
    page = perform(proposal.proposal_page, case_id=case_id)
    sent = form if isinstance(form, FileForm) else None
    reading = sent or FileForm(formdata=None)
    if sent is None or not form.error_list():
        reading.version.data = page.version
    answers = {
        (batch.id, line.place): _blank(batch.id, line, page.version)
        for batch in page.batches
        for line in batch.lines
        if not line.answer
    }
    status = _UNFINISHED if form.error_list() else 200
    drawn = render_template(
        "proposal/show.html", page=page, form=form, reading=reading, answers=answers
    )
    return make_response(drawn, status)


def _blank(batch_id: uuid.UUID, line: ProposalLine, version: int) -> AnswerForm:
    """Return the form of one proposal; what a block stops can only be refused."""
    form = AnswerForm(formdata=None, prefix=_prefix(batch_id, line.place), version=version)
    if line.stopped:
        form.answer.choices = [one for one in form.answer.choices if one[0] != proposal.ACCEPTED]
    return form


def _prefix(batch_id: uuid.UUID, place: int) -> str:
    return f"p{batch_id.hex[:8]}-{place}"
