"""The bodies on the network side: which there are, what each may decide, and what was changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import groupby

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.slt.body import LONGEST_FUNCTION
from bti.slt.body_change import BodyRefusedError, change_body, dissolve_body, make_body
from bti.slt.body_stored import BodyPage, show_bodies, show_body
from bti.slt.meeting_stored import show_meetings
from bti.slt.perform import AccessDenied
from bti.web.forms.slt_body import BodyForm, DissolveForm, as_it_stands
from bti.web.network import runtime, signed_in
from bti.web.notices import notify

_UNFINISHED, _CHANGED = 422, 409

blueprint = Blueprint("body", __name__, url_prefix="/bodies")


@blueprint.get("", endpoint="list")
def list_() -> str:
    """Every body of the municipality, level by level."""
    found = show_bodies(runtime(), signed_in().coordinator)
    ended = [one for one in found if one.over]
    standing = [one for one in found if not one.over]
    levels = [(level, list(rows)) for level, rows in groupby(standing, lambda one: one.body.level)]
    return render_template("slt/body/list.html", levels=levels, ended=ended)


@blueprint.get("/<uuid:body_id>")
def show(body_id: uuid.UUID) -> str:
    """One body."""
    page = _body(body_id)
    form = DissolveForm(version=page.stored.version)
    return _shown(page, form)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Make a body."""
    form = BodyForm()
    form.prepare()

    def make() -> uuid.UUID:
        return make_body(
            runtime(), signed_in().coordinator, form.to_command(), form.submission.data
        )

    return _filled(form, None, make)


@blueprint.route("/<uuid:body_id>/edit", methods=["GET", "POST"])
def edit(body_id: uuid.UUID) -> Response:
    """Change a body."""
    page = _body(body_id)
    if page.stored.dissolved_on is not None:
        abort(404)
    form = BodyForm(version=page.stored.version, data=as_it_stands(page.stored.body))
    form.prepare()

    def change() -> uuid.UUID:
        change_body(runtime(), signed_in().coordinator, body_id, form.to_command())
        return body_id

    return _filled(form, page, change)


@blueprint.post("/<uuid:body_id>/dissolve")
def dissolve(body_id: uuid.UUID) -> Response:
    """End a body."""
    page = _body(body_id)
    form = DissolveForm(version=page.stored.version)
    if form.validate_on_submit():
        try:
            dissolve_body(runtime(), signed_in().coordinator, body_id, form.version.data)
        except BodyRefusedError as refused:
            form.refuse(refusal_text(refused))
        else:
            notify("saved")
            return redirect(url_for("slt.body.show", body_id=body_id), 303)
    return make_response(_shown(page, form), _CHANGED)


def _shown(page: BodyPage, form: DissolveForm) -> str:
    meetings = show_meetings(runtime(), signed_in().coordinator, page.stored.id)
    return render_template("slt/body/show.html", page=page, form=form, meetings=meetings)


def _body(body_id: uuid.UUID) -> BodyPage:
    try:
        return show_body(runtime(), signed_in().coordinator, body_id)
    except AccessDenied:
        abort(404)


def _filled(form: BodyForm, page: BodyPage | None, act: Callable[[], uuid.UUID]) -> Response:
    """The page of the form; does what it asks for when it was sent and holds."""
    found: tuple[str, ...] = ()
    status = _UNFINISHED if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            body_id = act()
        except BodyRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "body.changed" else _UNFINISHED
        else:
            notify("saved")
            return redirect(url_for("slt.body.show", body_id=body_id), 303)
    body = render_template("slt/body/edit.html", page=page, form=form, found=found)
    return make_response(body, status)


def refusal_text(refused: BodyRefusedError) -> str:
    """Why nothing was saved, in words that say what to do."""
    words = {
        "body.changed": gettext(
            "Somebody has changed this since you opened it. Nothing of yours is saved. Open it again in "
            "another tab, and compare."
        ),
        "body.names": gettext("A text may name somebody. Take it out, or write why it may stand."),
        "body.purpose": gettext("Write what the working group is for."),
        "body.ends": gettext("A working group has a last day, and no other body has one."),
        "body.member": gettext(
            "Write each function once, before the semicolon, with at most %(most)s signs.",
            most=LONGEST_FUNCTION,
        ),
        "body.cases": gettext("A politiråd handles no single cases."),
        "body.full": gettext("There is no room for more bodies."),
        "body.over": gettext("This body is dissolved."),
    }
    return str(words[refused.code])
