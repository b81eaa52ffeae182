"""The year as a calendar: a secret address that is made and ended with one click, and read without signing in."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from bti.slt.year_feed import end_feed, make_feed, read_feed, show_feed
from bti.web.headers import as_download
from bti.web.network import runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_calendar import FILE_NAME, MIME, calendar_of

#: The same for every secret that opens nothing, whoever asks.
_NOTHING: Final = b"Not found.\n"

blueprint = Blueprint("feed", __name__, url_prefix="/year")


@blueprint.get("/calendar")
def show() -> str:
    """Whether I have an address, and how often it was read."""
    return _shown("")


@blueprint.post("/calendar/make")
def make() -> Response:
    """Make an address, or another instead of the one there is, and show it once."""
    secret = make_feed(runtime(), signed_in().coordinator)
    # Not a redirect: the secret would have to be kept somewhere in between.
    address = current_app.config["BASE_URL"] + url_for("slt.feed.read", secret=secret)
    return make_response(_shown(address))


@blueprint.post("/calendar/end")
def end() -> Response:
    """End my address."""
    end_feed(runtime(), signed_in().coordinator)
    notify("saved")
    return redirect(url_for("slt.feed.show"), 303)


@blueprint.get("/feeds/<secret>.ics")
def read(secret: str) -> Response:
    """The calendar, for whoever has the address."""
    feed = read_feed(runtime(), secret)
    if feed is None:
        return Response(_NOTHING, 404, mimetype="text/plain")
    return as_download(Response(calendar_of(feed), mimetype=MIME), FILE_NAME)


def _shown(address: str) -> str:
    standing = show_feed(runtime(), signed_in().coordinator)
    return render_template("slt/year/calendar.html", standing=standing, address=address)
