"""How one is reminded by e-mail that something waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.reminder import ReminderForm
from bti.web.notices import notify
from bti.workflows import reminders

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.reminders import OwnChoice

_UNFINISHED: Final = 422

blueprint = Blueprint("reminder", __name__)


@dataclass(frozen=True, slots=True)
class MinePage:
    """View model of reminder/mine.html."""

    choice: OwnChoice
    action: str


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.route("/reminders", methods=["GET", "POST"])
def mine() -> Response:
    """How I am reminded."""
    choice = perform(reminders.mine)
    form = ReminderForm(data={"pace": choice.pace.value})
    if form.validate_on_submit():
        try:
            perform(reminders.choose, command=form.to_command())
        except RuleBroken as broken:
            form.refuse(messages.message(broken), form.address)
        else:
            notify("reminders_chosen")
            return make_response(redirect(url_for("reminder.mine"), 303))
    page = MinePage(choice, url_for("reminder.mine"))
    body = render_template("reminder/mine.html", page=page, form=form)
    return make_response(body, _UNFINISHED if form.errors else 200)
