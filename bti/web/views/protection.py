"""Address protection on a case: set it, name who may open the case, lift it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import labels, messages
from bti.web.doorway import perform
from bti.web.forms.protection import LiftForm, ProtectForm, ReadersForm
from bti.web.notices import notify
from bti.workflows import consent, protection

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.protection import ReadersPage

_UNFINISHED: Final = 422

blueprint = Blueprint("protection", __name__, url_prefix="/cases/<uuid:case_id>/protection")


def register(app: Flask) -> None:
    """Add the pages."""
    labels.register(app)
    messages.register(app)
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """How the protection stands; setting and renewing it."""
    page = perform(protection.page, case_id=case_id)
    now = page.protection
    form = ProtectForm(
        version=page.version,
        grade=now.grade.value if now is not None else None,
        of=now.of.value if now is not None else None,
        until=now.until if now is not None else None,
    )
    if form.validate_on_submit():
        try:
            perform(protection.protect, form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("protected")
            return redirect(url_for("case.show", case_id=case_id), 303)
    return _drawn("show", form, page=page)


@blueprint.route("/readers", methods=["GET", "POST"])
def readers(case_id: uuid.UUID) -> Response:
    """Who may open the case: for the leader of its unit."""
    page = perform(protection.readers_page, case_id=case_id)
    form = _readers_form(page)
    if form.validate_on_submit():
        try:
            perform(
                protection.name_readers,
                case_id=case_id,
                version=form.version.data,
                readers=form.chosen,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("readers_named")
            return redirect(_onwards(case_id), 303)
    return _drawn("readers", form, page=page, lifting=LiftForm(version=page.version, prefix="lift"))


@blueprint.post("/lift")
def lift(case_id: uuid.UUID) -> Response:
    """End the protection."""
    page = perform(protection.readers_page, case_id=case_id)
    form = LiftForm(prefix="lift")
    if form.validate_on_submit():
        try:
            perform(
                protection.lift,
                case_id=case_id,
                version=form.version.data,
                reason=form.reason.data or "",
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("protection_lifted")
            return redirect(url_for("case.show", case_id=case_id), 303)
    return _drawn("readers", form, page=page, lifting=form, naming=_readers_form(page))


def _readers_form(page: ReadersPage) -> ReadersForm:
    form = ReadersForm(
        version=page.version, readers=[str(one.account_id) for one in page.readers if one.named]
    )
    form.readers.choices = [
        (str(one.account_id), ", ".join(filter(None, (one.name, one.title, one.unit))))
        for one in page.readers
    ]
    return form


def _onwards(case_id: uuid.UUID) -> str:
    # A leader may have named others and not themselves.
    may = perform(consent.may_read, case_id=case_id)
    return url_for("case.show", case_id=case_id) if may else url_for("worklist.show")


def _drawn(name: str, form: BaseForm, **more: object) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    drawn = render_template(f"protection/{name}.html", **({"form": form, "naming": form} | more))
    return make_response(drawn, status)
