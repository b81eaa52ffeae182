"""Pages about sharing without consent: writing it down, opening it, stopping it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.clock import norwegian_date
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import doorway, perform
from bti.web.forms.sharing import SharingForm
from bti.web.notices import notify
from bti.workflows import sharing

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.sharing import SharingPage

_UNFINISHED = 422
#: What stands in the form: as long as the shortest of the gates.
_SHORT = timedelta(days=7)

blueprint = Blueprint("sharing", __name__, url_prefix="/cases/<uuid:case_id>/sharing")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """What is shared without consent and why, and writing down one more."""
    page = perform(sharing.page, case_id=case_id)
    form = _blank(page)
    if form.validate_on_submit():
        try:
            perform(sharing.write_down, command=form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("sharing_written")
            return redirect(url_for("sharing.show", case_id=case_id), 303)
    return _drawn(page, form)


@blueprint.post("/<uuid:sharing_id>/open")
def open_now(case_id: uuid.UUID, sharing_id: uuid.UUID) -> Response:
    """Open what is written down."""
    return _done(case_id, sharing_id, opening=True)


@blueprint.post("/<uuid:sharing_id>/stop")
def stop(case_id: uuid.UUID, sharing_id: uuid.UUID) -> Response:
    """Stop it, or give it up."""
    return _done(case_id, sharing_id, opening=False)


def _done(case_id: uuid.UUID, sharing_id: uuid.UUID, *, opening: bool) -> Response:
    act = sharing.open_now if opening else sharing.stop
    try:
        perform(act, case_id=case_id, sharing_id=sharing_id)
    except RuleBroken as broken:
        page = perform(sharing.page, case_id=case_id)
        form = _blank(page, sent=False)
        messages.refuse(form, broken)
        return _drawn(page, form)
    notify("sharing_opened" if opening else "sharing_stopped")
    return redirect(url_for("sharing.show", case_id=case_id), 303)


def _blank(page: SharingPage, *, sent: bool = True) -> SharingForm:
    today = norwegian_date(doorway().clock.now())
    until = today + _SHORT
    if sent:
        form = SharingForm(version=page.version, until=until)
    else:
        form = SharingForm(formdata=None, version=page.version, until=until)
    form.prepare(page, today)
    return form


def _drawn(page: SharingPage, form: SharingForm) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("sharing/show.html", page=page, form=form), status)
