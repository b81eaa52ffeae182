"""Professional systems with a key: which may act for me, and for those who answer for them, which there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, g, make_response, redirect, render_template, url_for

from bti.clock import norwegian_date
from bti.domain.approval import ApprovalRefused
from bti.domain.errors import RuleBroken
from bti.web import access, insight_rows, messages
from bti.web.doorway import doorway, perform
from bti.web.forms.client import ClientForm
from bti.web.notices import notify
from bti.workflows import api_agreement, api_client

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.insight_rows import AccessRow
    from bti.workflows.api_agreement import OwnSystems
    from bti.workflows.api_client import ClientLine, ClientPage, MadeClient

_UNFINISHED: Final = 422
_OVER: Final = frozenset({"approval.used", "approval.expired", "approval.not_given"})

blueprint = Blueprint("client", __name__, url_prefix="/systems")


@dataclass(frozen=True, slots=True)
class MinePage:
    """View model of client/mine.html."""

    found: OwnSystems


@dataclass(frozen=True, slots=True)
class ListPage:
    """View model of client/list.html. ``new_href`` is empty for who may only look and end."""

    clients: tuple[ClientLine, ...]
    new_href: str


@dataclass(frozen=True, slots=True)
class OnePage:
    """View model of client/show.html."""

    found: ClientPage
    calls: tuple[AccessRow, ...]
    most: int


@dataclass(frozen=True, slots=True)
class KeyPage:
    """View model of client/key.html: shown once."""

    made: MadeClient


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


# -- one's own -------------------------------------------------------------------------------------


@blueprint.get("/mine")
def mine() -> str:
    """Which systems may act for me."""
    return render_template("client/mine.html", page=MinePage(perform(api_agreement.mine)))


@blueprint.post("/<uuid:client_id>/agree")
def agree(client_id: uuid.UUID) -> Response:
    """Let a system act for me."""
    perform(api_agreement.agree, client_id=client_id)
    notify("system_let_in")
    return redirect(url_for("client.mine"), 303)


@blueprint.post("/agreements/<uuid:agreement_id>/withdraw")
def withdraw(agreement_id: uuid.UUID) -> Response:
    """Take it back."""
    perform(api_agreement.withdraw, agreement_id=agreement_id)
    notify("system_stopped")
    return redirect(url_for("client.mine"), 303)


# -- the municipality's ----------------------------------------------------------------------------


@blueprint.get("", endpoint="list_")
def list_clients() -> str:
    """Which systems have a key."""
    may_ask = access.allows(access.ROUTES["client.new"], g.actor)
    page = ListPage(perform(api_client.listed), url_for("client.new") if may_ask else "")
    return render_template("client/list.html", page=page)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Ask for a key."""
    form = ClientForm()
    form.limit(norwegian_date(doorway().clock.now()))
    if form.validate_on_submit():
        try:
            approval_id = perform(api_client.ask, command=form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("key_asked")
            return redirect(url_for("approval.show", approval_id=approval_id), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("client/new.html", form=form), status)


@blueprint.post("/approved/<uuid:approval_id>")
def make(approval_id: uuid.UUID) -> Response:
    """Make the key, and show it once."""
    try:
        made = perform(api_client.make, approval_id=approval_id)
    except (ApprovalRefused, RuleBroken) as refused:
        if isinstance(refused, ApprovalRefused) and refused.code not in _OVER:
            raise
        notify("not_done")
        return redirect(url_for("approval.list"), 303)
    # Not a redirect: the key would have to be kept somewhere in between.
    return make_response(render_template("client/key.html", page=KeyPage(made)))


@blueprint.get("/<uuid:client_id>")
def show(client_id: uuid.UUID) -> str:
    """One system: who lets it act, and what it did."""
    found = perform(api_client.show, client_id=client_id)
    page = OnePage(found, insight_rows.rows(found.calls), api_client.MOST_CALLS)
    return render_template("client/show.html", page=page)


@blueprint.post("/<uuid:client_id>/revoke")
def revoke(client_id: uuid.UUID) -> Response:
    """End its key now."""
    perform(api_client.revoke, client_id=client_id)
    notify("key_ended")
    return redirect(url_for("client.list_"), 303)
