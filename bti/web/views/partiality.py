"""Who is partial in a case and kept out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import NotFound, RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.partiality import LetInForm, PartialForm
from bti.web.notices import notify
from bti.workflows import partiality

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422

blueprint = Blueprint("partiality", __name__, url_prefix="/cases/<uuid:case_id>/partiality")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """Who is kept out, and keeping oneself or a colleague out."""
    page = perform(partiality.page, case_id=case_id)
    form = PartialForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        command = form.to_command(case_id)
        try:
            perform(partiality.declare, command)
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            if command.account_id == page.me:
                return redirect(url_for("worklist.show"), 303)
            return redirect(url_for("partiality.show", case_id=case_id), 303)
    return _drawn(page, form)


@blueprint.post("/lift")
def lift(case_id: uuid.UUID) -> Response:
    """Let a colleague in again, as the leader."""
    page = perform(partiality.page, case_id=case_id)
    if not page.may_lift:
        raise NotFound
    if not page.kept_out:
        # A second sending, or somebody was first: there is nobody left to let in.
        notify("nothing_changed")
        return redirect(url_for("partiality.show", case_id=case_id), 303)
    letting = LetInForm(version=page.version)
    letting.prepare(page)
    if letting.validate_on_submit():
        try:
            perform(
                partiality.lift,
                case_id=case_id,
                account_id=letting.account_id,
                version=letting.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(letting, broken)
        else:
            notify("saved")
            return redirect(url_for("partiality.show", case_id=case_id), 303)
    form = PartialForm(formdata=None, version=page.version)
    form.prepare(page)
    return _drawn(page, form, letting)


def _drawn(
    page: partiality.PartialityPage, form: PartialForm, letting: LetInForm | None = None
) -> Response:
    if letting is None:
        letting = LetInForm(formdata=None, version=page.version)
        letting.prepare(page)
    errors = form.error_list() or letting.error_list()
    drawn = render_template("partiality/show.html", page=page, form=form, letting=letting)
    return make_response(drawn, _UNFINISHED if errors else 200)
