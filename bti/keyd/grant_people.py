"""Rules for the rows of people: accounts, roles, sessions, own records and reviews."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from bti.db.guards import Writing, mac_columns
from bti.db.models import Account, Approval, Municipality, RoleGrant, Suspension
from bti.domain.access import Action
from bti.domain.approval import GIVEN_BY_TWO, ApprovalAct, ApprovalState, digest_of
from bti.domain.codes import Role
from bti.domain.emergency import LASTS
from bti.keyd import grant_first
from bti.keyd.asking import Asking
from bti.keyd.grant_facts import SLOWEST, Columns, ended_only, ident, moment, same
from bti.keyd.grant_reset import begins_anew
from bti.keyd.grant_use import has_room, is_reasoned

FULL: Final = b"password+totp"
FIRST: Final = grant_first.FIRST.encode()
#: What is checked at the sign-in, besides the sealed code.
_SIGN_IN: Final = ("password_hash", "must_renew")
#: What closing an account changes; all else is as it was when somebody opens it again.
_CLOSING: Final = frozenset({"active", "suspended_at"})
#: A session may not be given a longer life than any installation allows.
LONGEST: Final = timedelta(minutes=1440)


def account(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """An account is made and opened by who manages accounts, changed by its owner, closed by the program."""
    if asking.operator:
        return True
    if old is None:
        return grant_first.made(asking, row)
    return same(row.columns, old, "username_token", "tenant_id") and _changes(asking, row, old)


def _changes(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether an account that is there may be changed so."""
    if row.columns["active"] == b"0" and old["active"] == b"1":
        # Also the program's own: who took a bait is closed at once, and a person opens again.
        kept = [name for name in old if name not in _CLOSING and not name.endswith("_ct")]
        return same(row.columns, old, *kept) and not any(row.beyond.values())
    if not same(row.columns, old, "first_until"):
        return begins_anew(asking, row, old)
    if _is_self(asking, row.row_id) and same(row.columns, old, "active", "suspended_at"):
        return grant_first.changes_own(asking, row, old)
    return _holds_back(asking, row, old)


