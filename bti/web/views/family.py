"""What the family may read: who has decided what, and a copy for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from bti.domain.errors import RuleBroken
from bti.web import messages, sheet
from bti.web.doorway import perform
from bti.web.filters import day_year
from bti.web.forms.family import CopyForm, JudgeForm
from bti.web.identity import person
from bti.web.notices import notify
from bti.workflows import family, family_copy

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.sheet import Sheet
    from bti.workflows.family_copy import FamilyCopy

_UNFINISHED: Final = 422

blueprint = Blueprint("family", __name__, url_prefix="/cases/<uuid:case_id>/family")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
def show(case_id: uuid.UUID) -> str:
    """What each of the family may read."""
    page = perform(family.family_page, case_id=case_id)
    return render_template("family/show.html", page=page)


@blueprint.route("/<uuid:person_id>/judge", methods=["GET", "POST"])
def judge(case_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """Decide what one of them may read."""
    page = perform(family.family_page, case_id=case_id)
    member = page.member(person_id)
    form = JudgeForm(version=page.version, kinds=[str(one) for one in member.proposal.kinds])
    if form.validate_on_submit():
        try:
            perform(family.judge, form.to_command(case_id, person_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("judged")
            return redirect(url_for("family.show", case_id=case_id), 303)
    status = _UNFINISHED if form.error_list() else 200
    drawn = render_template("family/judge.html", page=page, member=member, form=form)
    return make_response(drawn, status)


@blueprint.route("/<uuid:person_id>/copy", methods=["GET", "POST"])
def copy(case_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """Look at a copy before it is made, and make it."""
    form = CopyForm()
    try:
        if form.validate_on_submit():
            copy_id = perform(
                family_copy.make,
                case_id=case_id,
                person_id=person_id,
                submission=form.submission.data,
            )
            shape = form.shape.data
            here = url_for("family.paper", case_id=case_id, copy_id=copy_id, shape=shape)
            return redirect(here, 303)
        found = perform(family_copy.preview, case_id=case_id, person_id=person_id)
    except RuleBroken:
        return _judge_first(case_id)
    drawn = _sheet(found)
    status = _UNFINISHED if form.error_list() else 200
    page = render_template(
        "family/copy.html", page=found, person_id=person_id, form=form, sheet=drawn
    )
    return make_response(page, status)


@blueprint.get("/copies/<uuid:copy_id>")
def paper(case_id: uuid.UUID, copy_id: uuid.UUID) -> Response:
    """A copy that was made, as a page to print or a file."""
    try:
        found = perform(family_copy.show, case_id=case_id, copy_id=copy_id)
    except RuleBroken:
        return _judge_first(case_id)
    return sheet.answer(_sheet(found), as_file=request.args.get("shape") == "pdf")


def _judge_first(case_id: uuid.UUID) -> Response:
    notify("judge_first")
    return redirect(url_for("family.show", case_id=case_id), 303)


def _sheet(copy: FamilyCopy) -> Sheet:
    return sheet.Sheet(
        title=str(_("Copy for %(name)s", name=copy.reader)),
        name="copy",
        on=copy.on,
        facts=(
            (str(_("About")), copy.child),
            (str(_("Case")), copy.number),
            (str(_("Municipality")), person().municipality),
            (str(_("Made")), day_year(copy.on)),
        ),
        rows=tuple(sheet.row_of(line) for line in copy.lines),
        note=str(
            _(
                "This is what you may read of what is written in the log on the day it was made. That "
                "the copy was made is in the list of who has seen the log, which you can ask for. You "
                "can ask for access, correction and the reason for what you are not given."
            )
        ),
    )
