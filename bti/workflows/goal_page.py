"""The page on which one says how a goal stands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bti.audit.actions import Action as AuditAction
from bti.domain import measures as rules
from bti.domain.access import Action
from bti.workflows.case_file import case_row, child_of, entries, ops_of
from bti.workflows.case_rules import rules_of
from bti.workflows.plan_facts import goal_in
from bti.workflows.plan_view import GoalView, goals_in

if TYPE_CHECKING:
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPage:
    """What the page shows on which one says how a goal stands."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    goal: GoalView
    today: date
    suggested: date


def goal_page(context: Context, *, case_id: uuid.UUID, goal_id: uuid.UUID) -> GoalPage:
    """Open the page for saying how one goal stands. Raises ``AccessDenied`` and ``NotFound``."""
    opened = context.verbs.open(case_id, Action.EVALUATE, entry=AuditAction.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    goal_in(records, goal_id)
    case = case_row(context, case_id)
    return GoalPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        goal=next(one for one in goals_in(context, records) if one.id == goal_id),
        today=context.today,
        suggested=rules.suggest_evaluation(context.today, rules_of(context, ops_of(case))),
    )
