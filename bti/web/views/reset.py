"""A lost phone or password: asked for by an administrator, agreed to by who has met the person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import segno
from flask import Blueprint, Flask, make_response, redirect, render_template, url_for

from bti.domain.approval import ApprovalRefused
from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.account import ResetForm
from bti.web.notices import notify
from bti.web.views import account as register_pages
from bti.workflows import account_reset

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from werkzeug.wrappers import Response

_ISSUER: Final = "Stafett"
_QR_SCALE: Final = 5
_OVER: Final = frozenset({"approval.used", "approval.expired", "approval.not_given"})

blueprint = Blueprint("reset", __name__, url_prefix="/accounts")


@dataclass(frozen=True, slots=True)
class HalfPage:
    """View model of account/half.html: a password, or a code with its square."""

    name: str
    username: str
    until: datetime
    secret: str = ""
    spelt: str = ""
    qr: str = ""


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.post("/<uuid:account_id>/reset")
def ask(account_id: uuid.UUID) -> Response:
    """Ask for a colleague's account to begin anew."""
    form = ResetForm()
    if not form.validate_on_submit():
        return register_pages.reset_explained(account_id, form)
    try:
        approval_id = perform(
            account_reset.ask,
            account_id=account_id,
            lost=form.lost.data,
            reason=form.reason.data or "",
        )
    except RuleBroken as broken:
        form = ResetForm(formdata=None, data={})
        form.refuse(messages.message(broken))
        return register_pages.reset_explained(account_id, form)
    notify("reset_asked")
    return redirect(url_for("approval.show", approval_id=approval_id), 303)


@blueprint.post("/resets/<uuid:approval_id>")
def carry_out(approval_id: uuid.UUID) -> Response:
    """Let the account begin anew, and show the password once."""
    try:
        half = perform(account_reset.carry_out, approval_id=approval_id)
    except (ApprovalRefused, RuleBroken) as refused:
        if isinstance(refused, ApprovalRefused) and refused.code not in _OVER:
            raise
        notify("not_done")
        return redirect(url_for("approval.list"), 303)
    # Not a redirect: the password would have to be kept somewhere in between.
    page = HalfPage(half.name, half.username, half.until, secret=half.secret)
    return make_response(render_template("account/half.html", page=page))


@blueprint.get("/resets/<uuid:approval_id>/code")
def code(approval_id: uuid.UUID) -> str:
    """The code for the app, for the one who said yes."""
    half = perform(account_reset.code_half, approval_id=approval_id)
    uri = totp.provisioning_uri(half.totp_secret, account=half.username, issuer=_ISSUER)
    page = HalfPage(
        half.name,
        half.username,
        half.until,
        spelt=totp.spelt(half.totp_secret),
        qr=segno.make(uri, error="m").svg_data_uri(scale=_QR_SCALE, dark="#000", light="#fff"),
    )
    return render_template("account/half.html", page=page)
