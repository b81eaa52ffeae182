"""Meetings on the network side: agenda, minutes, agreed actions, and what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.slt.body_stored import StoredBody, show_body
from bti.slt.meeting import MeetingState
from bti.slt.meeting_after import add_to_minutes, follow_up
from bti.slt.meeting_change import (
    MeetingRefusedError,
    agree_action,
    discard_meeting,
    finish_meeting,
    prepare_meeting,
    share_meeting,
    write_meeting,
)
from bti.slt.meeting_stored import MeetingPage, show_action, show_meeting
from bti.slt.perform import AccessDenied
from bti.web.forms.base import BaseForm
from bti.web.forms.slt_meeting import (
    ActionForm,
    AdditionForm,
    FollowUpForm,
    MeetingForm,
    StepForm,
    as_it_stands,
    follow_up_stands,
)
from bti.web.network import runtime, signed_in
from bti.web.notices import notify

_UNFINISHED, _CHANGED = 422, 409

blueprint = Blueprint("meeting", __name__)


@blueprint.get("/meetings/<uuid:body_meeting_id>")
def show(body_meeting_id: uuid.UUID) -> str:
    """One meeting."""
    page = _meeting(body_meeting_id)
    return _shown(page, StepForm(version=page.version))


@blueprint.route("/bodies/<uuid:body_id>/meetings/new", methods=["GET", "POST"])
def new(body_id: uuid.UUID) -> Response:
    """Prepare a meeting."""
    try:
        body = show_body(runtime(), signed_in().coordinator, body_id).stored
    except AccessDenied:
        abort(404)
    if body.over:
        abort(404)
    form = MeetingForm()
    form.prepare(body.body, None)

    def prepare() -> str:
        made = prepare_meeting(
            runtime(),
            signed_in().coordinator,
            body_id,
            form.to_command(),
            form.submission.data,
        )
        return url_for("slt.meeting.show", body_meeting_id=made)

    return _filled("edit", form, prepare, body=body, page=None)


@blueprint.route("/meetings/<uuid:body_meeting_id>/edit", methods=["GET", "POST"])
def edit(body_meeting_id: uuid.UUID) -> Response:
    """Change a meeting that is not finished."""
    page = _open_meeting(body_meeting_id)
    form = MeetingForm(version=page.version, data=as_it_stands(page.meeting))
    form.prepare(page.body.body, page.meeting)

    def write() -> str:
        write_meeting(runtime(), signed_in().coordinator, body_meeting_id, form.to_command())
        return url_for("slt.meeting.show", body_meeting_id=body_meeting_id)

    return _filled("edit", form, write, body=page.body, page=page)


@blueprint.post("/meetings/<uuid:body_meeting_id>/share")
def share(body_meeting_id: uuid.UUID) -> Response:
    """Let the body read what was a private note."""
    return _step(body_meeting_id, share_meeting)


@blueprint.post("/meetings/<uuid:body_meeting_id>/finish")
def finish(body_meeting_id: uuid.UUID) -> Response:
    """Close the minutes."""
    return _step(body_meeting_id, finish_meeting)


@blueprint.post("/meetings/<uuid:body_meeting_id>/discard")
def discard(body_meeting_id: uuid.UUID) -> Response:
    """Throw a private note away."""
    page = _meeting(body_meeting_id)
    return _step(body_meeting_id, discard_meeting, url_for("slt.body.show", body_id=page.body.id))


@blueprint.route("/meetings/<uuid:body_meeting_id>/actions/new", methods=["GET", "POST"])
def action(body_meeting_id: uuid.UUID) -> Response:
    """Write down what is agreed."""
    page = _open_meeting(body_meeting_id)
    form = ActionForm()
    form.prepare(page.body.body)

    def agree() -> str:
        agree_action(runtime(), signed_in().coordinator, body_meeting_id, form.to_command())
        return url_for("slt.meeting.show", body_meeting_id=body_meeting_id)

    return _filled("action", form, agree, body=page.body, page=page)


@blueprint.route(
    "/actions/<uuid:action_id>/follow-up", methods=["GET", "POST"], endpoint="follow_up"
)
def tell(action_id: uuid.UUID) -> Response:
    """Say what became of an action, in a meeting (`?meeting=`) or between meetings."""
    try:
        page = show_action(runtime(), signed_in().coordinator, action_id)
        told_in = _told_in(page.body)
    except AccessDenied:
        abort(404)
    form = FollowUpForm(data=follow_up_stands(page.action))
    form.prepare()

    def follow() -> str:
        meeting_id = told_in.meeting.id if told_in else None
        follow_up(runtime(), signed_in().coordinator, action_id, form.to_command(meeting_id))
        shown = meeting_id or page.meeting.id
        return url_for("slt.meeting.show", body_meeting_id=shown)

    return _filled("follow_up", form, follow, body=page.body, page=page, told_in=told_in)


@blueprint.route("/meetings/<uuid:body_meeting_id>/additions/new", methods=["GET", "POST"])
def addition(body_meeting_id: uuid.UUID) -> Response:
    """Add to finished minutes."""
    page = _meeting(body_meeting_id)
    if not page.may_add:
        abort(404)
    form = AdditionForm()

    def add() -> str:
        who, text, reason = signed_in().coordinator, form.text.data or "", form.reason.data or ""
        add_to_minutes(runtime(), who, body_meeting_id, text, reason)
        return url_for("slt.meeting.show", body_meeting_id=body_meeting_id)

    return _filled("addition", form, add, body=page.body, page=page)


def _told_in(body: StoredBody) -> MeetingPage | None:
    """The meeting of the body that a follow-up is told of in, if the address names one that is under way."""
    named = request.args.get("meeting", "")
    if not named:
        return None
    try:
        meeting_id = uuid.UUID(named)
    except ValueError:
        abort(404)
    page = show_meeting(runtime(), signed_in().coordinator, meeting_id)
    if page.body.id != body.id or not page.may_write:
        abort(404)
    return page


def _step(meeting_id: uuid.UUID, act: Callable[..., None], on: str = "") -> Response:
    """Take a meeting further, and go ``on`` to an address, or back to the meeting."""
    page = _meeting(meeting_id)
    form = StepForm(version=page.version)
    status = _UNFINISHED
    if form.validate_on_submit():
        try:
            act(runtime(), signed_in().coordinator, meeting_id, form.version.data)
        except MeetingRefusedError as refused:
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "meeting.changed" else _UNFINISHED
        else:
            notify("saved")
            here = url_for("slt.meeting.show", body_meeting_id=meeting_id)
            return redirect(on or here, 303)
    return make_response(_shown(page, form), status)


def _shown(page: MeetingPage, form: StepForm) -> str:
    private = page.meeting.state is MeetingState.PRIVATE
    return render_template("slt/meeting/show.html", page=page, form=form, private=private)


def _meeting(meeting_id: uuid.UUID) -> MeetingPage:
    try:
        return show_meeting(runtime(), signed_in().coordinator, meeting_id)
    except AccessDenied:
        abort(404)


def _open_meeting(meeting_id: uuid.UUID) -> MeetingPage:
    page = _meeting(meeting_id)
    if not page.may_write:
        abort(404)
    return page


def _filled(name: str, form: BaseForm, act: Callable[[], str], **shown: object) -> Response:
    """The page of a form; ``act`` does what it asks for and returns where to go on."""
    found: tuple[str, ...] = ()
    status = _UNFINISHED if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            address = act()
        except MeetingRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "meeting.changed" else _UNFINISHED
        else:
            notify("saved")
            return redirect(address, 303)
    page = render_template(f"slt/meeting/{name}.html", form=form, found=found, **shown)
    return make_response(page, status)


def refusal_text(refused: MeetingRefusedError) -> str:
    """Why nothing was saved, in words that say what to do."""
    words = {
        "meeting.changed": gettext(
            "Somebody has changed this since you opened it. Nothing of yours is saved. Open it again in "
            "another tab, and compare."
        ),
        "meeting.names": gettext(
            "A text may name somebody. Take it out, or write why it may stand."
        ),
        "meeting.state": gettext("The meeting has gone on since you opened it. Open it again."),
        "meeting.ahead": gettext("The meeting has not been held yet."),
        "meeting.minutes": gettext("Write minutes before the meeting is finished."),
        "meeting.present": gettext("Say who was present before the meeting is finished."),
        "meeting.over": gettext("This body is dissolved."),
        "meeting.due": gettext("Choose a day that is not before the meeting."),
        "meeting.full": gettext("There is no room for more actions in this meeting."),
    }
    return str(words[refused.code])
