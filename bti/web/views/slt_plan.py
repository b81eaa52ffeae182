"""The plan on the network side: areas, measures, a year of it, and what was changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.slt.perform import AccessDenied
from bti.slt.plan import UNKNOWN, Wanted
from bti.slt.plan_change import (
    PlanRefusedError,
    change_measure,
    evaluate_measure,
    follow_indicator,
    note_reading,
)
from bti.slt.plan_extend import AreaPage, add_own_measure, show_area, write_area
from bti.slt.plan_next import roll_over, suggested
from bti.slt.plan_show import (
    MeasurePage,
    PlanPage,
    show_follow_up,
    show_history,
    show_measure,
    show_plan,
)
from bti.web.forms.base import BaseForm
from bti.web.forms.slt_plan import (
    AreaForm,
    EvaluateForm,
    IndicatorForm,
    MeasureForm,
    NewMeasureForm,
    ReadingForm,
    area_as_it_stands,
    as_it_stands,
    next_form,
)
from bti.web.network import runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_labels import choices

_LONGEST_FILTER = 200
_UNFINISHED, _CHANGED = 422, 409

blueprint = Blueprint("plan", __name__, url_prefix="/plan")


@dataclass(frozen=True, slots=True)
class Filter:
    """A list to filter by: the name in the address, what is chosen, and pairs of value and text."""

    name: str
    label: str
    chosen: str
    choices: tuple[tuple[str, str], ...]


@blueprint.get("")
def latest() -> str:
    """The plan that is in force."""
    return _plan(None)


@blueprint.get("/<uuid:plan_id>")
def show(plan_id: uuid.UUID) -> str:
    """One plan."""
    return _plan(plan_id)


@blueprint.get("/<uuid:plan_id>/years/<int:year>")
def year(plan_id: uuid.UUID, year: int) -> str:
    """What a year of the plan looks like."""
    try:
        page = show_follow_up(runtime(), signed_in().coordinator, plan_id, year)
    except AccessDenied:
        abort(404)
    return render_template("slt/plan/year.html", page=page)


@blueprint.get("/<uuid:plan_id>/history")
def history(plan_id: uuid.UUID) -> str:
    """What was changed, by whom and when."""
    try:
        page = show_history(runtime(), signed_in().coordinator, plan_id)
    except AccessDenied:
        abort(404)
    return render_template("slt/plan/history.html", page=page)


@blueprint.get("/<uuid:plan_id>/measures/<uuid:plan_measure_id>")
def measure(plan_id: uuid.UUID, plan_measure_id: uuid.UUID) -> str:
    """One measure."""
    return render_template("slt/plan/measure.html", page=_measure(plan_id, plan_measure_id))


@blueprint.route("/<uuid:plan_id>/measures/<uuid:plan_measure_id>/edit", methods=["GET", "POST"])
def edit(plan_id: uuid.UUID, plan_measure_id: uuid.UUID) -> Response:
    """Change a measure."""
    page = _measure(plan_id, plan_measure_id)
    form = MeasureForm(version=page.version, data=as_it_stands(page.measure))
    form.prepare()
    return _filled(
        "edit",
        page,
        form,
        lambda: change_measure(
            runtime(), signed_in().coordinator, plan_id, form.to_command(plan_measure_id)
        ),
    )


@blueprint.route(
    "/<uuid:plan_id>/measures/<uuid:plan_measure_id>/evaluate", methods=["GET", "POST"]
)
def evaluate(plan_id: uuid.UUID, plan_measure_id: uuid.UUID) -> Response:
    """Write an evaluation down."""
    page = _measure(plan_id, plan_measure_id)
    form = EvaluateForm(on=page.today)
    form.prepare()
    return _filled(
        "evaluate",
        page,
        form,
        lambda: evaluate_measure(
            runtime(), signed_in().coordinator, plan_id, form.to_command(plan_measure_id)
        ),
    )


@blueprint.route(
    "/<uuid:plan_id>/measures/<uuid:plan_measure_id>/indicators/new", methods=["GET", "POST"]
)
def indicator(plan_id: uuid.UUID, plan_measure_id: uuid.UUID) -> Response:
    """Begin to follow a number."""
    page = _measure(plan_id, plan_measure_id)
    form = IndicatorForm()
    form.prepare()
    return _filled(
        "indicator",
        page,
        form,
        lambda: follow_indicator(
            runtime(), signed_in().coordinator, plan_id, form.to_command(plan_measure_id)
        ),
    )


@blueprint.route(
    "/<uuid:plan_id>/measures/<uuid:plan_measure_id>/readings/new", methods=["GET", "POST"]
)
def reading(plan_id: uuid.UUID, plan_measure_id: uuid.UUID) -> Response:
    """Write down what was measured."""
    page = _measure(plan_id, plan_measure_id)
    form = ReadingForm()
    form.prepare(page.stored, page.measure.number)
    return _filled(
        "reading",
        page,
        form,
        lambda: note_reading(runtime(), signed_in().coordinator, plan_id, form.to_command()),
    )


@blueprint.route("/<uuid:plan_id>/next", methods=["GET", "POST"], endpoint="next")
def next_period(plan_id: uuid.UUID) -> Response:
    """Begin the next period."""
    who = signed_in().coordinator
    try:
        page = show_plan(runtime(), who, plan_id, Wanted())
        decided = suggested(runtime(), who, plan_id)
    except AccessDenied:
        abort(404)
    if page.stored is None:
        abort(404)
    form = next_form(page.stored, decided)
    found: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            following = roll_over(runtime(), who, plan_id, form.to_command())
        except PlanRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
        else:
            notify("saved")
            return redirect(url_for("slt.plan.show", plan_id=following), 303)
    body = render_template("slt/plan/next.html", page=page, form=form, found=found)
    return make_response(body, _UNFINISHED if request.method == "POST" else 200)


@blueprint.route("/<uuid:plan_id>/measures/new", methods=["GET", "POST"])
def new_measure(plan_id: uuid.UUID) -> Response:
    """Add a measure."""
    page = _area(plan_id, "")
    form = NewMeasureForm()
    form.prepare_for(page.stored)

    def add() -> str:
        who, area = signed_in().coordinator, form.area.data or ""
        made = add_own_measure(
            runtime(), who, plan_id, area, form.to_command(plan_id), form.submission.data
        )
        return url_for("slt.plan.measure", plan_id=plan_id, plan_measure_id=made)

    return _extended("new_measure", page, form, add)


@blueprint.route("/<uuid:plan_id>/areas/new", methods=["GET", "POST"])
def new_area(plan_id: uuid.UUID) -> Response:
    """Add a focus area."""
    return _write_area(plan_id, "")


@blueprint.route("/<uuid:plan_id>/areas/<string:area_code>/edit", methods=["GET", "POST"])
def area(plan_id: uuid.UUID, area_code: str) -> Response:
    """Change a focus area."""
    return _write_area(plan_id, area_code)


def _write_area(plan_id: uuid.UUID, code: str) -> Response:
    page = _area(plan_id, code)
    form = AreaForm(version=page.version, data=area_as_it_stands(page.area))

    def write() -> str:
        write_area(runtime(), signed_in().coordinator, plan_id, form.to_command(code))
        return url_for("slt.plan.show", plan_id=plan_id)

    return _extended("area", page, form, write)


def _area(plan_id: uuid.UUID, code: str) -> AreaPage:
    try:
        return show_area(runtime(), signed_in().coordinator, plan_id, code)
    except AccessDenied:
        abort(404)


def _extended(name: str, page: AreaPage, form: BaseForm, act: Callable[[], str]) -> Response:
    """The page of a form that makes a plan grow; ``act`` returns where to go on."""
    found: tuple[str, ...] = ()
    status = _UNFINISHED if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            address = act()
        except PlanRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "plan.changed" else _UNFINISHED
        else:
            notify("saved")
            return redirect(address, 303)
    body = render_template(f"slt/plan/{name}.html", page=page, form=form, found=found)
    return make_response(body, status)


def _plan(plan_id: uuid.UUID | None) -> str:
    asked = {one.name: request.args.get(one.name, "")[:_LONGEST_FILTER] for one in fields(Wanted)}
    try:
        page = show_plan(runtime(), signed_in().coordinator, plan_id, Wanted(**asked))
    except AccessDenied:
        abort(404)
    return render_template(
        "slt/plan/show.html",
        page=page,
        filters=_filters(page, asked),
        filtered=any(asked.values()),
    )


def _filters(page: PlanPage, asked: dict[str, str]) -> tuple[Filter, ...]:
    if page.stored is None:
        return ()
    plan = page.stored.plan
    functions = sorted({one for measure in plan.measures for one in measure.responsible})
    lists: tuple[tuple[str, str, Sequence[tuple[str, str]]], ...] = (
        ("area", gettext("Focus area"), [(one.code, one.name) for one in plan.areas]),
        ("status", gettext("Status"), choices("status")),
        ("level", gettext("Prevention level"), choices("level")),
        ("strand", gettext("Strand"), choices("strand")),
        ("responsible", gettext("Responsible"), [(one, one) for one in functions]),
    )
    unknown = (UNKNOWN, gettext("Not said"))
    return tuple(
        Filter(name, label, asked[name], (*((v, str(text)) for v, text in rows), unknown))
        for name, label, rows in lists
    )


def _measure(plan_id: uuid.UUID, measure_id: uuid.UUID) -> MeasurePage:
    try:
        return show_measure(runtime(), signed_in().coordinator, plan_id, measure_id)
    except AccessDenied:
        abort(404)


def _filled(
    name: str, page: MeasurePage, form: BaseForm, act: Callable[[], bool | None]
) -> Response:
    """The page of a form; does what it asks for when it was sent and holds."""
    found: tuple[str, ...] = ()
    status = 200
    if form.validate_on_submit():
        try:
            changed = act()
        except PlanRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
            status = _CHANGED if refused.code == "plan.changed" else _UNFINISHED
        else:
            notify("nothing_changed" if changed is False else "saved")
            return redirect(
                url_for(
                    "slt.plan.measure", plan_id=page.stored.id, plan_measure_id=page.measure_id
                ),
                303,
            )
    elif request.method == "POST":
        status = _UNFINISHED
    body = render_template(f"slt/plan/{name}.html", page=page, form=form, found=found)
    return make_response(body, status)


def refusal_text(refused: PlanRefusedError) -> str:
    """Why nothing was saved, in words that say what to do."""
    words = {
        "plan.changed": gettext(
            "Somebody has changed this since you opened it. Nothing of yours is saved. Open it again in "
            "another tab, and compare."
        ),
        "plan.names": gettext("A text may name somebody. Take it out, or write why it may stand."),
        "plan.day": gettext("Choose a day from the beginning of the plan until today."),
        "plan.time": gettext("Choose a time that has been."),
        "plan.period": gettext(
            "The new period must begin after the one before has begun, and end later."
        ),
        "plan.exists": gettext("There is a plan that begins that day already."),
        "plan.decided": gettext("Decide about every measure."),
        "plan.empty": gettext("A plan needs at least one measure that goes on."),
        "plan.full": gettext("There is no room for more in this plan."),
        "plan.nothing": gettext(
            "Write an address, or choose a file. If you had chosen one, choose it again."
        ),
        "plan.both": gettext("Give the address or the file, and not both."),
        "plan.link": gettext("Write a whole address that begins with https://"),
        "plan.rolled": gettext("This plan has a next period already."),
    }
    return str(words[refused.code])
