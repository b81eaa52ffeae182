"""Being away: who stands in, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.absence import AbsenceForm
from bti.web.notices import notify
from bti.workflows import absence

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.absence import AbsencePage

_UNFINISHED: Final = 422

blueprint = Blueprint("absence", __name__)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """View model of absence/show.html."""

    absence: AbsencePage
    action: str


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/absence", methods=["GET", "POST"])
def show() -> Response:
    """Who is away, and writing it down."""
    page = perform(absence.show)
    form = AbsenceForm()
    form.prepare(page)
    if form.validate_on_submit():
        command = form.to_command()
        if command is not None:
            try:
                perform(absence.plan, command=command)
            except RuleBroken as broken:
                form.refuse(messages.message(broken), form.to_on)
            else:
                notify("absence_set")
                return _shown_again()
    shown = ShownPage(page, url_for("absence.show"))
    body = render_template("absence/show.html", page=shown, form=form)
    return make_response(body, _UNFINISHED if form.errors else 200)


@blueprint.post("/absence/<uuid:absence_id>/withdraw")
def withdraw(absence_id: uuid.UUID) -> Response:
    """Somebody is here after all."""
    perform(absence.withdraw, absence_id=absence_id)
    notify("absence_withdrawn")
    return _shown_again()


def _shown_again() -> Response:
    return make_response(redirect(url_for("absence.show"), 303))
