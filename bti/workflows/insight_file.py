"""A part of the access log as a file: asked for by the officer, agreed to by a colleague, taken once.

To look takes one person; what leaves Stafett takes two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.domain.access import Action as Act
from bti.domain.approval import ApprovalAct
from bti.domain.errors import RuleBroken
from bti.workflows import approval
from bti.workflows.insight import fitting, readable
from bti.workflows.insight_question import params_of, question_of
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid

    from bti.workflows.context import Context
    from bti.workflows.insight import Access
    from bti.workflows.insight_question import Question


def ask_for_selection(context: Context, question: Question, *, reason: str) -> uuid.UUID:
    """Ask a colleague's yes to a file of exactly this selection; returns the approval's id.

    Asked again while the first question stands, it is that one's. A last day that is left open is today: what happens after the question is no part of it. Raises
    ``AccessDenied``, ``RuleBroken("insight.no_reason")`` and, as ``approval.ask``, ``StepUpNeeded``.
    """
    require(context, Act.EXPORT_AUDIT)
    if not reason.strip():
        raise RuleBroken("insight.no_reason")
    closed = replace(question, to_day=question.to_day or context.today)
    params = params_of(closed)
    standing = approval.asked_for(context, ApprovalAct.AUDIT_SELECTION, params)
    return standing or approval.ask(
        context, ApprovalAct.AUDIT_SELECTION, params, reason=reason.strip()
    )


def selection(context: Context, *, approval_id: uuid.UUID) -> tuple[Access, ...]:
    """Return the whole answer (at most ``MOST_ROWS``) for a file, using up the colleague's yes.

    What was asked for is read from the approval itself, so the file can be of nothing else. The
    download is entered. Raises ``AccessDenied`` and ``ApprovalRefused``.
    """
    require(context, Act.EXPORT_AUDIT)
    params = approval.params_of(context, approval_id, ApprovalAct.AUDIT_SELECTION)
    approval.use(context, approval_id, ApprovalAct.AUDIT_SELECTION, params)
    found, _ = fitting(context, question_of(params))
    context.record(Action.AUDIT_LOG_EXPORT, Reference("tenant", context.person.tenant_id))
    return readable(context, found)
