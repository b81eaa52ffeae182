"""One page that asks for password and code again, and then goes back to where one was going."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from bti.web import identity
from bti.web.doorway import doorway, perform
from bti.web.forms.sign_in import ConfirmForm
from bti.web.local_address import local_path
from bti.workflows import step_up

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.errors import SignInRefused

_SECONDS_PER_MINUTE = 60

blueprint = Blueprint("confirm", __name__)


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """View model of sign_in/confirm.html. ``demo``: there is no password to ask for."""

    action: str
    demo: bool


@blueprint.get("/account/confirm")
def show() -> str:
    """Ask for password and code."""
    return _page(ConfirmForm(), demo=perform(step_up.standing).demo)


@blueprint.post("/account/confirm")
def prove() -> Response:
    """Go on when they are right, in the same session under a new token."""
    form = ConfirmForm()
    if perform(step_up.standing).demo:
        return _go_on(perform(step_up.confirm_in_demo))
    if not form.validate():
        form.forget_code()
        return make_response(_page(form, demo=False), 422)
    outcome = step_up.prove_again(
        doorway(),
        identity.person(),
        secret=form.password.data or "",
        code=form.code.data or "",
        address=request.remote_addr or "",
    )
    if isinstance(outcome, str):
        return _go_on(outcome)
    status = _explain(form, outcome)
    form.forget_code()
    return make_response(_page(form, demo=False), status)


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


def _go_on(token: str) -> Response:
    response = redirect(_where_to(), 303)
    identity.remember(response, token)
    return response


def _page(form: ConfirmForm, *, demo: bool) -> str:
    page = ConfirmPage(url_for("confirm.prove", next=_where_to()), demo)
    return render_template("sign_in/confirm.html", page=page, form=form)


def _where_to() -> str:
    return local_path(request.args.get("next"))


def _explain(form: ConfirmForm, refusal: SignInRefused) -> int:
    if refusal.wait_seconds > 0:
        minutes = ceil(refusal.wait_seconds / _SECONDS_PER_MINUTE)
        form.refuse(
            ngettext(
                "There have been too many attempts. Wait %(num)s minute, and try again.",
                "There have been too many attempts. Wait %(num)s minutes, and try again.",
                minutes,
            )
        )
        return 429
    form.refuse(gettext("That was not right. Check the password, and wait for a new code."))
    return 422
