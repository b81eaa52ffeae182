"""The rules for clients and agreements: two people make a client, and a person agrees for themselves.

Either can be ended by whom it concerns, and by those who answer for the municipality. Nothing
of it is ever made longer: a new end takes a new row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import ApiClient, Approval, RoleGrant
from bti.domain import clients
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, ApprovalState, digest_of
from bti.domain.codes import CASE_WORKERS, Role
from bti.domain.step_up import DEMO
from bti.keyd import codes
from bti.keyd.grant_facts import SLOWEST, Columns, ended_only, ident, moment
from bti.keyd.on_behalf import AGREEMENT

if TYPE_CHECKING:
    from datetime import datetime

    from bti.db.guards import Writing
    from bti.keyd.asking import Asking


def client(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A client is made as two people agreed to it just now, once; and ended by either who sees it."""
    if old is not None:
        return ended_only(row.columns, old, "revoked_at") and asking.may(Action.SEE_CLIENTS, None)
    subject = asking.subject()
    made, ends = moment(row.columns, "made_at"), moment(row.columns, "ends_at")
    if made is None or ends is None or not asking.now - SLOWEST < made <= asking.now:
        return False
    mine = row.columns["made_by_id"] == subject.account_id.bytes
    fresh = row.columns["revoked_at"] is None and asking.may(Action.MANAGE_CLIENTS, None)
    return mine and fresh and _agreed(asking, row, made, ends)


def _agreed(asking: Asking, row: Writing, made: datetime, ends: datetime) -> bool:
    """Tell whether two people agreed to exactly this client, and no other was made of it.

    The broker has used their approval up itself; it is good for the transaction that follows, once.
    """
    profile = asking.verbs.approvals.opened(
        row.tenant, row.table, "profile_ct", row.row_id, row.version, row.columns
    )
    params = {
        "name": profile["name"],
        "scopes": (row.columns["scopes"] or b"").decode().split(" "),
        "ends_on": clients.last_day(ends).isoformat(),
    }
    used = asking.session.scalars(
        select(Approval).where(
            Approval.tenant_id == row.tenant,
            Approval.state == ApprovalState.USED.value,
            Approval.params_sha256 == digest_of(ApprovalAct.CLIENT_MAKE, params),
            Approval.requested_by_id == asking.subject().account_id,
            Approval.used_at > asking.now - SLOWEST,
        )
    )
    times = [one.used_at for one in asking.verbs.authority.genuine(used) if one.used_at]
    if not times or made < max(times):
        return False
    made_since = select(ApiClient.id).where(
        ApiClient.tenant_id == row.tenant, ApiClient.made_at >= max(times)
    )
    return asking.session.scalars(made_since).first() is None


def agreement(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A yes is a person's own, in a role of theirs, on a proof used up for it; nobody gives another's."""
    subject = asking.subject()
    mine = row.columns["account_id"] == subject.account_id.bytes
    if old is not None:
        ended = ended_only(row.columns, old, "revoked_at")
        return ended and (mine or asking.may(Action.SEE_CLIENTS, None))
    if not mine or row.columns["revoked_at"] is not None or subject.strength == AGREEMENT:
        return False
    proven = subject.strength == DEMO or codes.is_spent_on(
        asking.session, subject.account_id, row.row_id, asking.now
    )
    return proven and _own_role(asking, row) and _lives(asking, row)


def _own_role(asking: Asking, row: Writing) -> bool:
    """Tell whether it is given in the role of this session, which works with cases."""
    subject = asking.subject()
    role = asking.session.get(RoleGrant, ident(row.columns, "role_grant_id"))
    if role is None or (role.account_id, role.tenant_id) != (subject.account_id, row.tenant):
        return False
    asking.verbs.authority.genuine([role])
    own = (Role(role.role), role.unit_id) == (subject.role, subject.unit_id)
    return own and subject.role in CASE_WORKERS


def _lives(asking: Asking, row: Writing) -> bool:
    """Tell whether the client is there and genuine, and the yes no longer than it may be."""
    found = asking.session.get(ApiClient, ident(row.columns, "client_id"))
    if found is None or found.tenant_id != row.tenant:
        return False
    asking.verbs.authority.genuine([found])
    begun, ends = moment(row.columns, "agreed_at"), moment(row.columns, "ends_at")
    if begun is None or ends is None or not asking.now - SLOWEST < begun <= asking.now:
        return False
    return found.is_live(asking.now) and ends <= clients.agreement_ends(found.ends_at, asking.now)
