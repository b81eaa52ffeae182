"""Colleagues and units by id, as pages name them. The directory key must be released."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Account, RoleGrant, Unit
from bti.domain.codes import CASE_WORKERS, Role, Sector

if TYPE_CHECKING:
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in the municipality, in one unit and role."""

    account_id: uuid.UUID
    name: str
    title: str
    unit_id: uuid.UUID
    unit_name: str
    role: Role


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A unit of the municipality."""

    id: uuid.UUID
    name: str
    sector: Sector
    phone: str


def units(context: Context) -> dict[uuid.UUID, UnitFact]:
    """Return every unit of the person's municipality by id."""
    rows = context.session.scalars(
        select(Unit).where(Unit.tenant_id == context.person.tenant_id).order_by(Unit.name)
    )
    return {row.id: UnitFact(row.id, row.name, Sector(row.sector), row.phone) for row in rows}


def name_of(context: Context, account_id: uuid.UUID) -> str:
    """Return a colleague's name."""
    account = context.session.get(Account, account_id)
    known = account is not None and account.tenant_id == context.person.tenant_id
    return account.profile["name"] if account is not None and known else ""


def hold_account(context: Context, account_id: uuid.UUID) -> None:
    """Let nobody end this account, or a role of it, until this transaction ends.

    To be called before somebody is given something to answer for: whoever ends the account holds
    the same row first. Says nothing about whether the account exists.
    """
    context.session.execute(
        select(Account.id)
        .where(Account.id == account_id, Account.tenant_id == context.person.tenant_id)
        .with_for_update(key_share=True)
    )


def works_here(context: Context, account_id: uuid.UUID) -> bool:
    """Tell whether somebody may sign in and has a role today: ended accounts count for nothing."""
    account = context.session.get(Account, account_id)
    if account is None or account.tenant_id != context.person.tenant_id or not account.can_sign_in:
        return False
    return (
        context.session.scalars(
            select(RoleGrant.id).where(
                RoleGrant.account_id == account_id,
                RoleGrant.valid_from <= context.now,
                (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > context.now),
            )
        ).first()
        is not None
    )


def second_people(context: Context) -> dict[uuid.UUID, str]:
    """Return the names of those who may say yes to what takes two people about a case: archive and erasure."""
    held = context.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.tenant_id == context.person.tenant_id,
            RoleGrant.role.in_([Role.DPO.value, Role.ARCHIVIST.value]),
            RoleGrant.valid_from <= context.now,
            (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > context.now),
        )
    )
    return {account.id: account.profile["name"] for account in held}


def colleague(context: Context, account_id: uuid.UUID, unit_id: uuid.UUID) -> Colleague | None:
    """Return a colleague with a case worker's role in this unit, or None."""
    return next((one for one in colleagues(context, unit_id) if one.account_id == account_id), None)


def colleagues(context: Context, unit_id: uuid.UUID) -> tuple[Colleague, ...]:
    """Return the case workers of a unit, by name; people without a role today are left out."""
    rows = context.session.execute(
        select(RoleGrant, Account)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.tenant_id == context.person.tenant_id,
            RoleGrant.unit_id == unit_id,
            RoleGrant.role.in_([role.value for role in CASE_WORKERS]),
            RoleGrant.valid_from <= context.now,
            (RoleGrant.valid_to.is_(None)) | (RoleGrant.valid_to > context.now),
            Account.active.is_(True),
            Account.suspended_at.is_(None),
        )
    )
    unit = units(context).get(unit_id)
    found = {
        account.id: Colleague(
            account.id,
            account.profile["name"],
            account.profile["title"],
            unit_id,
            unit.name if unit else "",
            Role(grant.role),
        )
        for grant, account in rows
    }
    return tuple(sorted(found.values(), key=lambda one: one.name))
