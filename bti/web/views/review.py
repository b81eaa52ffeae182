"""Reviewing how others have used their access: what waits, and one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.emergency import OUTCOMES, REASONS, ReviewForm
from bti.web.notices import notify
from bti.workflows import review

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.review import ReviewList, SuspensionPage, UsePage

_UNFINISHED: Final = 422

blueprint = Blueprint("review", __name__, url_prefix="/insight/reviews")


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """View model of review/waiting.html."""

    uses: ReviewList


@dataclass(frozen=True, slots=True)
class ShownUse:
    """View model of review/use.html: one use with its codes in words."""

    use: UsePage
    reason: Any
    outcome: Any
    action: str
    list_href: str


@dataclass(frozen=True, slots=True)
class ShownSuspension:
    """View model of review/suspension.html."""

    suspension: SuspensionPage
    outcome: Any
    action: str
    list_href: str


@blueprint.get("")
def waiting() -> str:
    """What waits to be reviewed."""
    page = WaitingPage(perform(review.list_reviews))
    return render_template("review/waiting.html", page=page)


@blueprint.route("/emergency/<uuid:row_id>", methods=["GET", "POST"])
def use(row_id: uuid.UUID) -> Response:
    """One use of emergency access, and what is found about it."""
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            perform(
                review.settle_use, row_id=row_id, outcome=form.chosen, found=form.found.data or ""
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("reviewed")
            return redirect(url_for("review.waiting"), 303)
    shown = perform(review.show_use, row_id=row_id)
    page = ShownUse(
        use=shown,
        reason=REASONS[shown.reason],
        outcome=OUTCOMES[shown.outcome] if shown.outcome else "",
        action=url_for("review.use", row_id=row_id),
        list_href=url_for("review.waiting"),
    )
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("review/use.html", page=page, form=form), status)


@blueprint.route("/suspensions/<uuid:suspension_id>", methods=["GET", "POST"])
def suspension(suspension_id: uuid.UUID) -> Response:
    """Why an account was closed at once; and letting the person in again."""
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            perform(
                review.settle_suspension,
                row_id=suspension_id,
                outcome=form.chosen,
                found=form.found.data or "",
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("reviewed")
            return redirect(url_for("review.waiting"), 303)
    shown = perform(review.show_suspension, row_id=suspension_id)
    page = ShownSuspension(
        suspension=shown,
        outcome=OUTCOMES[shown.outcome] if shown.outcome else "",
        action=url_for("review.suspension", suspension_id=suspension_id),
        list_href=url_for("review.waiting"),
    )
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("review/suspension.html", page=page, form=form), status)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)
