"""The rule for the municipality's own versions of the local rules: what two people agreed to, the next, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.db.models import Approval, OwnRules
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, ApprovalState, digest_of, own_rules_params
from bti.keyd.grant_facts import SLOWEST, Columns

if TYPE_CHECKING:
    from bti.db.guards import Writing
    from bti.keyd.asking import Asking


def own_rules(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """The next version, exactly as another person agreed to just now; never a change of one.

    The broker has used the approval up itself. It is good once: the next version has another number.
    """
    sha256 = row.columns["sha256"]
    if old is not None or sha256 is None or not asking.may(Action.EDIT_RULES, None):
        return False
    there = select(func.max(OwnRules.number)).where(OwnRules.tenant_id == row.tenant)
    following = (asking.session.scalar(there) or 0) + 1
    if row.columns["number"] != str(following).encode():
        return False
    params = own_rules_params(following, sha256.decode("ascii", "replace"))
    used = asking.session.scalars(
        select(Approval).where(
            Approval.tenant_id == row.tenant,
            Approval.state == ApprovalState.USED.value,
            Approval.params_sha256 == digest_of(ApprovalAct.PROFILE_CHANGE, params),
            Approval.requested_by_id == asking.subject().account_id,
            Approval.used_at > asking.now - SLOWEST,
        )
    )
    return bool(asking.verbs.authority.genuine(used))
