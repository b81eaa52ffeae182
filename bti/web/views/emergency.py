"""Emergency access: the form that asks for it, and the core of the case it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import gettext

from bti.domain.errors import RuleBroken
from bti.web import labels, messages
from bti.web.doorway import perform
from bti.web.forms.emergency import SeekForm
from bti.web.notices import notify
from bti.workflows import emergency

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.emergency import SeekPage

_UNFINISHED: Final = 422

blueprint = Blueprint("emergency", __name__, url_prefix="/emergency")


@dataclass(frozen=True, slots=True)
class FormPage:
    """View model of emergency/seek.html."""

    action: str
    seek: SeekPage


@blueprint.route("", methods=["GET", "POST"])
def seek() -> Response:
    """Ask for emergency access to one case."""
    page = FormPage(url_for("emergency.seek"), perform(emergency.seek))
    form = SeekForm()
    if form.validate_on_submit():
        try:
            case_id = perform(emergency.take, form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            if case_id is not None:
                notify("emergency_open")
                return redirect(url_for("emergency.show", case_id=case_id), 303)
            # One answer for a case that does not exist and one that is not opened so.
            form.refuse(gettext("There is no case that can be opened with this."))
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("emergency/seek.html", page=page, form=form), status)


@blueprint.get("/<uuid:case_id>")
def show(case_id: uuid.UUID) -> str:
    """The core of the case, until the access runs out."""
    page = perform(emergency.read_core, case_id=case_id)
    return render_template("emergency/show.html", page=page)


def register(app: Flask) -> None:
    """Add the pages."""
    labels.register(app)
    app.register_blueprint(blueprint)
