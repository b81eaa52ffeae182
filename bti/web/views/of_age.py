"""The child turns 18: what must be settled, and what happens by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.clock import norwegian_date
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import doorway, perform
from bti.web.forms.of_age import SettleForm
from bti.web.notices import notify
from bti.workflows import of_age

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422

blueprint = Blueprint("of_age", __name__, url_prefix="/cases/<uuid:case_id>/of-age")


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """What there is to settle, and the form for what was decided."""
    page = perform(of_age.page, case_id=case_id)
    form = SettleForm(version=page.version)
    form.prepare(page)
    form.talked_on.latest = norwegian_date(doorway().clock.now())
    if form.validate_on_submit():
        try:
            perform(of_age.settle, form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("of_age.show", case_id=case_id), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("of_age/show.html", page=page, form=form), status)
