"""The record of a breach: opening it, reading it, and adding to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.breach import AUTHORITY, GROUNDS, KINDS, AddForm, BreachForm, ExtentForm
from bti.web.forms.insight import SearchForm
from bti.web.notices import notify
from bti.workflows import breach

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.breach import Added, BreachPage

_UNFINISHED: Final = 422

blueprint = Blueprint("breach", __name__, url_prefix="/desk/breaches")


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One addition with its codes in words. ``asked`` are (field, what was asked for)."""

    added: Added
    kind: Any
    ground: Any
    asked: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class ShownBreach:
    """View model of breach/show.html."""

    breach: BreachPage
    authority: Any
    steps: tuple[ShownStep, ...]
    action: str
    extent_action: str


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Open a record. A search that led here is filled in."""
    form = BreachForm() if request.method == "POST" else BreachForm(request.args)
    if form.validate_on_submit():
        try:
            breach_id = perform(breach.open_breach, form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("breach.show", breach_id=breach_id), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("breach/new.html", form=form), status)


@blueprint.route("/<uuid:breach_id>", methods=["GET", "POST"])
def show(breach_id: uuid.UUID) -> Response:
    """One record whole, and the form that adds to it."""
    form = AddForm()
    if form.validate_on_submit():
        try:
            perform(breach.add, form.to_command(breach_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("breach.show", breach_id=breach_id), 303)
    return _page(breach_id, form, ExtentForm(MultiDict()))


@blueprint.post("/<uuid:breach_id>/extent")
def extend(breach_id: uuid.UUID) -> Response:
    """Keep one more selection of the access log."""
    form = ExtentForm()
    if form.validate():
        try:
            perform(breach.add, form.to_command(breach_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("breach.show", breach_id=breach_id), 303)
    return _page(breach_id, AddForm(MultiDict()), form)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _page(breach_id: uuid.UUID, form: AddForm, extent: ExtentForm) -> Response:
    shown = perform(breach.show, breach_id=breach_id)
    for one in (form, extent):
        if one.version.data is None:
            one.version.data = shown.version
    page = ShownBreach(
        breach=shown,
        authority=AUTHORITY[shown.line.authority],
        steps=tuple(_step(one) for one in shown.steps),
        action=url_for("breach.show", breach_id=breach_id),
        extent_action=url_for("breach.extend", breach_id=breach_id),
    )
    wrong = form.error_list() or extent.error_list()
    text = render_template("breach/show.html", page=page, form=form, extent=extent)
    return make_response(text, _UNFINISHED if wrong else 200)


def _step(added: Added) -> ShownStep:
    asked = _asked(added.extent.asked) if added.extent else ()
    ground = GROUNDS[added.ground] if added.ground else ""
    return ShownStep(added, KINDS[added.kind], ground, asked)


def _asked(kept: Mapping[str, str]) -> tuple[tuple[Any, Any], ...]:
    """What was asked for, with the words of the search's own fields."""
    form = SearchForm(MultiDict())
    found = []
    for name, value in kept.items():
        field = form[name]
        words = dict(getattr(field, "choices", None) or ())
        found.append((field.label.text, words.get(value, value)))
    return tuple(found)
