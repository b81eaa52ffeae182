"""Pages where a case goes to another service with its child: asking, answering, and what goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from bti.domain.errors import RuleBroken
from bti.web import messages, sheet
from bti.web.doorway import perform
from bti.web.filters import day_year
from bti.web.forms.move import LOOK, MoveAnswerForm, MoveForm
from bti.web.notices import notify
from bti.workflows import move

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.move import Contents, MovePage, Package

_UNFINISHED: Final = 422

blueprint = Blueprint("move", __name__, url_prefix="/cases/<uuid:case_id>/move")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def new(case_id: uuid.UUID) -> Response:
    """Look at what goes along, and ask somebody at the new service."""
    page = perform(move.move_page, case_id=case_id)
    form = MoveForm(version=page.version)
    form.prepare(page)
    found = None
    if form.validate_on_submit():
        try:
            if form.shape.data != LOOK:
                perform(move.propose, command=form.to_command(case_id))
                notify("move_asked")
                return redirect(url_for("case.show", case_id=case_id), 303)
            found = perform(move.preview, case_id=case_id, to_unit_id=form.to_unit_id)
        except RuleBroken as broken:
            messages.refuse(form, broken)
    return _form(page, form, found)


@blueprint.route("/<uuid:offer_id>", methods=["GET", "POST"])
def answer(case_id: uuid.UUID, offer_id: uuid.UUID) -> Response:
    """Say yes or no to a case."""
    form = MoveAnswerForm()
    if form.validate_on_submit():
        try:
            if form.answer.data == "yes":
                perform(move.accept, case_id=case_id, offer_id=offer_id)
                notify("move_taken")
                return redirect(url_for("case.show", case_id=case_id), 303)
            reason = form.reason.data or ""
            perform(move.decline, case_id=case_id, offer_id=offer_id, reason=reason)
            notify("move_declined")
            return redirect(url_for("worklist.show"), 303)
        except RuleBroken as broken:
            messages.refuse(form, broken)
            if broken.code != "move.reason_missing":
                return make_response(render_template("baton/over.html", form=form), _UNFINISHED)
    page = perform(move.answer_page, case_id=case_id, offer_id=offer_id)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("move/answer.html", page=page, form=form), status)


@blueprint.get("/<uuid:offer_id>/package")
def package(case_id: uuid.UUID, offer_id: uuid.UUID) -> Response:
    """What goes along, as a page to print or a file."""
    found = perform(move.package, case_id=case_id, offer_id=offer_id)
    return sheet.answer(_sheet(found), as_file=request.args.get("shape") == "pdf")


def _form(page: MovePage, form: MoveForm, found: Contents | None) -> Response:
    rows = tuple(sheet.row_of(line) for line in found.lines) if found is not None else ()
    status = _UNFINISHED if form.error_list() else 200
    return make_response(
        render_template("move/new.html", page=page, form=form, found=found, rows=rows), status
    )


def _sheet(found: Package) -> sheet.Sheet:
    way = " – ".join(one for one in (found.from_service, found.to_service) if one)
    facts = (
        (str(_("About")), f"{found.child}, {day_year(found.birth_date)}"),
        (str(_("Case")), found.number),
        (str(_("From and to")), way),
        (str(_("Made")), ", ".join(one for one in (day_year(found.made_on), found.by) if one)),
        (str(_("Talked with the family")), day_year(found.talked_on) if found.talked_on else ""),
        (str(_("Important to know")), found.message),
    )
    missing = found.sent - len(found.lines)
    note = _("What is not here is not open to the new service by consent.")
    if missing:
        note = _(
            "Entries that could be read when it was sent, and cannot now: %(count)s.", count=missing
        )
    return sheet.Sheet(
        title=str(_("What goes along to the new service")),
        name="package",
        on=found.made_on,
        facts=tuple((name, words) for name, words in facts if words),
        rows=tuple(sheet.row_of(line) for line in found.lines),
        note=str(note),
    )
