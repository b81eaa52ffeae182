"""The rule for an account that begins anew: what two people agreed to just now, and nothing beside it.

The broker has used their approval up itself. It is good for the transaction that follows, once: the
limit on the row is counted from that moment, and no later reset has the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import Approval, RoleGrant
from bti.domain.access import Action
from bti.domain.account_reset import LIVES, LOST
from bti.domain.approval import ApprovalAct, ApprovalState, digest_of
from bti.keyd.grant_facts import SLOWEST, Columns, moment, same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.db.guards import Writing
    from bti.keyd.asking import Asking

#: What is made anew; all else stays as it is.
_ANEW: Final = frozenset({"password_hash", "must_renew", "first_until"})


def begins_anew(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether a colleague's account may begin anew so: password and code both, weak, for a day."""
    if row.row_id == asking.subject().account_id or not asking.may(Action.MANAGE_ACCOUNTS, None):
        return False
    until, before = moment(row.columns, "first_until"), moment(old, "first_until")
    if until is None or (before is not None and until <= before):
        return False
    return _anew_and_nothing_else(row, old) and _agreed(asking, row, until - LIVES)


def _anew_and_nothing_else(row: Writing, old: Columns) -> bool:
    """Tell whether both halves are new, and nobody is let in who was closed out."""
    rest = [name for name in old if name not in _ANEW and not name.endswith("_ct")]
    open_now = old["active"] == b"1" and old["suspended_at"] is None
    weak = row.columns["must_renew"] == b"1"
    both = row.columns["password_hash"] != old["password_hash"] and bool(row.beyond.get("totp_ct"))
    # A code that waited to be taken into use was shown to whoever was signed in before.
    clean = row.columns["totp_next_ct"] is None and not row.beyond.get("profile_ct")
    return same(row.columns, old, *rest) and open_now and weak and both and clean


def _agreed(asking: Asking, row: Writing, used_at: datetime) -> bool:
    """Tell whether somebody else said yes to this, and the one who asks now used it up then."""
    if used_at <= asking.now - SLOWEST:
        return False
    used = asking.session.scalars(
        select(Approval).where(
            Approval.tenant_id == row.tenant,
            Approval.state == ApprovalState.USED.value,
            Approval.params_sha256.in_(list(_digests(asking, row))),
            Approval.requested_by_id == asking.subject().account_id,
            Approval.answered_by_id != row.row_id,
            Approval.used_at == used_at,
        )
    )
    return bool(asking.verbs.authority.genuine(used))


def _digests(asking: Asking, row: Writing) -> Iterator[bytes]:
    """Give what could have been agreed to: the unit is one the person works in, with its leader."""
    grants = asking.session.scalars(
        select(RoleGrant).where(RoleGrant.account_id == row.row_id, RoleGrant.valid_to.is_(None))
    )
    for grant in asking.verbs.authority.genuine(grants):
        for lost in LOST:
            params = {"account": str(row.row_id), "unit": str(grant.unit_id), "lost": lost}
            yield digest_of(ApprovalAct.ACCOUNT_RESET, params)
