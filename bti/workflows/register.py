"""The register of accounts as an administrator works with it on the pages.

An administrator decides who may sign in and as what, and never reads a case.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import Account, RoleGrant, Unit
from bti.domain.access import Action as Act
from bti.domain.approval import GIVEN_BY_TWO, TWO_PEOPLE, ApprovalAct
from bti.domain.codes import STAFF_SIDE, Role
from bti.domain.errors import RuleBroken
from bti.workflows import account, account_person, approval
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from datetime import datetime

    from bti.domain.approval import Params
    from bti.workflows.context import Context

_SECRET_BYTES: Final = 15  # 20 characters: above the least length, and short enough to copy once


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role somebody has, or has had."""

    grant_id: uuid.UUID
    role: Role
    unit_name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Colleague:
    """One account as an administrator sees it. ``batons`` is a count and nothing more.

    ``noted`` is when it was registered who the person is, None for never.
    """

    account_id: uuid.UUID
    name: str
    title: str
    username: str
    active: bool
    roles: tuple[GrantRow, ...]
    batons: int
    noted: datetime | None


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit a role may be given in."""

    unit_id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Register:
    """Every account of the municipality, and the units there are."""

    colleagues: tuple[Colleague, ...]
    units: tuple[UnitChoice, ...]


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a new colleague needs to sign in. Shown once and kept nowhere in clear."""

    account_id: uuid.UUID
    name: str
    username: str
    secret: str
    totp_secret: bytes

    def __repr__(self) -> str:
        """Leave the secrets out of logs."""
        return f"<Welcome {self.account_id}>"


def show(context: Context) -> Register:
    """Return the register. Raises ``AccessDenied`` for others than administrators."""
    require(context, Act.MANAGE_ACCOUNTS)
    return Register(_colleagues(context), _units(context))


def colleague(context: Context, *, account_id: uuid.UUID) -> tuple[Colleague, Register]:
    """Return one account and the register it stands in."""
    found = show(context)
    for row in found.colleagues:
        if row.account_id == account_id:
            return row, found
    raise NotFound


def welcome(
    context: Context,
    *,
    name: str,
    title: str,
    username: str,
    phone: str,
    unit_id: uuid.UUID,
    role: Role,
) -> Welcome:
    """Make an account with a first role and a random password.

    Raises ``RuleBroken`` with account.username_taken, account.role_not_here or
    account.role_needs_two, and ``StepUpNeeded``: each account takes a proof of its own.
    """
    subject = require(context, Act.MANAGE_ACCOUNTS)
    _check_role(context, unit_id, role)
    if role in GIVEN_BY_TWO:
        raise RuleBroken("account.role_needs_two")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    made = account.create_account(
        context,
        tenant_id=subject.tenant_id,
        username=username,
        name=name,
        title=title,
        secret=secret,
        phone=phone,
    )
    account.grant_role(
        context,
        tenant_id=subject.tenant_id,
        account_id=made.account_id,
        unit_id=unit_id,
        role=role,
        granted_by=subject.account_id,
    )
    return Welcome(made.account_id, name, username, secret, made.totp_secret)


def role_params(account_id: uuid.UUID, unit_id: uuid.UUID, role: Role) -> Params:
    """Return what two people agree to when a role of ``GIVEN_BY_TWO`` is given."""
    return {"account": str(account_id), "unit": str(unit_id), "role": role.value}


def give_role(context: Context, *, account_id: uuid.UUID, unit_id: uuid.UUID, role: Role) -> bool:
    """Give a colleague one more role from now on; tells whether it is given already.

    A role of ``GIVEN_BY_TWO`` needs two people: it is asked for first, and given when it is
    sent again after a colleague's yes. Raises ``RuleBroken`` with account.own_role,
    account.role_not_here, account.role_given, account.not_active or approval.waiting,
    ``StepUpNeeded`` and ``NotFound``.

    Nobody gives to themselves: who may decide on roles must not also decide to read the log.
    """
    subject = require(context, Act.MANAGE_ACCOUNTS)
    row = _own_account(context, account_id)
    if account_id == subject.account_id:
        raise RuleBroken("account.own_role")
    if not row.active:
        raise RuleBroken("account.not_active")
    _check_role(context, unit_id, role)
    held = context.session.scalars(
        select(RoleGrant).where(
            RoleGrant.account_id == account_id,
            RoleGrant.unit_id == unit_id,
            RoleGrant.role == role.value,
            RoleGrant.valid_to.is_(None),
        )
    ).first()
    if held is not None:
        raise RuleBroken("account.role_given")
    if role in GIVEN_BY_TWO and not _agreed(context, role_params(account_id, unit_id, role)):
        return False
    account.grant_role(
        context,
        tenant_id=subject.tenant_id,
        account_id=account_id,
        unit_id=unit_id,
        role=role,
        granted_by=subject.account_id,
    )
    return True


