"""The year wheel on the network side: the year as a list and as a wheel, and the tasks in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.slt.perform import AccessDenied
from bti.slt.year import FIRST_YEAR, LAST_YEAR
from bti.slt.year_change import YearRefusedError, change_task, end_task, make_task, mark_task
from bti.slt.year_stored import TaskPage, show_task, show_year
from bti.web import slt_wheel
from bti.web.forms.slt_year import EndForm, MarkForm, TaskForm, as_it_stands, mark_form
from bti.web.network import runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_year_labels import when_label

_UNFINISHED, _CHANGED = 422, 409
_LEAD_DAYS = "14"

blueprint = Blueprint("year", __name__, url_prefix="/year")


@blueprint.get("")
def show() -> str:
    """This year."""
    return _shown(None)


@blueprint.get("/<int:year>")
def of(year: int) -> str:
    """Another year."""
    return _shown(_within(year))


@blueprint.get("/tasks/<uuid:year_task_id>")
def task(year_task_id: uuid.UUID) -> str:
    """One task, and how it stands in a year (`?year=`)."""
    page = _task(year_task_id)
    return _task_shown(page, EndForm(version=page.version))


@blueprint.route("/tasks/new", methods=["GET", "POST"])
def new() -> Response:
    """Make a task."""
    form = TaskForm(data={"lead_days": _LEAD_DAYS})
    form.prepare()

    def make() -> uuid.UUID:
        return make_task(
            runtime(), signed_in().coordinator, form.to_command(), form.submission.data
        )

    return _filled(form, None, make)


@blueprint.route("/tasks/<uuid:year_task_id>/edit", methods=["GET", "POST"])
def edit(year_task_id: uuid.UUID) -> Response:
    """Change a task."""
    page = _task(year_task_id)
    if page.ended_on is not None:
        abort(404)
    form = TaskForm(version=page.version, data=as_it_stands(page.task))
    form.prepare()

    def change() -> uuid.UUID:
        change_task(runtime(), signed_in().coordinator, year_task_id, form.to_command())
        return year_task_id

    return _filled(form, page, change)


@blueprint.post("/tasks/<uuid:year_task_id>/end")
def end(year_task_id: uuid.UUID) -> Response:
    """End a task."""
    page = _task(year_task_id)
    form = EndForm(version=page.version)
    if form.validate_on_submit():
        try:
            end_task(runtime(), signed_in().coordinator, year_task_id, form.version.data)
        except YearRefusedError as refused:
            form.refuse(refusal_text(refused))
        else:
            notify("saved")
            return redirect(url_for("slt.year.task", year_task_id=year_task_id), 303)
    return make_response(_task_shown(page, form), _CHANGED)


@blueprint.post("/tasks/<uuid:year_task_id>/mark")
def mark(year_task_id: uuid.UUID) -> Response:
    """Say that a task is done in a month, or is not after all."""
    page = _task(year_task_id)
    form = MarkForm()
    if not form.validate_on_submit():
        return make_response(_task_shown(page, form), _UNFINISHED)
    year, month = form.occurrence.when
    who = signed_in().coordinator
    try:
        mark_task(runtime(), who, year_task_id, year, month, done=form.is_done)
    except AccessDenied:
        abort(404)
    notify("saved")
    return redirect(url_for("slt.year.of", year=year), 303)


def _shown(year: int | None) -> str:
    page = show_year(runtime(), signed_in().coordinator, year)
    return render_template(
        "slt/year/show.html", page=page, wheel=slt_wheel.drawn(page), mark_form=mark_form
    )


def _task_shown(page: TaskPage, form: EndForm | MarkForm) -> str:
    when = when_label(page.task)
    return render_template(
        "slt/year/task.html", page=page, when=when, form=form, mark_form=mark_form
    )


def _task(task_id: uuid.UUID) -> TaskPage:
    named = request.args.get("year", "")
    year = _within(int(named)) if named.isascii() and named.isdigit() and len(named) == 4 else None  # noqa: PLR2004 - digits of a year
    try:
        return show_task(runtime(), signed_in().coordinator, task_id, year)
    except AccessDenied:
        abort(404)


def _within(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        abort(404)
    return year


def _filled(form: TaskForm, page: TaskPage | None, act: Callable[[], uuid.UUID]) -> Response:
    """The page of the form; does what it asks for when it was sent and holds."""
    found: tuple[str, ...] = ()
    status = _UNFINISHED if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            task_id = act()
        except YearRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "year.changed" else _UNFINISHED
        else:
            notify("saved")
            return redirect(url_for("slt.year.task", year_task_id=task_id), 303)
    body = render_template("slt/year/edit.html", page=page, form=form, found=found)
    return make_response(body, status)


def refusal_text(refused: YearRefusedError) -> str:
    """Why nothing was saved, in words that say what to do."""
    words = {
        "year.changed": gettext(
            "Somebody has changed this since you opened it. Nothing of yours is saved. Open it again in "
            "another tab, and compare."
        ),
        "year.names": gettext("A text may name somebody. Take it out, or write why it may stand."),
        "year.day": gettext("Choose a day in the month, or a weekday and which of them. Not both."),
        "year.months": gettext("Tick the months the day is in."),
        "year.full": gettext("There is no room for more tasks."),
        "year.over": gettext("This task has ended."),
    }
    return str(words[refused.code])
