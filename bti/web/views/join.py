"""The page of a log about its being put together with another, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from bti.domain.approval import ApprovalRefused
from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.join import JoinForm, PartForm
from bti.web.notices import notify
from bti.workflows import join

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

_UNFINISHED: Final = 422
#: What the other person may have done meanwhile: said once, on the page as it is now.
_OVER: Final = frozenset(
    {"approval.used", "approval.expired", "approval.not_given", "approval.not_waiting"}
)

#: What a button does, and what is said afterwards.
_SETTLED: Final[dict[str, tuple[Callable[..., None], str]]] = {
    "yes": (join.agree, "join_answered"),
    "no": (join.refuse, "join_answered"),
    "withdraw": (join.withdraw, "join_withdrawn"),
    "do": (join.carry_out, "join_done"),
}

blueprint = Blueprint("join", __name__, url_prefix="/cases/<uuid:case_id>/other-log")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show(case_id: uuid.UUID) -> Response:
    """How this log stands to another; asking for it to be continued there, or to be taken back."""
    page = perform(join.join_page, case_id=case_id)
    shape = PartForm if page.continued_in else JoinForm
    form = shape(version=page.version)
    if form.validate_on_submit() and _is_asked(form, case_id):
        notify("join_asked")
        return _back(case_id)
    status = _UNFINISHED if form.error_list() else 200
    return make_response(
        render_template(
            "join/show.html",
            page=page,
            form=form,
            confirm_href=None if page.fresh else url_for("confirm.show", next=request.path),
        ),
        status,
    )


@blueprint.post("/<uuid:approval_id>")
def settle(case_id: uuid.UUID, approval_id: uuid.UUID) -> Response:
    """Say yes or no to what is asked of this log; carry out, or take back, what was asked for it.

    The page is then shown as it is now, also where the other person was first.
    """
    act, notice = _SETTLED.get(request.form.get("act", ""), (None, "not_done"))
    try:
        if act is None:
            perform(join.join_page, case_id=case_id)
        else:
            perform(act, case_id=case_id, approval_id=approval_id)
    except (RuleBroken, ApprovalRefused) as refused:
        if isinstance(refused, ApprovalRefused) and refused.code not in _OVER:
            raise
        notice = "not_done"
    notify(notice)
    return _back(case_id)


def _is_asked(form: JoinForm | PartForm, case_id: uuid.UUID) -> bool:
    try:
        if isinstance(form, PartForm):
            perform(join.ask_back, case_id=case_id, version=form.version.data)
            return True
        if perform(join.ask, command=form.to_command(case_id)) is not None:
            return True
    except RuleBroken as broken:
        messages.refuse(form, broken)
        return False
    form.refuse(
        _("No log with this number can go on with this one. Ask whoever has it."), form.number
    )
    return False


def _back(case_id: uuid.UUID) -> Response:
    return redirect(url_for("join.show", case_id=case_id), 303)
