"""Asks the access table about acts on the installation itself, where there is no case to open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain.access import Refused, decide
from bti.domain.errors import AccessDenied
from bti.domain.relations import ObjectFacts, ObjectKind, acting_for

if TYPE_CHECKING:
    from bti.domain.access import Action
    from bti.domain.relations import Purpose, Subject
    from bti.workflows.context import Context


def require(context: Context, action: Action, *, purpose: Purpose | None = None) -> Subject:
    """Return who acts, as the broker knows them. Raises ``AccessDenied`` when they may not.

    ``purpose`` is what it is for, when that is not what the person's role is for.
    """
    subject = acting_for(context.verbs.subject(), purpose)
    facts = ObjectFacts(kind=ObjectKind.INSTALLATION, tenant_id=subject.tenant_id)
    decision = decide(subject, action, facts, context.now)
    if isinstance(decision, Refused):
        raise AccessDenied(decision.rule)
    return subject
