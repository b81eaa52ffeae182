"""People who leave: the administrator's planned ends and cut access, and what must be handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, redirect, render_template, url_for

from bti.domain.errors import NotFound, RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.leaving import LastDayForm
from bti.web.notices import notify
from bti.web.views import account as register_pages
from bti.workflows import leaving

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from datetime import date

    from werkzeug.wrappers import Response

    from bti.workflows.leaving import Item, Leaver

blueprint = Blueprint("leaving", __name__)


@dataclass(frozen=True, slots=True)
class MinePage:
    """View model of leaving/mine.html."""

    leaves_on: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class UnitPage:
    """View model of leaving/unit.html."""

    leavers: tuple[Leaver, ...]


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/leaving")
def mine() -> str:
    """What I have in hand before I leave."""
    own = perform(leaving.mine)
    if own is None or own.leaves_on is None:
        raise NotFound
    return render_template("leaving/mine.html", page=MinePage(own.leaves_on, own.items))


@blueprint.get("/leaving/unit")
def unit() -> str:
    """Who leaves my unit, and what they have in hand."""
    return render_template("leaving/unit.html", page=UnitPage(perform(leaving.of_unit)))


@blueprint.post("/accounts/<uuid:account_id>/leaving")
def plan(account_id: uuid.UUID) -> Response:
    """Set somebody's last day."""
    form = LastDayForm()
    if not form.validate_on_submit() or form.last_day.data is None:
        return register_pages.explained(account_id, form)
    try:
        perform(leaving.plan, account_id=account_id, leaves_on=form.last_day.data)
    except RuleBroken as broken:
        if broken.code == "leaving.past":
            form.refuse(messages.message(broken), form.last_day)
        else:  # its field is not drawn, so nothing may point to it
            form = LastDayForm(formdata=None, data={})
            form.refuse(messages.message(broken))
        return register_pages.explained(account_id, form)
    return _done(account_id, "leaving_planned")


@blueprint.post("/accounts/<uuid:account_id>/leaving/withdraw")
def withdraw(account_id: uuid.UUID) -> Response:
    """Take the last day back."""
    return _changed(leaving.withdraw, account_id, "leaving_withdrawn")


@blueprint.post("/accounts/<uuid:account_id>/suspend")
def suspend(account_id: uuid.UUID) -> Response:
    """Cut somebody's access at once."""
    return _changed(leaving.suspend, account_id, "access_cut")


@blueprint.post("/accounts/<uuid:account_id>/restore")
def restore(account_id: uuid.UUID) -> Response:
    """Give access back."""
    return _changed(leaving.restore, account_id, "access_restored")


def _changed(act: Callable[..., None], account_id: uuid.UUID, notice: str) -> Response:
    try:
        perform(act, account_id=account_id)
    except RuleBroken as broken:
        form = LastDayForm(formdata=None, data={})
        form.refuse(messages.message(broken))
        return register_pages.explained(account_id, form)
    return _done(account_id, notice)


def _done(account_id: uuid.UUID, notice: str) -> Response:
    notify(notice)
    return redirect(url_for("account.colleague", account_id=account_id), 303)
