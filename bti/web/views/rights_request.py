"""Requests for access and correction: receiving one, its clock, and the letter that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import force_locale

from bti.domain.errors import RuleBroken
from bti.domain.legal import basis_on
from bti.domain.rights_request import ANSWERS, ExceptionLetter, RequestStepKind
from bti.profiles import legal_bases
from bti.web import i18n, messages
from bti.web.doorway import perform
from bti.web.forms.rights_request import (
    ANSWER_FORMS,
    REQUEST_KINDS,
    REQUESTERS,
    RIGHTS,
    AnswerForm,
    ReceiveForm,
)
from bti.web.notices import notify
from bti.workflows import rights_request

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.domain.legal import LegalBasis
    from bti.workflows.rights_request import RequestAdded, RequestPage

_UNFINISHED: Final = 422

blueprint = Blueprint("rights_request", __name__, url_prefix="/desk/requests")


@dataclass(frozen=True, slots=True)
class ShownAddition:
    """One addition with its codes in words; ``cited`` is the provision and what it says."""

    added: RequestAdded
    kind: Any
    cited: str


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """View model of rights_request/show.html."""

    request: RequestPage
    right: Any
    requester: Any
    language: str
    steps: tuple[ShownAddition, ...]
    action: str
    letter_href: str


@dataclass(frozen=True, slots=True)
class Letter:
    """View model of rights_request/letter.html, in the language of the one it is sent to."""

    request: RequestPage
    answer: RequestAdded
    cited: str
    is_answer: bool


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Write down a request that has come."""
    form = ReceiveForm()
    if form.validate_on_submit():
        try:
            request_id = perform(rights_request.receive, form.to_command())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("rights_request.show", request_id=request_id), 303)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("rights_request/new.html", form=form), status)


@blueprint.route("/<uuid:request_id>", methods=["GET", "POST"])
def show(request_id: uuid.UUID) -> Response:
    """One request whole, and the form that adds to it."""
    shown = perform(rights_request.show, request_id=request_id)
    form = ANSWER_FORMS[shown.line.right]()
    if isinstance(form, AnswerForm):
        form.letter.choices = [*form.letter.choices[:1], *_letters()]
    if form.validate_on_submit():
        try:
            perform(rights_request.add, form.to_command(request_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("saved")
            return redirect(url_for("rights_request.show", request_id=request_id), 303)
    if form.version.data is None:
        form.version.data = shown.version
    told = any(one.kind is not RequestStepKind.NOTE for one in shown.steps)
    page = ShownRequest(
        request=shown,
        right=RIGHTS[shown.line.right],
        requester=REQUESTERS[shown.line.requester],
        language=i18n.LANGUAGES[shown.language],
        steps=tuple(
            ShownAddition(one, REQUEST_KINDS[one.kind], _cited(one.basis)) for one in shown.steps
        ),
        action=url_for("rights_request.show", request_id=request_id),
        letter_href=url_for("rights_request.letter", request_id=request_id) if told else "",
    )
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template("rights_request/show.html", page=page, form=form), status)


@blueprint.get("/<uuid:request_id>/letter")
def letter(request_id: uuid.UUID) -> str:
    """The newest answer as a letter for printing, in the language the person asked for."""
    shown, given = perform(rights_request.answer, request_id=request_id)
    with force_locale(shown.language):
        page = Letter(shown, given, _cited(given.basis), given.kind in ANSWERS[shown.line.right])
        return render_template("rights_request/letter.html", page=page)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _letters() -> list[tuple[str, str]]:
    today = date.today()  # noqa: DTZ011 - which version of a law applies: a day is enough
    return [
        (
            one.value,
            f"{one.value}) {basis_on(legal_bases(), f'pol-16-{one}', today).label[i18n.language()]}",
        )
        for one in ExceptionLetter
    ]


def _cited(basis: LegalBasis | None) -> str:
    if basis is None:
        return ""
    code = i18n.language()
    return f"{basis.reference[code]}: {basis.label[code]}"