def _holds_back(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether another's account may be held back or let on: as it was, and to nobody else."""
    if not same(row.columns, old, *_SIGN_IN) or any(row.beyond.values()):
        return False
    # An account that was closed, by a bait or otherwise, is opened by its review alone.
    managed = same(row.columns, old, "active") and asking.may(Action.MANAGE_ACCOUNTS, None)
    return managed or _reviewed(asking, row.row_id)


def _reviewed(asking: Asking, account: uuid.UUID) -> bool:
    """Tell whether the session may settle the suspension that closed the account."""
    rows = _suspensions(asking, account)
    return any(asking.may_review(mac_columns(row), Action.LIFT_SUSPENSION) for row in rows)


def _suspensions(asking: Asking, account: uuid.UUID) -> list[Suspension]:
    open_now = asking.session.scalars(
        select(Suspension).where(Suspension.account_id == account, Suspension.settled_at.is_(None))
    )
    return asking.verbs.authority.genuine(open_now)


def _is_self(asking: Asking, account: uuid.UUID) -> bool:
    if asking.evidence.stands(account, asking.now):
        return True
    return asking.verbs.credential is not None and asking.subject().account_id == account


def role(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A role is given by another, and ended by who manages accounts."""
    if asking.operator:
        return True
    if not asking.may(Action.MANAGE_ACCOUNTS, None):
        return False
    if old is not None:
        return ended_only(row.columns, old, "valid_to")
    # Who may decide on roles must not also decide to read.
    subject = asking.subject()
    giver = row.columns["granted_by_id"] == subject.account_id.bytes
    another = ident(row.columns, "account_id") != subject.account_id
    return giver and another and _by_two_if_needed(asking, row)


def _by_two_if_needed(asking: Asking, row: Writing) -> bool:
    """Tell whether two people agreed to this role just now, where it takes two.

    The broker has used their approval up itself; it is good for the transaction that follows, once.
    """
    code = (row.columns["role"] or b"").decode()
    if code not in GIVEN_BY_TWO:
        return code in set(Role)
    account, unit = ident(row.columns, "account_id"), ident(row.columns, "unit_id")
    params = {"account": str(account), "unit": str(unit), "role": code}
    used = asking.session.scalars(
        select(Approval).where(
            Approval.tenant_id == row.tenant,
            Approval.state == ApprovalState.USED.value,
            Approval.params_sha256 == digest_of(ApprovalAct.ROLE_GRANT, params),
            Approval.requested_by_id == asking.subject().account_id,
            Approval.used_at > asking.now - SLOWEST,
        )
    )
    times = [one.used_at for one in asking.verbs.authority.genuine(used) if one.used_at]
    given_since = select(RoleGrant.id).where(
        RoleGrant.account_id == account,
        RoleGrant.unit_id == unit,
        RoleGrant.role == code,
        RoleGrant.valid_from >= max(times, default=asking.now),
    )
    return bool(times) and asking.session.scalars(given_since).first() is None


def web_session(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A session begins with a code just shown, or goes on from one of the same person's."""
    account = ident(row.columns, "account_id")
    if old is not None:
        # Ending one is nobody's gain but the owner's; a closed account ends them all.
        return ended_only(row.columns, old, "revoked_at")
    role = asking.session.get(RoleGrant, ident(row.columns, "role_grant_id"))
    # Else a role held next door would be a role here, once anybody has shown a code there.
    if role is None or (role.account_id, role.tenant_id) != (account, row.tenant):
        return False
    asking.verbs.authority.genuine([role])
    until = moment(row.columns, "expires_at")
    if until is None or until > asking.now + LONGEST or row.columns["revoked_at"] is not None:
        return False
    if asking.evidence.use(account, asking.now):
        owner = asking.session.get(Account, account)
        if owner is None or owner.tenant_id != row.tenant or owner.first_too_late(asking.now):
            return False
        asking.verbs.authority.genuine([owner])  # else SQL could say that the account is one's own
        full = FIRST if owner.must_renew else FULL
        if row.columns["strength"] == full and _proven_now(asking, row):
            return True
    # Also for who has shown the code only just now: they may have renewed it already.
    return _goes_on(asking, row, account, until)


def _goes_on(asking: Asking, row: Writing, account: uuid.UUID, until: datetime) -> bool:
    """Tell whether this is the same person's session in another of their roles, and no longer."""
    if asking.verbs.credential is None:
        return False
    subject = asking.subject()
    limit = asking.verbs.authority.ends_at
    if subject.account_id != account or limit is None or until > limit:
        return False
    if subject.strength.encode() == FIRST and row.columns["strength"] == FULL:
        return _proven_now(asking, row) and grant_first.is_own(asking, account)
    kept = moment(row.columns, "proven_at") == subject.proven_at
    return kept and row.columns["strength"] == subject.strength.encode()


def _proven_now(asking: Asking, row: Writing) -> bool:
    """Tell whether the session says that it was proven just now: not ahead, for later use."""
    proven = moment(row.columns, "proven_at")
    return proven is not None and asking.now - SLOWEST < proven <= asking.now


def own_record(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A draft or report is its author's, and stays theirs: nobody takes it over by changing it."""
    mine = ident(row.columns, "account_id") == asking.subject().account_id
    if old is not None:
        return mine and same(row.columns, old, "account_id")
    return mine and asking.begun(row.row_id)


def mail_choice(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """How somebody is reminded, and where, is their own: nobody has another's sent to themselves."""
    mine = ident(row.columns, "account_id") == asking.subject().account_id
    return mine and (old is None or same(row.columns, old, "account_id", "tenant_id"))


def departure(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """That somebody leaves is written by who manages accounts."""
    if asking.operator:
        return True
    asks = row.columns["asked_by_id"] == asking.subject().account_id.bytes
    fixed = old is None and asks
    kept = old is not None and same(row.columns, old, "account_id", "grant_id", "asked_by_id")
    return (fixed or kept) and asking.may(Action.MANAGE_ACCOUNTS, None)


def control(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """A month's control is made by the program, and signed by who may."""
    if asking.operator:
        return True
    signed = row.columns["signed_by"] in {None, asking.subject().account_id.bytes}
    kept = old is None or same(row.columns, old, "month", "run_at")
    return signed and kept and asking.may(Action.SIGN_CONTROL, None)


def control_finding(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """What a control points out is written by the program or its maker, and settled by a reviewer."""
    if asking.operator:
        return True
    if old is None:
        unsettled = row.columns["settled_at"] is None
        return unsettled and asking.may(Action.SIGN_CONTROL, None)
    kept = same(row.columns, old, "account_id", "unit_id", "control_id")
    return kept and asking.may_review(old, Action.REVIEW_USE)


def suspension(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """The program closes an account; somebody impartial opens it."""
    if old is None:
        # The program's own act, but only where the broker saw a bait taken and gave the key for it.
        open_now = row.columns["settled_at"] is None and row.columns["settled_by"] is None
        return open_now and asking.begun_for(row.row_id, ident(row.columns, "account_id"))
    return same(row.columns, old, "account_id", "began_at", "unit_id") and asking.may_review(
        old, Action.LIFT_SUSPENSION
    )


def emergency(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """Who is on call takes it in their own name; a reviewer settles it."""
    subject = asking.subject()
    if old is None:
        own = ident(row.columns, "account_id"), ident(row.columns, "unit_id")
        case_id = ident(row.columns, "case_id")
        mine = own == (subject.account_id, subject.unit_id) and asking.begun(row.row_id)
        begins = mine and _begins_now(asking, row.columns) and is_reasoned(asking, row)
        return begins and asking.may(Action.OPEN_EMERGENCY, case_id) and has_room(asking, row)
    settled = ended_only(row.columns, old, "settled_at", "settled_by")
    return (settled and asking.may_review(old, Action.REVIEW_USE)) or ended_only(
        row.columns, old, "expires_at"
    )


def _begins_now(asking: Asking, columns: Columns) -> bool:
    """Tell whether emergency access begins now, unsettled, and lasts no longer than it may."""
    opened, ends = moment(columns, "opened_at"), moment(columns, "expires_at")
    if opened is None or ends is None or columns.get("settled_at") or columns.get("settled_by"):
        return False
    return abs(asking.now - opened) <= SLOWEST and ends - opened <= LASTS


def local_rules(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """As the municipality was registered, by the command that did; never a change of them.

    That takes two people and a command in the broker's own environment.
    """
    town = asking.session.get(Municipality, row.tenant)
    if town is None or old is not None or not asking.operator or row.row_id != town.id:
        return False
    decided = ("name", "number", "profile", "language")
    return all(row.columns[one] == getattr(town, one).encode() for one in decided)