def _agreed(context: Context, params: Params) -> bool:
    """Use up the yes to this role, or ask for one."""
    given = approval.given_for(context, ApprovalAct.ROLE_GRANT, params)
    if given is None:
        approval.ask(context, ApprovalAct.ROLE_GRANT, params)
        return False
    approval.use(context, given, ApprovalAct.ROLE_GRANT, params)
    return True


def needs_two(context: Context, *, tenant_id: uuid.UUID, role: Role) -> bool:
    """Whether the command line needs two people for this role (system only).

    Not before there is an administrator who can ask and somebody else who can say yes: the first
    of them come from the command line.
    """
    if role not in GIVEN_BY_TWO:
        return False
    rule = TWO_PEOPLE[ApprovalAct.ROLE_GRANT]
    holders = context.session.execute(
        select(RoleGrant.account_id, RoleGrant.role)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.tenant_id == tenant_id,
            RoleGrant.valid_to.is_(None),
            Account.active.is_(True),
            Account.suspended_at.is_(None),
        )
    ).all()
    askers = {who for who, held in holders if Role(held) in rule.ask}
    givers = {who for who, held in holders if Role(held) in rule.give}
    return any(givers - {asker} for asker in askers)


def grant_by_operator(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
    role: Role,
    approval_id: uuid.UUID | None,
) -> None:
    """Give a role from the command line. Raises ``ApprovalRefused`` where two people are needed."""
    if needs_two(context, tenant_id=tenant_id, role=role):
        params = role_params(account_id, unit_id, role)
        approval.use(context, approval_id, ApprovalAct.ROLE_GRANT, params, tenant_id=tenant_id)
    account.grant_role(
        context, tenant_id=tenant_id, account_id=account_id, unit_id=unit_id, role=role
    )


def take_role(context: Context, *, account_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """End a colleague's role now. Raises as ``account.end_role``, and ``NotFound``."""
    subject = require(context, Act.MANAGE_ACCOUNTS)
    row = context.session.get(RoleGrant, grant_id)
    if (
        row is None
        or (row.tenant_id, row.account_id) != (subject.tenant_id, account_id)
        or row.valid_to is not None
    ):
        raise NotFound
    account.end_role(context, tenant_id=subject.tenant_id, grant_id=grant_id)


def disable(context: Context, *, account_id: uuid.UUID) -> None:
    """Close an account now. Raises as ``account.disable_account``, and ``NotFound``.

    Nobody closes their own: the last administrator must not lock everybody out by a slip.
    """
    subject = require(context, Act.MANAGE_ACCOUNTS)
    _own_account(context, account_id)
    if account_id == subject.account_id:
        raise RuleBroken("account.own")
    account.disable_account(context, tenant_id=subject.tenant_id, account_id=account_id)


def _check_role(context: Context, unit_id: uuid.UUID, role: Role) -> None:
    unit = context.session.get(Unit, unit_id)
    if unit is None or unit.tenant_id != context.person.tenant_id or role not in STAFF_SIDE:
        raise RuleBroken("account.role_not_here")


def _own_account(context: Context, account_id: uuid.UUID) -> Account:
    row = context.session.get(Account, account_id)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    return row


def _units(context: Context) -> tuple[UnitChoice, ...]:
    rows = context.session.scalars(
        select(Unit).where(Unit.tenant_id == context.person.tenant_id).order_by(Unit.name)
    )
    return tuple(UnitChoice(row.id, row.name) for row in rows)


def _colleagues(context: Context) -> tuple[Colleague, ...]:
    tenant = context.person.tenant_id
    units = {row.unit_id: row.name for row in _units(context)}
    grants: dict[uuid.UUID, list[GrantRow]] = {}
    for row in context.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.tenant_id == tenant, RoleGrant.valid_to.is_(None))
        .order_by(RoleGrant.valid_from, RoleGrant.id)
    ):
        grants.setdefault(row.account_id, []).append(
            GrantRow(row.id, Role(row.role), units[row.unit_id], row.valid_from)
        )
    batons = account.batons_held(context, tenant_id=tenant)
    noted = account_person.noted(context)
    found = [
        Colleague(
            account_id=row.id,
            name=row.profile["name"],
            title=row.profile["title"],
            username=row.profile["username"],
            active=row.active,
            roles=tuple(grants.get(row.id, ())),
            batons=batons.get(row.id, 0),
            noted=noted.get(row.id),
        )
        for row in context.session.scalars(select(Account).where(Account.tenant_id == tenant))
    ]
    return tuple(sorted(found, key=lambda one: (not one.active, one.name)))
