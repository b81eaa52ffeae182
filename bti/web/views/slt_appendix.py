"""A plan's appendices: the list, a new one, the file, and one that is taken away."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from bti.domain.errors import RuleBroken
from bti.slt.appendix import (
    MOST_BYTES,
    attach,
    read_file,
    show_appendices,
    show_appendix,
    take_away,
)
from bti.slt.perform import AccessDenied
from bti.slt.plan_change import PlanRefusedError
from bti.web import headers, messages, uploads
from bti.web.forms.slt_appendix import AppendixForm, TakeAwayForm
from bti.web.network import NetworkPerson, runtime, signed_in
from bti.web.notices import notify
from bti.web.views.slt_plan import refusal_text

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator

_UNFINISHED: Final = 422
P = ParamSpec("P")
T = TypeVar("T")

blueprint = Blueprint("appendix", __name__, url_prefix="/plan/<uuid:plan_id>/appendices")


def accept_files(app: Flask) -> None:
    """Let the form take a file."""
    uploads.accept(app, "slt.appendix.new", _begin, largest=MOST_BYTES)


def _begin(name: str) -> uploads.InMemory | None:
    return uploads.InMemory(name, MOST_BYTES) if isinstance(g.actor, NetworkPerson) else None


def _or_missing(
    workflow: Callable[Concatenate[SltRuntime, Coordinator, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Do it for who is signed in; 404 for what is not theirs, as for what is not there."""
    try:
        return workflow(runtime(), signed_in().coordinator, *args, **kwargs)
    except AccessDenied:
        abort(404)


@blueprint.get("", endpoint="list")
def list_(plan_id: uuid.UUID) -> str:
    """All appendices that stand, and what was taken away."""
    page = _or_missing(show_appendices, plan_id)
    return render_template("slt/appendix/list.html", page=page)


@blueprint.route("/new", methods=["GET", "POST"])
def new(plan_id: uuid.UUID) -> AnyResponse:
    """Attach a file or an address."""
    page = _or_missing(show_appendices, plan_id)
    form = AppendixForm()
    found: tuple[str, ...] = ()
    if form.validate_on_submit():
        try:
            _or_missing(attach, plan_id, form.to_command())
        except RuleBroken as broken:
            form.refuse(messages.message(broken), form.file)
        except PlanRefusedError as refused:
            found = refused.found
            form.refuse(refusal_text(refused))
        else:
            notify("saved")
            return redirect(url_for("slt.appendix.list", plan_id=plan_id), 303)
    body = render_template("slt/appendix/new.html", page=page, form=form, found=found)
    return make_response(body, _UNFINISHED if request.method == "POST" else 200)


@blueprint.get("/<uuid:appendix_id>")
def download(plan_id: uuid.UUID, appendix_id: uuid.UUID) -> AnyResponse:
    """Send a file."""
    file = _or_missing(read_file, plan_id, appendix_id)
    return headers.as_download(Response(file.content, content_type=file.mime), file.name)


@blueprint.route("/<uuid:appendix_id>/remove", methods=["GET", "POST"])
def remove(plan_id: uuid.UUID, appendix_id: uuid.UUID) -> AnyResponse:
    """Take an appendix away."""
    form = TakeAwayForm()
    form.prepare()
    if form.validate_on_submit():
        _or_missing(take_away, plan_id, appendix_id, form.chosen)
        notify("saved")
        return redirect(url_for("slt.appendix.list", plan_id=plan_id), 303)
    stored, appendix = _or_missing(show_appendix, plan_id, appendix_id)
    body = render_template("slt/appendix/remove.html", stored=stored, appendix=appendix, form=form)
    return make_response(body, _UNFINISHED if request.method == "POST" else 200)
