"""What waits for the data protection officer, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.workflows import approval, breach, review, rights_request
from bti.workflows.audit_check import ChainCard, chain_card

if TYPE_CHECKING:
    from bti.workflows.breach import BreachLine
    from bti.workflows.context import Context
    from bti.workflows.review import Pending
    from bti.workflows.rights_request import RequestLine


@dataclass(frozen=True, slots=True)
class DeskPage:
    """Breaches, requests for access, what is to be reviewed or approved, and where the log stands."""

    breaches: tuple[BreachLine, ...]
    requests: tuple[RequestLine, ...]
    pending: Pending
    approvals: int
    chain: ChainCard


def show(context: Context) -> DeskPage:
    """Return the desk; the look is entered. Raises ``AccessDenied``."""
    breaches = breach.lines(context)
    page = DeskPage(
        breaches=breaches,
        requests=rights_request.lines(context),
        pending=review.pending(context),
        approvals=len(approval.page(context).to_answer),
        chain=chain_card(context),
    )
    context.record(Act.DESK_LIST_READ, Reference("tenant", context.person.tenant_id))
    return page
