"""The monthly control: last month's findings, one at a time, and signing the month off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import format_date

from bti.domain.errors import RuleBroken
from bti.web import audit_words, messages
from bti.web.doorway import doorway, perform
from bti.web.forms.base import BaseForm
from bti.web.forms.emergency import OUTCOMES, RULES, WHY_RULES, ReviewForm
from bti.web.identity import person
from bti.web.notices import notify
from bti.workflows import control
from bti.workflows.insight import Access

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.control import FindingLine, FindingPage, MonthPage, SeenLook

_UNFINISHED: Final = 422

blueprint = Blueprint("control", __name__, url_prefix="/insight/control")


@dataclass(frozen=True, slots=True)
class ShownMonth:
    """View model of control/month.html: findings with the rule in words."""

    month: MonthPage
    name: str
    findings: tuple[tuple[FindingLine, Any], ...]
    sign_action: str


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """View model of control/finding.html. ``looks`` are (look, what, why) in words."""

    finding: FindingPage
    month: str
    rule: Any
    why: Any
    looks: tuple[tuple[SeenLook, str, str], ...]
    outcome: Any
    action: str
    list_href: str


@blueprint.get("")
def month() -> Response:
    """Last month's findings; made now when nobody has."""
    control.run_if_due(doorway(), person())
    return _month(BaseForm())


@blueprint.post("/<uuid:control_id>/sign")
def sign(control_id: uuid.UUID) -> Response:
    """Sign the month off."""
    form = BaseForm()
    try:
        perform(control.sign_off, control_id=control_id)
    except RuleBroken as broken:
        messages.refuse(form, broken)
        return _month(form)
    notify("reviewed")
    return redirect(url_for("control.month"), 303)


@blueprint.route("/findings/<uuid:finding_id>", methods=["GET", "POST"])
def finding(finding_id: uuid.UUID) -> Response:
    """One finding, and what is found about it."""
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            perform(
                control.settle_finding,
                finding_id=finding_id,
                outcome=form.chosen,
                found=form.found.data or "",
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("reviewed")
            return redirect(url_for("control.month"), 303)
    shown = perform(control.show_finding, finding_id=finding_id)
    page = ShownFinding(
        finding=shown,
        month=_month_name(shown.month),
        rule=RULES[shown.line.rule],
        why=WHY_RULES[shown.line.rule],
        looks=tuple((one, *_words(one)) for one in shown.looks),
        outcome=OUTCOMES[shown.outcome] if shown.outcome else "",
        action=url_for("control.finding", finding_id=finding_id),
        list_href=url_for("control.month"),
    )
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("control/finding.html", page=page, form=form), status)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _month(form: BaseForm) -> Response:
    shown = perform(control.show_month)
    page = ShownMonth(
        month=shown,
        name=_month_name(shown.month),
        findings=tuple((one, RULES[one.rule]) for one in shown.findings),
        sign_action=url_for("control.sign", control_id=shown.control_id) if shown.may_sign else "",
    )
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("control/month.html", page=page, form=form), status)


def _month_name(month: str) -> str:
    """October 2026, in the language of the page."""
    return str(format_date(date.fromisoformat(f"{month}-01"), "LLLL y"))


def _words(look: SeenLook) -> tuple[str, str]:
    entry = Access(
        at=look.at,
        name="",
        title="",
        unit="",
        system="",
        action=look.act,
        ground=look.ground,
        refused=look.refused,
        numbers=(),
        cases=1,
    )
    return audit_words.act(entry), audit_words.ground(entry)
