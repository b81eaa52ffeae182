"""Pages of attached files: a new one, a new version, one that is taken away, and the download."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from bti.domain.errors import RuleBroken
from bti.web import headers, messages, uploads
from bti.web.doorway import doorway, perform
from bti.web.forms.attachment import AttachForm, RemoveForm, audience_words
from bti.web.notices import notify
from bti.workflows import attachment, attachment_page
from bti.workflows.actor import Actor

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

    from bti.web.uploads import Taker
    from bti.workflows.attachment import OpenedFile

_UNFINISHED: Final = 422
_DAMAGED: Final = 500
#: About the case and not about the file that was chosen.
_OF_THE_CASE: Final = frozenset({"attachment.too_many", "log.resting"})

blueprint = Blueprint("attachment", __name__, url_prefix="/cases/<uuid:case_id>/attachments")


def register(app: Flask) -> None:
    """Add the pages, and let the two forms take a file."""
    app.register_blueprint(blueprint)
    app.add_template_filter(audience_words)
    largest = app.extensions["bti"].settings.attachment_mib << 20
    for endpoint in ("attachment.new", "attachment.replace"):
        uploads.accept(app, endpoint, _begin, largest=largest)


def _begin(name: str) -> Taker | None:
    """Take a file for somebody who is signed in; the form's own workflow asks whether they may."""
    case_id = (request.view_args or {}).get("case_id")
    if not isinstance(g.actor, Actor) or not isinstance(case_id, uuid.UUID):
        return None
    return attachment.begin_upload(doorway().settings, g.actor, case_id, name)


@blueprint.route("/new", methods=["GET", "POST"])
def new(case_id: uuid.UUID) -> AnyResponse:
    """Attach a file."""
    return _attach(case_id, None)


@blueprint.route("/<uuid:attachment_id>/new-version", methods=["GET", "POST"])
def replace(case_id: uuid.UUID, attachment_id: uuid.UUID) -> AnyResponse:
    """Give a file a new version; the old one can still be read."""
    return _attach(case_id, attachment_id)


def _attach(case_id: uuid.UUID, replaces: uuid.UUID | None) -> AnyResponse:
    page = perform(attachment_page.attach_page, case_id=case_id, replaces=replaces)
    form = AttachForm()
    form.prepare(page)
    if form.validate_on_submit() and form.file.data is not None:
        try:
            # Before the transaction: the disk may be slow, and nobody shall wait for it.
            form.file.data.complete()
            perform(attachment.attach, form.to_command(case_id, replaces), form.file.data)
        except RuleBroken as broken:
            of_the_case = broken.code in _OF_THE_CASE
            form.refuse(messages.message(broken), None if of_the_case else form.file)
        else:
            notify("file_attached")
            return redirect(url_for("case.show", case_id=case_id, _anchor="attachments"), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("attachment/new.html", page=page, form=form), status)


@blueprint.route("/<uuid:attachment_id>/remove", methods=["GET", "POST"])
def remove(case_id: uuid.UUID, attachment_id: uuid.UUID) -> AnyResponse:
    """Take a file away."""
    form = RemoveForm()
    if form.validate_on_submit():
        perform(attachment.remove, case_id=case_id, attachment_id=attachment_id, reason=form.chosen)
        notify("file_removed")
        return redirect(url_for("case.show", case_id=case_id, _anchor="attachments"), 303)
    title = perform(attachment.closed_file, case_id=case_id, attachment_id=attachment_id)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(
        render_template(
            "attachment/remove.html",
            case_id=case_id,
            attachment_id=attachment_id,
            title=title,
            form=form,
        ),
        status,
    )


@blueprint.get("/<uuid:attachment_id>")
def download(case_id: uuid.UUID, attachment_id: uuid.UUID) -> AnyResponse:
    """Send a file, after it has been read from end to end and found whole."""
    try:
        file = perform(attachment.open_file, case_id=case_id, attachment_id=attachment_id)
        blob = file.verified()
    except attachment.FileDamaged:
        perform(attachment.report_damage, case_id=case_id, attachment_id=attachment_id)
        return make_response(render_template("attachment/damaged.html", case_id=case_id), _DAMAGED)
    response = Response(file.content(blob), content_type=file.mime)
    response.call_on_close(blob.close)
    return _as_download(response, file)


def _as_download(response: Response, file: OpenedFile) -> Response:
    response.content_length = file.size
    # A part of a file could not be told from a whole one that was cut: all or nothing.
    response.accept_ranges = "none"
    return headers.as_download(response, file.name)
