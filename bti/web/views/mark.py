"""How one entry is shared: whose own circumstances it tells of, and what the child wants kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from bti.clock import norwegian_date
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import doorway, perform
from bti.web.forms.family import MarkForm
from bti.web.notices import notify
from bti.workflows import mark

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422

blueprint = Blueprint("mark", __name__, url_prefix="/cases/<uuid:case_id>")


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.route("/entries/<uuid:entry_id>/mark", methods=["GET", "POST"])
def new(case_id: uuid.UUID, entry_id: uuid.UUID) -> Response:
    """One entry, and how it is to be shared."""
    page = perform(mark.page, case_id=case_id, entry_id=entry_id)
    form = MarkForm()
    form.prepare(page.guardians)
    form.agreed_on.latest = norwegian_date(doorway().clock.now())
    if request.method == "GET":
        form.start_from(page.now)
    if form.validate_on_submit():
        try:
            perform(mark.put, form.to_command(case_id, entry_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("marked")
            return redirect(url_for("case.show", case_id=case_id, _anchor="timeline"), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("mark/new.html", page=page, form=form), status)
