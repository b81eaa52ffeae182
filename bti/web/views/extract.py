"""A part of the log for a referral, a journal or a pupil's folder; and where something else is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from bti.domain.access import Action
from bti.domain.errors import RuleBroken
from bti.web import messages, sheet
from bti.web.doorway import perform
from bti.web.filters import day_year
from bti.web.forms.extract import LOOK, ExtractForm, ReferenceForm
from bti.web.identity import person
from bti.web.labels import INFO_TYPE
from bti.web.notices import notify
from bti.web.paper_labels import RECEIVER
from bti.workflows import extract, reference
from bti.workflows.measure import plan_page

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.sheet import Sheet
    from bti.workflows.extract import Extract

_UNFINISHED: Final = 422

blueprint = Blueprint("extract", __name__, url_prefix="/cases/<uuid:case_id>")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/part", methods=["GET", "POST"])
def new(case_id: uuid.UUID) -> Response:
    """Choose a part, look at it, and take it out."""
    page = perform(extract.extract_page, case_id=case_id)
    form = ExtractForm()
    form.prepare(page)
    found = None
    if form.validate_on_submit():
        choice = form.to_choice(case_id)
        try:
            if form.shape.data != LOOK:
                part_id = perform(extract.take_out, choice, submission=form.submission.data)
                shape = form.shape.data
                here = url_for("extract.paper", case_id=case_id, part_id=part_id, shape=shape)
                return redirect(here, 303)
            found = perform(extract.preview, choice)
        except RuleBroken as broken:
            messages.refuse(form, broken)
    status = _UNFINISHED if form.error_list() else 200
    drawn = _sheet(found) if found is not None else None
    return make_response(
        render_template("extract/new.html", page=page, form=form, found=found, sheet=drawn), status
    )


@blueprint.route("/references/new", methods=["GET", "POST"])
def refer_to(case_id: uuid.UUID) -> Response:
    """Write where something is kept."""
    page = perform(plan_page, case_id=case_id, action=Action.WRITE_NOTE)
    form = ReferenceForm()
    if form.validate_on_submit():
        try:
            perform(reference.point_to, form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("case.show", case_id=case_id, _anchor="timeline"), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("extract/reference.html", page=page, form=form), status)


@blueprint.get("/part/<uuid:part_id>")
def paper(case_id: uuid.UUID, part_id: uuid.UUID) -> Response:
    """A part that was taken out: a page to print, a file, or text to copy."""
    found = perform(extract.show, case_id=case_id, part_id=part_id)
    shape = request.args.get("shape", "paper")
    drawn = _sheet(found)
    if shape == "text":
        page = render_template(
            "extract/text.html", found=found, title=drawn.title, text=sheet.text(drawn)
        )
        return make_response(page)
    return sheet.answer(drawn, as_file=shape == "pdf")


def _sheet(found: Extract) -> Sheet:
    choice = found.choice
    kinds = [str(label) for kind, label in INFO_TYPE.items() if kind in choice.kinds]
    period = " – ".join(day_year(one) if one else "…" for one in (choice.since, choice.until))
    facts = [
        (str(_("About")), f"{found.child}, {day_year(found.birth_date)}"),
        (str(_("Case")), found.number),
        (str(_("Municipality")), person().municipality),
        (str(_("For")), str(RECEIVER[choice.receiver])),
        (str(_("Purpose")), choice.purpose),
        (str(_("Kinds")), ", ".join(kinds)),
        (str(_("Made")), f"{day_year(found.on)}, {person().name}"),
    ]
    if choice.since or choice.until:
        facts.insert(-1, (str(_("Period")), period))
    return sheet.Sheet(
        title=str(_("Part of a stafettlogg")),
        name="part",
        on=found.on,
        facts=tuple(facts),
        rows=tuple(sheet.row_of(line) for line in found.lines),
        note=str(
            _("This is a part. What is not here may be because it does not concern the receiver.")
        ),
    )
