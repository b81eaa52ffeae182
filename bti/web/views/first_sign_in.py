"""The one page of a first sign-in; nothing else is open before it is done, but the danger path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import segno
from flask import Blueprint, Flask, g, make_response, redirect, render_template, request, url_for

from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.identity.password import PasswordRefusedError
from bti.web import identity, messages
from bti.web.access import ROUTES, Public
from bti.web.doorway import doorway, perform
from bti.web.forms.account import FirstForm
from bti.web.notices import notify
from bti.workflows import first_sign_in
from bti.workflows.sign_in import STRENGTH_FIRST

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

_ISSUER: Final = "Stafett"
_QR_SCALE: Final = 5
_HERE: Final = "first_sign_in.show"
#: Whoever has just begun may still meet a child in danger, and may always leave.
_OPEN: Final = frozenset({_HERE, "sign_in.out", "sign_in.extend", "duty.report"})

blueprint = Blueprint("first_sign_in", __name__)


@dataclass(frozen=True, slots=True)
class FirstSignInPage:
    """View model of sign_in/first.html."""

    action: str
    spelt: str
    qr: str


def register(app: Flask) -> None:
    """Add the page, and the step before every other."""
    app.register_blueprint(blueprint)
    app.before_request(_first_things_first)


@blueprint.route("/account/first", methods=["GET", "POST"])
def show() -> Response:
    """Choose a password of one's own and set up the app."""
    made = perform(first_sign_in.show)
    form = FirstForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                token = first_sign_in.finish(
                    doorway(),
                    identity.person(),
                    new=form.new.data or "",
                    code=form.code.data or "",
                )
            except PasswordRefusedError as refused:
                form.refuse(messages.RULES[refused.code], form.new)
            except RuleBroken as broken:
                at_code = broken.code == "account.code_wrong"
                form.refuse(messages.message(broken), form.code if at_code else form.new)
            else:
                notify("first_done")
                response = redirect("/", 303)
                identity.remember(response, token)
                return response
    form.forget_code()
    uri = totp.provisioning_uri(made.totp_secret, account=made.username, issuer=_ISSUER)
    page = FirstSignInPage(
        action=url_for(_HERE),
        spelt=totp.spelt(made.totp_secret),
        qr=segno.make(uri, error="m").svg_data_uri(scale=_QR_SCALE, dark="#000", light="#fff"),
    )
    return make_response(render_template("sign_in/first.html", page=page, form=form), status)


def _first_things_first() -> Response | None:
    actor = g.get("actor")
    if getattr(actor, "strength", "") != STRENGTH_FIRST or request.endpoint in _OPEN:
        return None
    rule = ROUTES.get(request.endpoint or "")
    if rule is None or isinstance(rule.access, Public):
        return None
    return redirect(url_for(_HERE), 303)
