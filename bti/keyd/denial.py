"""How a refusal is entered: always as a refusal, and as an alarm when it smells of an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.guards import FORGED
from bti.domain.approval import ApprovalRefused
from bti.keyd.quota import alarm_is_due

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.record import By, Recorder
    from bti.domain.errors import AccessDenied

_ALARMING: Final = ("quota.", "grant.", FORGED)


def enter(
    session: Session,
    recorder: Recorder,
    refusal: AccessDenied,
    *,
    tenant: uuid.UUID,
    by: By,
    account: uuid.UUID | None,
    at: datetime,
) -> None:
    """Enter a refusal. The first of an alarming kind in an hour is an alarm too."""
    about = [Reference("case", refusal.case_id)] if refusal.case_id else []
    if isinstance(refusal, ApprovalRefused) and refusal.approval_id:
        about.append(Reference("approval", refusal.approval_id))
    acts = [Action.ACCESS_REQUEST_DENY]
    if (
        account is not None
        and refusal.rule.startswith(_ALARMING)
        and alarm_is_due(session, account, refusal.rule, at)
    ):
        acts.append(Action.ALARM_BROKER_RAISE)
    for act in acts:
        recorder.record(act, tenant=tenant, by=by, about=about, allowed=False, rule=refusal.rule)
