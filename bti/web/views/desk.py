"""The data protection officer's desk: what waits, with the time that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template, url_for
from flask_babel import gettext, ngettext

from bti.domain.breach import AuthorityState
from bti.web.doorway import perform
from bti.web.forms.breach import AUTHORITY
from bti.workflows import desk

if TYPE_CHECKING:
    from flask import Flask

    from bti.workflows.audit_check import ChainCard
    from bti.workflows.breach import BreachLine
    from bti.workflows.review import Pending
    from bti.workflows.rights_request import RequestLine

_SOON: Final = 8

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True)
class BreachRow:
    """A breach in the list, with its clock in words."""

    line: BreachLine
    clock: Any
    color: str | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request for access in the list, with its clock in words."""

    line: RequestLine
    clock: Any
    color: str | None


@dataclass(frozen=True, slots=True)
class ShownDesk:
    """View model of desk/show.html."""

    open_breaches: tuple[BreachRow, ...]
    closed_breaches: tuple[BreachRow, ...]
    open_requests: tuple[RequestRow, ...]
    answered_requests: tuple[RequestRow, ...]
    pending: Pending
    approvals: int
    chain: ChainCard
    check_action: str


@blueprint.get("")
def show() -> str:
    """Everything that waits."""
    found = perform(desk.show)
    requests = tuple(_request(one) for one in found.requests)
    rows = tuple(_breach(one) for one in found.breaches)
    page = ShownDesk(
        open_breaches=tuple(one for one in rows if not one.line.closed),
        closed_breaches=tuple(one for one in rows if one.line.closed),
        open_requests=tuple(one for one in requests if not one.line.answered),
        answered_requests=tuple(one for one in requests if one.line.answered),
        pending=found.pending,
        approvals=found.approvals,
        chain=found.chain,
        check_action=url_for("insight.check"),
    )
    return render_template("desk/show.html", page=page)


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


def _request(line: RequestLine) -> RequestRow:
    if line.answered:
        return RequestRow(line, gettext("Answered"), None)
    if line.days < 0:
        late = ngettext("%(num)d day late", "%(num)d days late", -line.days)
        return RequestRow(line, late, "danger")
    left = ngettext("%(num)d day left", "%(num)d days left", line.days)
    return RequestRow(line, left, "warning" if line.days < _SOON else None)


def _breach(line: BreachLine) -> BreachRow:
    match line.authority:
        case AuthorityState.WAITING:
            left = ngettext("%(num)d hour left", "%(num)d hours left", line.hours)
            return BreachRow(line, left, "warning")
        case AuthorityState.OVERDUE:
            late = ngettext("%(num)d hour late", "%(num)d hours late", max(1, -line.hours - 1))
            return BreachRow(line, late, "danger")
        case _ if not line.people_settled:
            return BreachRow(line, gettext("Those affected are not told yet"), "warning")
        case _:
            return BreachRow(line, AUTHORITY[line.authority], None)
