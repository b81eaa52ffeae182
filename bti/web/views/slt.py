"""The network side's pages: signing in, and the released numbers. Never touches the case side."""

from dataclasses import dataclass
from typing import Final

from flask import (
    Blueprint,
    Flask,
    Request,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from bti.settings import Settings
from bti.slt.perform import AccessDenied
from bti.slt.region import reads_more, show_region
from bti.slt.release import show_release, show_releases
from bti.slt.role import NetworkRole
from bti.slt.sign_in import (
    SignedIn,
    SignInRefused,
    demo_sign_in,
    sign_in,
    sign_out,
    who_is,
)
from bti.web import i18n, slt_body_labels, slt_labels, slt_year_labels
from bti.web.csrf import IDENTITY_COOKIES
from bti.web.forms.slt import SignInForm
from bti.web.local_address import local_path
from bti.web.network import NetworkPerson, runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_numbers import NumbersPage, half_year, numbers_page
from bti.web.slt_region import region_page
from bti.web.slt_trends import TOTAL, trends_page
from bti.web.views import (
    slt_appendix,
    slt_body,
    slt_feed,
    slt_indicator,
    slt_mail,
    slt_meeting,
    slt_paper,
    slt_plan,
    slt_report,
    slt_year,
)

ROOT: Final = "/network"

_COOKIE: Final = "st_network"

blueprint = Blueprint("slt", __name__, url_prefix=ROOT)
blueprint.register_blueprint(slt_plan.blueprint)
blueprint.register_blueprint(slt_appendix.blueprint)
blueprint.register_blueprint(slt_body.blueprint)
blueprint.register_blueprint(slt_meeting.blueprint)
blueprint.register_blueprint(slt_indicator.blueprint)
blueprint.register_blueprint(slt_year.blueprint)
blueprint.register_blueprint(slt_report.blueprint)
blueprint.register_blueprint(slt_feed.blueprint)
blueprint.register_blueprint(slt_paper.blueprint)
blueprint.register_blueprint(slt_mail.blueprint)


def cookie_name(settings: Settings) -> str:
    """The session cookie's name: `__Host-` ties it to this host wherever https allows it."""
    return _cookie(secure=settings.secure)


def identify(incoming: Request) -> NetworkPerson | None:
    """Whose request this is, or None for everyone who is not signed in on the network side."""
    token = incoming.cookies.get(_cookie(secure=_secure()))
    found = who_is(runtime(), token) if token else None
    if found is None:
        return None
    g.footer_note = lazy_gettext(
        "Only released numbers, plans and minutes about no child are kept here. Every time someone looks, it is recorded."
    )
    return NetworkPerson(found)


@blueprint.get("/")
def show() -> str:
    """The latest numbers."""
    return _numbers(None)


@blueprint.get("/releases/<period>")
def release(period: str) -> str:
    """The numbers of one half-year."""
    return _numbers(period)


@blueprint.get("/trends")
def trends() -> str:
    """All published half-years side by side; ``show`` names what is drawn."""
    found = show_releases(runtime(), signed_in().coordinator)
    page = trends_page(found, request.args.get("show", TOTAL))
    if page is None:
        abort(404)
    return render_template("slt/trends.html", page=page)


@blueprint.get("/region")
def region() -> str:
    """Published half-years of several municipalities; ``show`` names the count."""
    page = region_page(
        show_region(runtime(), signed_in().coordinator), request.args.get("show", TOTAL)
    )
    if page is None:
        abort(404)
    return render_template("slt/region.html", page=page)


@blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="sign_in")
def sign_in_page() -> Response:
    """Sign in with password and code."""
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        outcome = sign_in(runtime(), form.to_attempt(request.remote_addr or ""))
        if isinstance(outcome, SignedIn):
            return _signed_in(outcome)
        status = _explain(form, outcome)
    elif request.method == "POST":
        status = 422
    form.forget_code()
    page = SignInPage(
        action=url_for("slt.sign_in", next=_where_to()),
        demo_action=url_for("slt.demo_sign_in") if runtime().demo else "",
    )
    return make_response(render_template("slt/sign_in.html", page=page, form=form), status)


@blueprint.post("/sign-in/demo", endpoint="demo_sign_in")
def demo_sign_in_page() -> Response:
    """Sign in as the made-up coordinator. Answers 404 outside demo mode, as if it were not there."""
    try:
        outcome = demo_sign_in(runtime())
    except AccessDenied:
        abort(404)
    return _signed_in(outcome)


@blueprint.post("/sign-out", endpoint="sign_out")
def sign_out_page() -> Response:
    """End the session here and in the database."""
    name = _cookie(secure=_secure())
    token = request.cookies.get(name)
    if token:
        sign_out(runtime(), token)
    notify("signed_out")
    response = redirect(url_for("slt.sign_in"), 303)
    response.delete_cookie(name, secure=_secure(), httponly=True, samesite="Lax")
    return response


@blueprint.post("/extend")
def extend() -> Response:
    """Stay signed in: that the request came is enough, see `identify`."""
    return Response(status=204)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """View model of slt/sign_in.html. `demo_action` is empty outside the demonstration."""

    action: str
    demo_action: str


def register(app: Flask) -> None:
    """Add the pages. `app.extensions["bti.slt"]` must hold an SltRuntime before the first request."""
    app.register_blueprint(blueprint)
    slt_indicator.register(app)
    slt_labels.register(app)
    slt_body_labels.register(app)
    slt_appendix.accept_files(app)
    slt_year_labels.register(app)
    app.add_template_filter(half_year)
    app.add_template_filter(i18n.LANGUAGES.get, "language_name")


def _numbers(period: str | None) -> str:
    try:
        found = show_release(runtime(), signed_in().coordinator, period)
    except AccessDenied:
        abort(404)
    page: NumbersPage = numbers_page(found)
    several = reads_more(runtime(), signed_in().coordinator)
    return render_template("slt/show.html", page=page, several=several)


def _signed_in(outcome: SignedIn) -> Response:
    response = redirect(_begins_at(outcome.role), 303)
    response.set_cookie(
        _cookie(secure=_secure()),
        outcome.token,
        secure=_secure(),
        httponly=True,
        samesite="Lax",
    )
    # The hat of a case worker and that of a coordinator are never worn at once.
    for other in current_app.config[IDENTITY_COOKIES]:
        if other != _cookie(secure=_secure()) and other in request.cookies:
            response.delete_cookie(other, secure=_secure(), httponly=True, samesite="Lax")
    return response


def _explain(form: SignInForm, refusal: SignInRefused) -> int:
    if refusal.code == "sign_in.wait":
        form.refuse(gettext("There have been too many attempts. Wait a little, and try again."))
        return 429
    form.refuse(
        gettext(
            "We could not sign you in. Check the username and password, and wait for a new code."
        )
    )
    return 401


def _where_to() -> str:
    start = url_for("slt.show")
    wanted = local_path(request.args.get("next"), start)
    return wanted if wanted.startswith(f"{ROOT}/") else start


def _begins_at(role: NetworkRole) -> str:
    """Where the address led, or the start page of the role: a member of a body reads no numbers."""
    wanted = _where_to()
    no_numbers = role is NetworkRole.MEMBER and wanted == url_for("slt.show")
    return url_for("slt.body.list") if no_numbers else wanted


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _cookie(*, secure: bool) -> str:
    return f"__Host-{_COOKIE}" if secure else _COOKIE
