"""Pages where a guardian is kept out, and let in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.guardian import BlockForm, LiftForm
from bti.web.notices import notify
from bti.workflows import guardian_block

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422

blueprint = Blueprint(
    "guardian", __name__, url_prefix="/cases/<uuid:case_id>/guardians/<uuid:person_id>"
)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/block", methods=["GET", "POST"])
def block(case_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """How it stands for one guardian, and keeping them out."""
    page = perform(guardian_block.block_page, case_id=case_id, person_id=person_id)
    form = BlockForm(version=page.version)
    if form.validate_on_submit():
        try:
            perform(guardian_block.block, command=form.to_command(case_id, person_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("guardian_blocked")
            return redirect(url_for("guardian.block", case_id=case_id, person_id=person_id), 303)
    lifting = LiftForm(formdata=None, version=page.version)
    status = _UNFINISHED if form.error_list() else 200
    drawn = render_template("guardian/block.html", page=page, form=form, lifting=lifting)
    return make_response(drawn, status)


@blueprint.post("/block/lift")
def lift(case_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """Let a guardian in again, as the leader."""
    lifting = LiftForm()
    if lifting.validate_on_submit():
        try:
            perform(
                guardian_block.lift,
                case_id=case_id,
                person_id=person_id,
                reason=lifting.reason.data or "",
                version=lifting.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(lifting, broken)
        else:
            notify("guardian_let_in")
            return redirect(url_for("guardian.block", case_id=case_id, person_id=person_id), 303)
    page = perform(guardian_block.block_page, case_id=case_id, person_id=person_id)
    form = BlockForm(formdata=None, version=page.version)
    drawn = render_template("guardian/block.html", page=page, form=form, lifting=lifting)
    return make_response(drawn, _UNFINISHED)
