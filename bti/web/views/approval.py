"""What needs two people: the list of what waits for one's yes, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Flask, redirect, render_template, url_for

from bti.domain.approval import ApprovalAct, ApprovalRefused, ApprovalState, StepUpNeeded
from bti.web import approval_words as words
from bti.web.doorway import perform
from bti.web.notices import notify
from bti.workflows import approval
from bti.workflows.approval import OPEN, ApprovalLine

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from werkzeug.wrappers import Response

blueprint = Blueprint("approval", __name__, url_prefix="/approvals")

#: Somebody else was first: told kindly. Everything else is answered as what does not exist.
_TOO_LATE = frozenset({"approval.not_waiting", "approval.expired"})


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One line of the list."""

    line: ApprovalLine
    title: str
    particulars: tuple[tuple[str, str], ...]
    state: str
    color: str
    href: str


@dataclass(frozen=True, slots=True)
class ApprovalListPage:
    """View model of approval/list.html."""

    to_answer: tuple[ApprovalRow, ...]
    asked: tuple[ApprovalRow, ...]


@dataclass(frozen=True, slots=True)
class ApprovalOnePage:
    """View model of approval/show.html. ``confirm_href`` empty: the proof is fresh."""

    row: ApprovalRow
    effect: str
    confirm_href: str
    list_href: str
    give_action: str
    refuse_action: str
    withdraw_action: str
    #: Where it is carried out from this page; empty when it is done elsewhere, or not yet.
    use_action: str
    #: The words for it: a heading, what happens, and the button.
    use: tuple[Any, Any, Any] | None
    #: The half of a reset that belongs to the one who said yes.
    code_href: str
    #: Where everything that becomes another is read; empty for what is all on this page.
    rules_href: str


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("", endpoint="list")
def list_approvals() -> str:
    """What waits for the person, and what they have asked for."""
    found = perform(approval.page)
    page = ApprovalListPage(
        tuple(_row(one) for one in found.to_answer), tuple(_row(one) for one in found.asked)
    )
    return render_template("approval/list.html", page=page)


@blueprint.get("/<uuid:approval_id>")
def show(approval_id: uuid.UUID) -> str:
    """One approval: what exactly will happen, and the yes or no."""
    line, fresh = perform(approval.show, approval_id=approval_id)
    here = url_for("approval.show", approval_id=approval_id)
    page = ApprovalOnePage(
        row=_row(line),
        effect=words.effect(line.act),
        confirm_href="" if fresh else url_for("confirm.show", next=here),
        list_href=url_for("approval.list"),
        give_action=url_for("approval.give", approval_id=approval_id) if line.may_answer else "",
        refuse_action=url_for("approval.refuse", approval_id=approval_id),
        withdraw_action=(
            url_for("approval.withdraw", approval_id=approval_id)
            if line.mine and line.state.value in OPEN
            else ""
        ),
        use_action=_use_action(line),
        use=words.USES.get(line.act),
        code_href=_code_href(line),
        rules_href=(
            url_for("rules.proposal", approval_id=approval_id)
            if "rules_sha256" in line.params
            else ""
        ),
    )
    return render_template("approval/show.html", page=page)


@blueprint.post("/<uuid:approval_id>/give")
def give(approval_id: uuid.UUID) -> Response:
    """Say yes."""
    return _answered(approval.give, approval_id, "approval_given")


@blueprint.post("/<uuid:approval_id>/refuse")
def refuse(approval_id: uuid.UUID) -> Response:
    """Say no."""
    return _answered(approval.refuse, approval_id, "approval_refused")


@blueprint.post("/<uuid:approval_id>/withdraw")
def withdraw(approval_id: uuid.UUID) -> Response:
    """Take back what one asked for."""
    return _answered(approval.withdraw, approval_id, "approval_withdrawn")


def _answered(act: Callable[..., None], approval_id: uuid.UUID, notice: str) -> Response:
    try:
        perform(act, approval_id=approval_id)
    except StepUpNeeded:
        here = url_for("approval.show", approval_id=approval_id)
        return redirect(url_for("confirm.show", next=here), 303)
    except ApprovalRefused as refused:
        if refused.code not in _TOO_LATE:
            raise
        notice = "not_done"
    notify(notice)
    return redirect(url_for("approval.list"), 303)


_USED_AT: Final = {
    ApprovalAct.AUDIT_SELECTION: "insight.selection",
    ApprovalAct.ACCOUNT_RESET: "reset.carry_out",
    ApprovalAct.PROFILE_CHANGE: "rules.publish",
    ApprovalAct.CLIENT_MAKE: "client.make",
}


def _use_action(line: ApprovalLine) -> str:
    # What a command changes of a municipality is used by the command.
    by_command = line.act is ApprovalAct.PROFILE_CHANGE and "rules_sha256" not in line.params
    if line.mine and line.state is ApprovalState.GIVEN and line.act in _USED_AT and not by_command:
        return url_for(_USED_AT[line.act], approval_id=line.approval_id)
    return ""


def _code_href(line: ApprovalLine) -> str:
    """Shown to the one who said yes: nobody else but the asker meets a used approval."""
    used = line.state is ApprovalState.USED and line.act is ApprovalAct.ACCOUNT_RESET
    return url_for("reset.code", approval_id=line.approval_id) if used and not line.mine else ""


def _row(line: ApprovalLine) -> ApprovalRow:
    state, color = words.STATES[line.state]
    return ApprovalRow(
        line=line,
        title=words.title(line.act),
        particulars=tuple(words.particulars(line)),
        state=str(state),
        color=color,
        href=url_for("approval.show", approval_id=line.approval_id),
    )
