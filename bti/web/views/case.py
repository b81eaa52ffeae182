"""The page of a case, and the decisions taken on it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.clock import norwegian_date
from bti.domain.codes import Arena, MeasureType, Party
from bti.domain.errors import RuleBroken
from bti.domain.levels import Direction
from bti.web import labels, messages, notices
from bti.web.doorway import doorway, perform
from bti.web.forms.case import ConversationForm, DecideForm, OpenLogForm
from bti.web.identity import person
from bti.workflows import case as case_workflow
from bti.workflows import consent, level, level_facts

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.case import CasePage, Move

_UNFINISHED: Final = 422

blueprint = Blueprint("case", __name__, url_prefix="/cases/<uuid:case_id>")


def register(app: Flask) -> None:
    """Add the pages."""
    labels.register(app)
    messages.register(app)
    app.register_blueprint(blueprint)


@blueprint.get("")
def show(case_id: uuid.UUID) -> str:
    """The case."""
    page = perform(case_workflow.show_case, case_id=case_id)
    return render_template("case/show.html", page=page, printed=False)


@blueprint.get("/print")
def print_page(case_id: uuid.UUID) -> str:
    """The case as it is printed; the log says that it was."""
    page = perform(case_workflow.print_case, case_id=case_id)
    return render_template("case/show.html", page=page, printed=True)


@blueprint.route("/conversations/new", methods=["GET", "POST"])
def conversation(case_id: uuid.UUID) -> Response:
    """Record a talk."""
    form = ConversationForm()
    form.on.latest = norwegian_date(doorway().clock.now())
    if form.validate_on_submit():
        try:
            perform(
                level.record_conversation,
                level.RecordConversation(
                    case_id=case_id,
                    with_whom=level_facts.With(form.with_whom.data),
                    held=form.held.data == "yes",
                    on=form.on.day,
                    both=form.both.data,
                    summary=form.summary.data or "",
                    reason=form.reason.data or "",
                    submission=form.submission.data,
                ),
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _back(case_id, "saved")
    page = perform(case_workflow.show_case, case_id=case_id)
    return _page("conversation", page, form)


@blueprint.post("/steps/<string:step>")
def step(case_id: uuid.UUID, step: str) -> Response:
    """Tick a step of the action guide."""
    try:
        perform(level.record_step, case_id=case_id, step=step, note="")
    except RuleBroken:
        return _back(case_id, "not_done")
    return _back(case_id, "saved")


@blueprint.route("/decide", methods=["GET", "POST"])
def decide(case_id: uuid.UUID) -> Response:
    """Decide about the way on."""
    page = perform(case_workflow.show_case, case_id=case_id)
    form = DecideForm(version=page.version)
    form.to.choices = [(_value(move), _wording(page, move)) for move in page.moves]
    if form.validate_on_submit():
        try:
            perform(
                level.decide,
                level.Decide(
                    case_id=case_id,
                    version=form.version.data,
                    to_level=form.level,
                    reason=form.reason.data or "",
                    cause=form.chosen_cause,
                    needs=form.chosen_needs,
                    remains=form.remains.data or "",
                    danger_assessed=form.danger.data == "no",
                ),
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
            _name_unmet(form, broken)
        else:
            return _after_decision(case_id)
    return _page("decide", page, form)


@blueprint.route("/log/open", methods=["GET", "POST"])
def open_log(case_id: uuid.UUID) -> Response:
    """Open the stafettlogg."""
    page = perform(case_workflow.show_case, case_id=case_id)
    today = norwegian_date(doorway().clock.now())
    form = OpenLogForm(
        version=page.version,
        party=Party.STAFF,
        responsible=person().title,
        start_on=today,
        evaluate_on=page.suggested_evaluation,
    )
    if form.validate_on_submit():
        try:
            perform(level.open_log, _opening(case_id, form))
        except RuleBroken as broken:
            messages.refuse(form, broken)
            _name_unmet(form, broken)
        else:
            return _back(case_id, "log_opened")
    return _page("open_log", page, form)


def _opening(case_id: uuid.UUID, form: OpenLogForm) -> level.OpenLog:
    return level.OpenLog(
        case_id=case_id,
        version=form.version.data,
        background=form.background.data or "",
        goal=form.goal.data or "",
        title=form.title.data or "",
        description=form.description.data or "",
        arena=Arena(form.arena.data),
        kind=MeasureType(form.kind.data),
        party=Party(form.party.data),
        responsible=form.responsible.data or "",
        start_on=form.start_on.day,
        evaluate_on=form.evaluate_on.day,
    )


def _page(name: str, page: CasePage, form: BaseForm) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template(f"case/{name}.html", page=page, form=form), status)


def _after_decision(case_id: uuid.UUID) -> Response:
    # A baton holder from another service reads the case by consent, which ends as it closes.
    if perform(consent.may_read, case_id=case_id):
        return _back(case_id, "decided")
    notices.notify("decided")
    return redirect(url_for("worklist.show"), 303)


def _back(case_id: uuid.UUID, notice: str) -> Response:
    notices.notify(notice)
    return redirect(url_for("case.show", case_id=case_id), 303)


def _value(move: Move) -> str:
    return "close" if move.to_level is None else str(move.to_level)


_WORDS = {
    Direction.UP: _l("Up to level %(number)s: %(name)s"),
    Direction.DOWN: _l("Down to level %(number)s: %(name)s"),
    Direction.REOPEN: _l("Open again at level %(number)s: %(name)s"),
}


def _wording(page: CasePage, move: Move) -> str:
    if move.to_level is None:
        return str(_("Close the case"))
    name = labels.words(page.stages[move.to_level].label)
    wording = str(_WORDS[Direction(move.direction)])
    said: str = wording % {"number": move.to_level, "name": name}
    return said


def _name_unmet(form: DecideForm | OpenLogForm, broken: RuleBroken) -> None:
    for one in messages.unmet(broken):
        form.refuse(_("Missing: %(what)s", what=one.title))
