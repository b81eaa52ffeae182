"""Pages of the upbringing team: the queue, and a case on its way to, in and back from the team."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from bti.domain.access import Action
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.referral import (
    AgendaForm,
    AppointForm,
    ReferForm,
    ReturnForm,
    RightsForm,
    TakeForm,
)
from bti.web.notices import notify
from bti.workflows import referral, team_agenda

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.referral import ReferPage, ReferralPage

_UNFINISHED = 422
_HIDDEN = "hidden"

blueprint = Blueprint("referral", __name__)
_CASE = "/cases/<uuid:case_id>/referral"


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/team")
def queue() -> str:
    """The team's queue."""
    return render_template("referral/queue.html", page=perform(referral.queue))


@blueprint.get("/team/agenda")
def agenda() -> Response:
    """The team's meetings of a day. ``names=hidden`` leaves out names, for paper."""
    form = AgendaForm(request.args)
    status = 200 if form.validate() else _UNFINISHED
    hidden = request.args.get("names") == _HIDDEN
    page = perform(team_agenda.agenda, day=form.day.data, names_hidden=hidden)
    return make_response(render_template("referral/agenda.html", page=page, form=form), status)


@blueprint.route(f"{_CASE}/new", methods=["GET", "POST"])
def refer(case_id: uuid.UUID) -> Response:
    """Bring a case to the team."""
    page = perform(referral.refer_page, case_id=case_id)
    form = ReferForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(referral.refer, form.to_command(case_id))
        except RuleBroken as broken:
            _refuse(form, broken)
        else:
            return _to_case(case_id, "referred")
    return _page("refer", page, form)


@blueprint.get(_CASE)
def show(case_id: uuid.UUID) -> Response:
    """The team's page of a case."""
    page = perform(referral.team_page, case_id=case_id, action=Action.READ_CASE)
    return _page("show", page, TakeForm(version=page.version))


@blueprint.post(f"{_CASE}/take")
def take(case_id: uuid.UUID) -> Response:
    """Take a case."""
    form = TakeForm()
    if form.validate_on_submit():
        try:
            perform(referral.take, case_id=case_id, version=form.version.data)
        except RuleBroken as broken:
            _refuse(form, broken)
        else:
            notify("referral_taken")
            return redirect(url_for("referral.show", case_id=case_id), 303)
    page = perform(referral.team_page, case_id=case_id, action=Action.TAKE_REFERRAL)
    return _page("show", page, form)


@blueprint.route(f"{_CASE}/return", methods=["GET", "POST"])
def give_back(case_id: uuid.UUID) -> Response:
    """Give a case back with a reason."""
    page = perform(referral.team_page, case_id=case_id, action=Action.RETURN_REFERRAL)
    form = ReturnForm(version=page.version)
    if form.validate_on_submit():
        try:
            perform(
                referral.return_,
                case_id=case_id,
                version=form.version.data,
                reason=form.reason.data or "",
            )
        except RuleBroken as broken:
            _refuse(form, broken)
        else:
            notify("referral_returned")
            return redirect(url_for("referral.queue"), 303)
    return _page("give_back", page, form)


@blueprint.route(f"{_CASE}/rights", methods=["GET", "POST"])
def rights(case_id: uuid.UUID) -> Response:
    """Record what was found about the family's rights."""
    page = perform(referral.team_page, case_id=case_id, action=Action.RECORD_RIGHTS)
    form = RightsForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(referral.record_rights, form.to_command(case_id))
        except RuleBroken as broken:
            _refuse(form, broken)
        else:
            return _to_case(case_id, "rights_saved")
    return _page("rights", page, form)


@blueprint.route(f"{_CASE}/holder", methods=["GET", "POST"])
def appoint(case_id: uuid.UUID) -> Response:
    """Ask somebody to take the baton."""
    page = perform(referral.team_page, case_id=case_id, action=Action.APPOINT_HOLDER)
    form = AppointForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(referral.appoint_holder, form.to_command(case_id))
        except RuleBroken as broken:
            _refuse(form, broken)
        else:
            notify("holder_asked")
            return redirect(url_for("referral.show", case_id=case_id), 303)
    return _page("appoint", page, form)


def _refuse(form: BaseForm, broken: RuleBroken) -> None:
    messages.refuse(form, broken)
    unmet = broken.facts.get("unmet", ())
    for one in messages.explain(unmet if isinstance(unmet, tuple) else ()):
        form.refuse(_("Missing: %(what)s", what=one.title))


def _page(name: str, page: ReferPage | ReferralPage, form: BaseForm) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template(f"referral/{name}.html", page=page, form=form), status)


def _to_case(case_id: uuid.UUID, notice: str) -> Response:
    notify(notice)
    return redirect(url_for("case.show", case_id=case_id), 303)
