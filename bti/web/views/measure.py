"""Pages of the plan: a goal, a measure, an evaluation, a note."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from bti.domain.access import Action
from bti.domain.codes import InfoType, Party
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.measure import (
    EvaluationForm,
    GoalEvaluationForm,
    GoalForm,
    MeasureForm,
    NoteForm,
)
from bti.web.forms.measure_toolbox import TakeUpForm
from bti.web.notices import notify
from bti.workflows import goal as goals
from bti.workflows import goal_page, measure, measure_overview, measure_toolbox

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.goal_page import GoalPage
    from bti.workflows.plan_view import EvaluationPage, PlanPage

_UNFINISHED = 422

blueprint = Blueprint("measure", __name__, url_prefix="/cases/<uuid:case_id>")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/goals/new", methods=["GET", "POST"])
def goal(case_id: uuid.UUID) -> Response:
    """Write a goal."""
    page = perform(measure.plan_page, case_id=case_id, action=Action.WRITE_PLAN)
    form = GoalForm(version=page.version)
    if form.validate_on_submit():
        try:
            perform(
                measure.add_goal,
                case_id=case_id,
                version=form.version.data,
                text=form.text.data or "",
                reach_by=form.reach_by.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "goal_saved")
    return _page("goal", page, form)


@blueprint.route("/goals/<uuid:goal_id>/evaluate", methods=["GET", "POST"])
def evaluate_goal(case_id: uuid.UUID, goal_id: uuid.UUID) -> Response:
    """Say how a goal stands, apart from its measures."""
    page = perform(goal_page.goal_page, case_id=case_id, goal_id=goal_id)
    form = GoalEvaluationForm(version=page.version, on=page.today, reach_by=page.suggested)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(goals.evaluate_goal, form.to_command(case_id, goal_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "goal_evaluated")
    return _page("evaluate_goal", page, form)


@blueprint.route("/measures/new", methods=["GET", "POST"])
def new(case_id: uuid.UUID) -> Response:
    """Agree on a measure; the goal comes first."""
    page = perform(measure.plan_page, case_id=case_id, action=Action.WRITE_PLAN)
    if not page.goals:
        return redirect(url_for("measure.goal", case_id=case_id), 303)
    form = MeasureForm(version=page.version, start_on=page.today, **_beginning(page))
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(measure.add_measure, form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "measure_saved")
    return _page("new", page, form)


@blueprint.route("/measures/<uuid:measure_id>/evaluate", methods=["GET", "POST"])
def evaluate(case_id: uuid.UUID, measure_id: uuid.UUID) -> Response:
    """Evaluate a measure, in three views."""
    page = perform(measure.evaluation_page, case_id=case_id, measure_id=measure_id)
    form = EvaluationForm(version=page.version, on=page.today, next_on=page.suggested)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(measure.evaluate, form.to_command(case_id, measure_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "evaluated")
    return _page("evaluate", page, form)


@blueprint.get("/measures/toolbox")
def toolbox(case_id: uuid.UUID) -> Response:
    """Measures the municipality knows, and templates."""
    page = perform(measure_toolbox.toolbox_page, case_id=case_id)
    return make_response(render_template("measure/toolbox.html", page=page))


@blueprint.route("/measures/templates/<string:code>", methods=["GET", "POST"])
def template(case_id: uuid.UUID, code: str) -> Response:
    """Take up a template: its goal, and the measures one begins with."""
    page = perform(measure_toolbox.toolbox_page, case_id=case_id)
    found = measure_toolbox.template_in(page.toolbox, code)
    form = TakeUpForm(
        version=page.plan.version,
        goal=found.goal[page.language],
        measures=[one.code for one in found.measures],
        start_on=page.plan.today,
    )
    form.prepare(found, page.language)
    if form.validate_on_submit():
        try:
            perform(measure_toolbox.take_up, form.to_command(case_id, code))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "measure_saved")
    status = _UNFINISHED if form.error_list() else 200
    body = render_template("measure/template.html", page=page, template=found, form=form)
    return make_response(body, status)


@blueprint.get("/measures")
def overview(case_id: uuid.UUID) -> Response:
    """What was tried, how long, and how it went."""
    page = perform(measure_overview.overview, case_id=case_id)
    return make_response(render_template("measure/overview.html", page=page))


@blueprint.route("/notes/new", methods=["GET", "POST"])
def note(case_id: uuid.UUID) -> Response:
    """Write a note."""
    page = perform(measure.plan_page, case_id=case_id, action=Action.WRITE_NOTE)
    form = NoteForm(version=page.version)
    if form.validate_on_submit():
        try:
            perform(
                measure.add_note,
                case_id=case_id,
                version=form.version.data,
                info_type=InfoType(form.info_type.data),
                text=form.text.data or "",
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "saved")
    return _page("note", page, form)


def _beginning(page: PlanPage) -> dict[str, Any]:
    """What a new measure begins with: one of the library, where the address names it."""
    code = request.args.get("from", "")
    found = perform(measure_toolbox.toolbox_page, case_id=page.case_id) if code else None
    one = found.toolbox.measure(code) if found is not None else None
    if found is None or one is None:
        return {"party": Party.STAFF, "evaluate_on": page.suggested}
    return {
        "title": one.title[found.language],
        "description": one.how[found.language],
        "kind": one.kind,
        "arena": one.arena,
        "party": one.party,
        "responsible": one.function[found.language],
        "evaluate_on": measure_toolbox.evaluate_on(one, page.today),
    }


def _page(name: str, page: PlanPage | EvaluationPage | GoalPage, form: BaseForm) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template(f"measure/{name}.html", page=page, form=form), status)


def _done(case_id: uuid.UUID, notice: str) -> Response:
    notify(notice)
    return redirect(url_for("case.show", case_id=case_id, _anchor="plan"), 303)
