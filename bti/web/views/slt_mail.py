"""Whether one is reminded of the year by e-mail: off until an address is given, and stopped with one click."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.domain.errors import RuleBroken
from bti.slt.perform import AccessDenied
from bti.slt.year_mail import choose, show_choice, stop
from bti.web.forms.slt_year import MailForm
from bti.web.network import runtime, signed_in
from bti.web.notices import notify

_UNFINISHED: Final = 422

blueprint = Blueprint("mail", __name__, url_prefix="/year/reminders")


@blueprint.route("", methods=["GET", "POST"])
def show() -> Response:
    """How I am reminded."""
    try:
        standing = show_choice(runtime(), signed_in().coordinator)
    except AccessDenied:
        abort(404)
    form = MailForm()
    if form.validate_on_submit():
        try:
            choose(runtime(), signed_in().coordinator, form.address.data or "")
        except RuleBroken:
            form.refuse(
                gettext("Write an e-mail address, such as name@municipality.no."), form.address
            )
        else:
            notify("saved")
            return redirect(url_for("slt.mail.show"), 303)
    body = render_template("slt/year/reminders.html", standing=standing, form=form)
    return make_response(body, _UNFINISHED if form.errors else 200)


@blueprint.post("/stop", endpoint="stop")
def stop_them() -> Response:
    """Remind me no more."""
    stop(runtime(), signed_in().coordinator)
    notify("saved")
    return redirect(url_for("slt.mail.show"), 303)
