"""The rule for a log that is continued in another, or taken back: what two people agreed to just now, and no more.

The broker has used their approval up itself, by its own clock, and the state of the case says that moment. So a yes is
good for one change of one log: the next begins later than the last ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Approval
from bti.domain import join
from bti.domain.approval import ApprovalAct, ApprovalState, digest_of
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.levels import CaseStatus
from bti.keyd.case_state import continuations
from bti.keyd.grant_facts import SLOWEST

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.db.guards import Writing
    from bti.domain.approval import Params
    from bti.keyd.asking import Asking


def is_agreed(asking: Asking, row: Writing) -> bool:
    """Tell whether exactly this change is what the one who asks, and the keeper of the other log, agreed to."""
    before, after = continuations(asking.verbs, row)
    if after is None:
        return False
    try:
        if after.lasts:
            begun = join.begun(before, after.into, after.talked_on, at=after.since)
            params = join.join_params(row.row_id, after.into, after.talked_on)
            good = begun == after and _is_worked_with(asking, row.row_id, after.into)
            return good and _used(asking, row, ApprovalAct.LOG_JOIN, params, after.since)
        ended = join.ended(before, at=after.until or asking.now)
    except RuleBroken:
        return False
    if before is None or ended != after or after.until is None:
        return False
    params = join.part_params(row.row_id, before)
    return _used(asking, row, ApprovalAct.LOG_PART, params, after.until)


def _is_worked_with(asking: Asking, log: uuid.UUID, into: uuid.UUID) -> bool:
    """Tell whether somebody has the baton of another open case of the municipality, and can act with it."""
    try:
        facts = asking.facts(into)
    except AccessDenied:
        return False
    works = facts.status is CaseStatus.OPEN and not facts.set_aside and facts.holder_id is not None
    return works and into != log


def _used(
    asking: Asking, row: Writing, act: ApprovalAct, params: Params, used_at: datetime
) -> bool:
    if not asking.now - SLOWEST < used_at <= asking.now:
        return False
    used = asking.session.scalars(
        select(Approval).where(
            Approval.tenant_id == row.tenant,
            Approval.state == ApprovalState.USED.value,
            Approval.params_sha256 == digest_of(act, params),
            Approval.requested_by_id == asking.subject().account_id,
            Approval.used_at == used_at,
        )
    )
    return bool(asking.verbs.authority.genuine(used))
