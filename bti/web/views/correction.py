"""Putting the right information, or the family's own view, beside what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.correction import Stance
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.correction import CorrectionForm
from bti.web.notices import notify
from bti.workflows import correction

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422

blueprint = Blueprint("correction", __name__, url_prefix="/cases/<uuid:case_id>")


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.route("/entries/<uuid:entry_id>/correct", methods=["GET", "POST"])
def new(case_id: uuid.UUID, entry_id: uuid.UUID) -> Response:
    """One entry, and what is to stand beside it."""
    form = CorrectionForm()
    if form.validate_on_submit():
        try:
            perform(correction.write, form.to_command(case_id, entry_id))
        except RuleBroken as broken:
            fields = {"correction.no_voice": form.voice, "correction.not_told": form.told}
            form.refuse(messages.message(broken), fields.get(broken.code))
        else:
            corrected = form.stance.data == Stance.CORRECTION
            notify("entry_corrected" if corrected else "view_written")
            return redirect(url_for("case.show", case_id=case_id, _anchor="timeline"), 303)
    page = perform(correction.page, case_id=case_id, entry_id=entry_id)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("correction/new.html", page=page, form=form), status)
