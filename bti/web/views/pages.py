"""Pages about Stafett itself: privacy, accessibility, help, and "are you there".

Also served by the network side, so nothing here may need the case side.
"""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from bti.web import layout, readiness
from bti.web.own_papers import public_papers

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def start() -> Response:
    """Go to the first page of one's role, or to sign in."""
    actor = g.actor
    for row in layout.MENU if actor is not None else ():
        if actor.role in row.roles and row.endpoint in current_app.view_functions:
            return redirect(url_for(row.endpoint))
    fallback = ("account.show",) if actor is not None else ("sign_in.show", "slt.sign_in")
    endpoint = next((name for name in fallback if name in current_app.view_functions), None)
    return redirect(url_for(endpoint or "pages.help"))


@blueprint.get("/privacy")
def privacy() -> str:
    """What is kept, why, for how long and who sees it."""
    return render_template("pages/privacy.html", towns=public_papers())


@blueprint.get("/accessibility")
def accessibility() -> str:
    """How far everybody can use Stafett, and whom to tell when not (likestillingsloven § 18)."""
    return render_template("pages/accessibility.html", towns=public_papers())


@blueprint.get("/help", endpoint="help")
def help_page() -> str:
    """Short answers."""
    return render_template("pages/help.html")


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process is there. Asks nothing else, so that a slow database does not restart it."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether requests can be served now: 200, else 503. Never says why not.

    Below «ready» stands what an operator should look at, one code on each line.
    """
    if not readiness.is_ready(current_app):
        return Response("not ready\n", 503, mimetype="text/plain")
    lines = ("ready", *readiness.notices_of(current_app))
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)
