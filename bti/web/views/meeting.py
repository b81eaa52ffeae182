"""Pages of a case's meetings, from the plan to what was agreed."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _

from bti.domain.access import Action
from bti.domain.codes import Party
from bti.domain.errors import RuleBroken
from bti.domain.measures import names_somebody
from bti.web import drafts, messages
from bti.web.doorway import perform
from bti.web.filters import bare_clock
from bti.web.forms.meeting import (
    CancelForm,
    MinutesForm,
    PlanForm,
    PointMeasureForm,
    PrepareForm,
    approval_of,
    approve_form,
    plan_values,
)
from bti.web.invitation import FILE_NAME, MIME, calendar_of, method_of
from bti.web.notices import notify
from bti.workflows import meeting, meeting_measure, meeting_page
from bti.workflows.errors import NotFound
from bti.workflows.own_record import Form

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.meeting_page import MeetingPage

_UNFINISHED: Final = 422
_MORE: Final = 5

blueprint = Blueprint("meeting", __name__)
_ALL = "/cases/<uuid:case_id>/meetings"
_ONE = f"{_ALL}/<uuid:meeting_id>"
_ABOUT: Final = re.compile(r"([0-9a-f]{32}):([0-9a-f]{32})", re.ASCII)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get(_ALL)
def list_(case_id: uuid.UUID) -> str:
    """The meetings of a case."""
    page = perform(meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE)
    return render_template("meeting/list.html", page=page)


@blueprint.route(f"{_ALL}/new", methods=["GET", "POST"])
def new(case_id: uuid.UUID) -> Response:
    """Plan a meeting."""
    page = perform(meeting_page.meetings_page, case_id=case_id, action=Action.PLAN_MEETING)
    form = PlanForm(version=page.version, day=page.wanted_by)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            meeting_id = perform(meeting.plan, form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "meeting_planned")
    return _page("plan", page, form, address=url_for("meeting.new", case_id=case_id), moved=False)


@blueprint.get(_ONE)
def show(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """One meeting."""
    page = _open(case_id, meeting_id, Action.READ_CASE)
    return _page("show", page, CancelForm(version=page.version))


@blueprint.route(f"{_ONE}/move", methods=["GET", "POST"])
def move(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """Change when, where or with whom."""
    page = _open(case_id, meeting_id, Action.PLAN_MEETING)
    form = PlanForm(**plan_values(page))
    form.prepare(page, page.line.minutes)
    if form.validate_on_submit():
        try:
            perform(meeting.move, form.to_command(case_id), meeting_id=meeting_id)
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "meeting_moved")
    address = url_for("meeting.move", case_id=case_id, meeting_id=meeting_id)
    return _page("plan", page, form, address=address, moved=True)


@blueprint.post(f"{_ONE}/cancel")
def cancel(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """Call a meeting off."""
    form = CancelForm()
    if form.validate_on_submit():
        try:
            perform(
                meeting.cancel,
                case_id=case_id,
                meeting_id=meeting_id,
                version=form.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "meeting_cancelled")
    return _page("show", _open(case_id, meeting_id, Action.PLAN_MEETING), form)


@blueprint.get(f"{_ONE}/invitation")
def invitation(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """The meeting as a file for a calendar."""
    found = perform(meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
    body = calendar_of(
        found,
        title=_("Meeting"),
        text=_("Sign in to Stafett to see what it is about."),
        address=str(current_app.extensions["bti"].settings.base_url),
    )
    response = make_response(body)
    response.content_type = f"{MIME}; charset=utf-8; method={method_of(found)}"
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@blueprint.route(f"{_ONE}/child", methods=["GET", "POST"])
def prepare(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """Who talks with the child before the meeting."""
    page = _open(case_id, meeting_id, Action.PREPARE_CHILD)
    form = PrepareForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(meeting.prepare_child, form.to_command(case_id, meeting_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "saved")
    return _page("prepare", page, form)


# -- the minutes -----------------------------------------------------------------------------------


@blueprint.route(f"{_ONE}/minutes", methods=["GET", "POST"])
def write(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """Write while you meet. Everything is kept as a draft at every step."""
    go = request.form.get("go", "")
    about = meeting.draft_about(case_id, meeting_id)
    page = _minutes_page(case_id, meeting_id)
    if request.method == "POST":
        form = MinutesForm()
        drafts.keep(Form.MINUTES, form.typed(request.form), about)
        if go == "later":
            return _to(case_id, meeting_id, "draft_saved")
        form.prepare(page)
        if go != "more" and form.validate_on_submit() and _can_be_read_out(page, form):
            address = url_for("meeting.approve", case_id=case_id, meeting_id=meeting_id)
            return redirect(address, 303)
        return _writing(page, form, _MORE if go == "more" else 0)
    form = MinutesForm()
    if page.draft is not None:
        form = MinutesForm.from_draft(page.draft.fields)
    form.prepare(page)
    return _writing(page, form, 0)


@blueprint.post("/minutes/draft")
def save_draft() -> Response:
    """Keep the minutes while they are being written; draft.js asks.

    What they are about stands in the form: a draft is its author's own and opens no case, so that what is
    kept at every pause of a pen does not stand as a reading in the child's log.
    """
    found = _about()
    if found is None:
        raise NotFound
    about = meeting.draft_about(*found)
    return drafts.autosave(Form.MINUTES, MinutesForm().typed(request.form), about)


@blueprint.route(f"{_ONE}/minutes/approve", methods=["GET", "POST"])
def approve(case_id: uuid.UUID, meeting_id: uuid.UUID) -> Response:
    """Read out, tick who approves, and lock."""
    page = _minutes_page(case_id, meeting_id)
    back = url_for("meeting.write", case_id=case_id, meeting_id=meeting_id)
    if page.minutes is not None:
        return redirect(url_for("meeting.show", case_id=case_id, meeting_id=meeting_id), 303)
    if page.draft is None:
        return redirect(back, 303)
    minutes = MinutesForm.from_draft(page.draft.fields)
    minutes.prepare(page)
    if not (minutes.validate() and _can_be_read_out(page, minutes)):
        notify("minutes_unfinished")
        return redirect(back, 303)
    form = approve_form(page, minutes)
    if form.validate_on_submit():
        try:
            perform(meeting.approve, approval_of(page, minutes, form))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "minutes_approved")
    return _page("approve", page, form, minutes=minutes)


@blueprint.route(f"{_ONE}/points/<int:place>/measure", methods=["GET", "POST"])
def measure(case_id: uuid.UUID, meeting_id: uuid.UUID, place: int) -> Response:
    """Make an agreed point a measure."""
    page = _open(case_id, meeting_id, Action.WRITE_PLAN)
    points = page.minutes.points if page.minutes is not None else ()
    if place >= len(points):
        raise NotFound
    point = points[place].point
    due = point.deadline
    form = PointMeasureForm(
        version=page.version,
        party=Party.STAFF,
        # Minutes may name somebody; a measure says as what.
        responsible="" if names_somebody(point.responsible) else point.responsible,
        start_on=page.today,
        evaluate_on=due if due is not None and due >= page.today else page.suggested,
    )
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(meeting_measure.make_measure, form.to_command(case_id, meeting_id, place))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _to(case_id, meeting_id, "measure_saved")
    return _page("measure", page, form, place=place)


@blueprint.after_request
def _keep_when_signed_out(response: Response) -> Response:
    if request.endpoint not in {"meeting.write", "meeting.save_draft"}:
        return response
    # A form that is too large to be read is not looked at again.
    found = _about() if drafts.ran_out(response) else None
    if found is None:
        return response
    case_id, meeting_id = found
    return drafts.keep_when_signed_out(
        response,
        Form.MINUTES,
        MinutesForm().typed(request.form),
        url_for("meeting.write", case_id=case_id, meeting_id=meeting_id),
        meeting.draft_about(case_id, meeting_id),
    )


def _about() -> tuple[uuid.UUID, uuid.UUID] | None:
    """Return the case and the meeting that a form of minutes says it is about."""
    found = _ABOUT.fullmatch(request.form.get("about", ""))
    return None if found is None else (uuid.UUID(found[1]), uuid.UUID(found[2]))


def _open(case_id: uuid.UUID, meeting_id: uuid.UUID, action: Action) -> MeetingPage:
    return perform(meeting_page.meeting_page, case_id=case_id, meeting_id=meeting_id, action=action)


def _minutes_page(case_id: uuid.UUID, meeting_id: uuid.UUID) -> MeetingPage:
    return perform(
        meeting_page.meeting_page,
        case_id=case_id,
        meeting_id=meeting_id,
        action=Action.KEEP_MINUTES,
        with_draft=True,
    )


def _can_be_read_out(page: MeetingPage, form: MinutesForm) -> bool:
    """Whether what is written could be approved; why not stands in the form."""
    try:
        form.check_points(page)
    except RuleBroken as broken:
        messages.refuse(form, broken)
        return False
    return True


def _writing(page: MeetingPage, form: Any, more: int) -> Response:  # noqa: ANN401 - made with fields of its own
    saved = bare_clock(page.draft.saved_at) if page.draft is not None else ""
    about = meeting.draft_about(page.case_id, page.line.meeting_id)
    return _page("write", page, form, rows=form.rows(more), saved=saved, about=about)


def _page(name: str, page: Any, form: Any, **more: Any) -> Response:  # noqa: ANN401 - view models and forms of many shapes
    status = _UNFINISHED if form.error_list() else 200
    return make_response(
        render_template(f"meeting/{name}.html", page=page, form=form, **more), status
    )


def _to(case_id: uuid.UUID, meeting_id: uuid.UUID, notice: str) -> Response:
    notify(notice)
    return redirect(url_for("meeting.show", case_id=case_id, meeting_id=meeting_id), 303)
