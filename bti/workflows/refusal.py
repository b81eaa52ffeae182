"""Enters that somebody signed in was turned away before any workflow began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit.actions import Action

if TYPE_CHECKING:
    from bti.workflows.context import Context


def enter(context: Context, *, rule: str) -> None:
    """Enter a refusal under a rule's name. What was asked for is not told: it may not exist."""
    context.recorder.record(
        Action.ACCESS_REQUEST_DENY,
        tenant=context.person.tenant_id,
        by=context.by,
        allowed=False,
        rule=rule,
    )
