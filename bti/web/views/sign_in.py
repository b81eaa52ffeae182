"""Signing in and out on the case side, and choosing the role of the session."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from math import ceil

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bti.web import identity, labels, readiness
from bti.web.access import NETWORK_ROLES
from bti.web.csrf import NONCE_KEY
from bti.web.doorway import doorway, perform
from bti.web.forms.sign_in import RoleForm, SignInForm
from bti.web.headers import forget_browser
from bti.web.local_address import local_path
from bti.workflows import demo_sign_in, municipality, sign_in
from bti.workflows.demo_sign_in import DemoAccount
from bti.workflows.errors import NotFound, SignInRefused
from bti.workflows.municipality import MunicipalityChoice
from bti.workflows.readiness import is_ready, notices
from bti.workflows.sign_in import SignedIn

_SECONDS_PER_MINUTE = 60

blueprint = Blueprint("sign_in", __name__)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """View model of sign_in/show.html. ``network_href`` empty: the network side is not served."""

    action: str
    demo_action: str
    demo_accounts: tuple[DemoAccount, ...]
    network_href: str
    no_municipality: bool
    left: bool
    ran_out: bool


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role to go on in."""

    grant_id: str
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class RolePage:
    """View model of sign_in/role.html."""

    action: str
    roles: tuple[RoleRow, ...]


@blueprint.route("/sign-in", methods=["GET", "POST"])
def show() -> Response:
    """Sign in with password and code; in demo mode also as a made-up person."""
    if g.actor is not None and g.actor.role not in NETWORK_ROLES and request.method == "GET":
        return redirect(_where_to())
    choices = doorway().perform(municipality.choices, None)
    form = SignInForm()
    form.offer([(str(row.id), row.name) for row in choices])
    status = 200
    if choices and form.validate_on_submit():
        outcome = _attempt(form, choices)
        if isinstance(outcome, SignedIn):
            return _enter(outcome)
        status = _explain(form, outcome)
    elif request.method == "POST":
        status = 422
    form.forget_code()
    page = _page(no_municipality=not choices)
    return make_response(render_template("sign_in/show.html", page=page, form=form), status)


@blueprint.post("/sign-in/demo")
def demo() -> Response:
    """Sign in as a made-up person. Answers 404 outside demo mode, as if it were not there."""
    try:
        account_id = uuid.UUID(request.form.get("account", ""))
    except ValueError:
        raise NotFound from None
    outcome = doorway().perform(demo_sign_in.demo_sign_in, None, account_id=account_id)
    if isinstance(outcome, SignInRefused):
        raise NotFound
    return _enter(outcome)


@blueprint.get("/role")
def role() -> str:
    """Choose which role to go on in."""
    rows = tuple(
        RoleRow(str(choice.grant_id), str(labels.label(choice.role, "role")), choice.unit_name)
        for choice in perform(sign_in.my_roles)
    )
    page = RolePage(url_for("sign_in.enter_role", next=_where_to()), rows)
    return render_template("sign_in/role.html", page=page, form=RoleForm())


@blueprint.post("/role")
def enter_role() -> Response:
    """Go on in the chosen role, with a new session."""
    form = RoleForm()
    try:
        grant_id = uuid.UUID(form.role.data or "")
    except ValueError:
        raise NotFound from None
    return _signed_in(perform(sign_in.enter_role, grant_id=grant_id), _where_to())


@blueprint.post("/sign-out")
def out() -> Response:
    """End the session here and in the database, and make the browser forget."""
    perform(sign_in.sign_out)
    session.pop(NONCE_KEY, None)
    # A notice would lie in a cookie that the browser is just told to drop, so the address says it.
    response = redirect(url_for("sign_in.show", left="yes"), 303)
    identity.forget(response)
    return forget_browser(response)


@blueprint.post("/extend")
def extend() -> Response:
    """Stay signed in: that the request came is enough, see `sign_in.identify`."""
    return Response(status=204)


def register(app: Flask) -> None:
    """Add the pages, Flask-Login, and the case side's part of "ready"."""
    app.register_blueprint(blueprint)
    identity.register(app)
    readiness.add(app, lambda: is_ready(app.extensions["bti"].doorway))
    readiness.add_notices(app, lambda: notices(app.extensions["bti"].doorway))


def _attempt(form: SignInForm, choices: tuple[MunicipalityChoice, ...]) -> SignedIn | SignInRefused:
    chosen = choices[0].id if len(choices) == 1 else uuid.UUID(form.municipality.data)
    # As nobody, also when somebody is signed in: a sign-in starts from nothing.
    return sign_in.sign_in(
        doorway(),
        tenant_id=chosen,
        username=form.username.data or "",
        secret=form.password.data or "",
        code=form.code.data or "",
        address=request.remote_addr or "",
    )


def _explain(form: SignInForm, refusal: SignInRefused) -> int:
    """Say what to do; never which part was wrong, or whether the account exists."""
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
    form.refuse(
        gettext(
            "We could not sign you in. Check the username and password, and wait for a new code."
        )
    )
    return 401


def _enter(outcome: SignedIn) -> Response:
    several = len(outcome.roles) > 1
    there = _where_to()
    return _signed_in(outcome, url_for("sign_in.role", next=there) if several else there)


def _signed_in(outcome: SignedIn, there: str) -> Response:
    # A form token made before signing in is worth nothing after it.
    session.pop(NONCE_KEY, None)
    response = redirect(there, 303)
    identity.remember(response, outcome.token)
    return response


def _page(*, no_municipality: bool) -> SignInPage:
    is_demo = current_app.extensions["bti"].settings.mode == "demo"
    on_network = is_demo and "slt.demo_sign_in" in current_app.view_functions
    return SignInPage(
        action=url_for("sign_in.show", next=_where_to()),
        demo_action=url_for("sign_in.demo", next=_where_to()),
        demo_accounts=doorway().perform(demo_sign_in.demo_accounts, None) if is_demo else (),
        network_href=url_for("slt.demo_sign_in") if on_network else "",
        no_municipality=no_municipality,
        left=request.args.get("left") == "yes",
        ran_out=identity.whose_expired_session() is not None,
    )


def _where_to() -> str:
    return local_path(request.args.get("next"))
