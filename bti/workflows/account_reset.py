"""A lost phone or password: the account begins anew, by two people who each give the person one half.

ASVS 6.4: the administrator starts it, somebody else who has met the person says yes. The administrator is
shown the password and the one who said yes the code for the app, so neither can sign in alone. What they
give opens a weak session, in which the person makes their own of both, and is worth nothing after a day.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, Approval, RoleGrant
from bti.domain.access import Action as Act
from bti.domain.account_reset import LIVES, LOST
from bti.domain.approval import ApprovalAct, ApprovalState
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.workflows import account, approval, directory
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from datetime import datetime

    from bti.domain.approval import Params
    from bti.workflows.context import Context

TOLD_FOR: Final = timedelta(days=90)
_SECRET_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class PasswordHalf:
    """What the administrator gives to the person. Shown once and kept nowhere in clear."""

    name: str
    username: str
    secret: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class CodeHalf:
    """What the one who said yes gives to the person, until it is used or runs out."""

    name: str
    username: str
    totp_secret: bytes = field(repr=False)
    until: datetime


def ask(context: Context, *, account_id: uuid.UUID, lost: str, reason: str) -> uuid.UUID:
    """Ask for a colleague's account to begin anew; returns the approval's id.

    The yes is for a leader of a unit the person works in, or another administrator. Raises
    ``RuleBroken`` with account.own, account.not_active, account.no_role, reset.no_reason or
    approval.waiting, ``StepUpNeeded`` and ``NotFound``.
    """
    require(context, Act.MANAGE_ACCOUNTS)
    row = _somebody_else(context, account_id)
    if lost not in LOST:
        raise NotFound
    if not reason.strip():
        raise RuleBroken("reset.no_reason")
    params = _params(context, row, lost)
    if approval.given_for(context, ApprovalAct.ACCOUNT_RESET, params) is not None:
        raise RuleBroken("approval.waiting")
    return approval.ask(context, ApprovalAct.ACCOUNT_RESET, params, reason=reason.strip())


def carry_out(context: Context, *, approval_id: uuid.UUID) -> PasswordHalf:
    """Let the account begin anew, with a colleague's yes; every session of it ends.

    Raises ``RuleBroken``, ``NotFound``, ``StepUpNeeded`` and ``ApprovalRefused``.
    """
    require(context, Act.MANAGE_ACCOUNTS)
    approval.require_fresh(context)
    params = approval.params_of(context, approval_id, ApprovalAct.ACCOUNT_RESET)
    row = _somebody_else(context, uuid.UUID(str(params["account"])))
    approval.use(context, approval_id, ApprovalAct.ACCOUNT_RESET, params)
    until = _used_at(context, approval_id) + LIVES
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row.password_hash = context.passwords.hash(secret)
    row.first_code = totp.new_secret().hex()
    row.totp_secret = row.first_code
    row.totp_next = None
    row.must_renew = True
    row.first_until = until
    account.end_sessions(context, row.id)
    context.record(Action.ACCOUNT_RESET_WRITE, Reference("account", row.id), ground="gate:reset")
    return PasswordHalf(row.profile["name"], row.profile["username"], secret, until)


def _used_at(context: Context, approval_id: uuid.UUID) -> datetime:
    """Return when the key broker used the approval up, by its own clock."""
    found = context.session.get_one(Approval, approval_id, populate_existing=True)
    context.verbs.check(found)
    if found.used_at is None:
        raise NotFound
    return found.used_at


def code_half(context: Context, *, approval_id: uuid.UUID) -> CodeHalf:
    """Return the code for the app to the one who said yes; each look is entered.

    Raises ``NotFound`` for anybody else, before the reset, and once it is used or has run out.
    """
    require(context, Act.GIVE_APPROVAL)
    approval.require_fresh(context)
    found = context.session.get(Approval, approval_id)
    if found is None or found.answered_by_id != context.person.account_id:
        raise NotFound
    context.verbs.check(found)
    row = _of_approval(context, found)
    if row is None:
        raise NotFound
    context.record(Action.ACCOUNT_RESET_READ, Reference("account", row.id))
    return CodeHalf(
        row.profile["name"],
        row.profile["username"],
        bytes.fromhex(row.first_code),
        row.first_until or context.now,
    )


def last_of(context: Context, account_id: uuid.UUID) -> tuple[datetime, str, str] | None:
    """Return when an account last began anew within ``TOLD_FOR``, who asked and who said yes."""
    rows = context.session.scalars(
        select(Approval)
        .where(
            Approval.tenant_id == context.person.tenant_id,
            Approval.act == ApprovalAct.ACCOUNT_RESET.value,
            Approval.state == ApprovalState.USED.value,
            Approval.used_at > context.now - TOLD_FOR,
        )
        .order_by(Approval.used_at.desc())
    )
    for row in rows:
        mine = row.params["params"]["account"] == str(account_id)
        if mine and row.used_at is not None and row.answered_by_id is not None:
            asker = directory.name_of(context, row.requested_by_id)
            return row.used_at, asker, directory.name_of(context, row.answered_by_id)
    return None


def _of_approval(context: Context, found: Approval) -> Account | None:
    """Return the account that this approval let begin anew, while the halves are good."""
    used = found.act == ApprovalAct.ACCOUNT_RESET.value and found.state == ApprovalState.USED.value
    if not used or found.used_at is None:
        return None
    row = context.session.get(Account, uuid.UUID(found.params["params"]["account"]))
    # Of this reset and no later one: its halves run out exactly so long after it was used.
    same = row is not None and row.first_until == found.used_at + LIVES
    good = row is not None and row.must_renew and row.can_sign_in
    if row is None or not same or not good or context.now >= found.used_at + LIVES:
        return None
    context.verbs.check(row)
    return row


def _somebody_else(context: Context, account_id: uuid.UUID) -> Account:
    row = context.session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    if account_id == context.person.account_id:
        raise RuleBroken("account.own")
    if not row.can_sign_in:
        # A reset must not be the way back in for whoever was closed out.
        raise RuleBroken("account.not_active")
    return row


def _params(context: Context, row: Account, lost: str) -> Params:
    """Return what two people agree to. The unit's leader knows the face behind the account."""
    grants = context.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.account_id == row.id, RoleGrant.valid_to.is_(None))
        .order_by(RoleGrant.valid_from, RoleGrant.id)
    ).all()
    if not grants:
        raise RuleBroken("account.no_role")
    own = next((one for one in grants if Role(one.role) is not Role.UNIT_LEAD), grants[0])
    return {"account": str(row.id), "unit": str(own.unit_id), "lost": lost}
