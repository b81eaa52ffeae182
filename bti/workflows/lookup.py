"""Finds units, accounts and roles by what an operator types, and tells how the keys stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.db.models import Account, CaseKey, RoleGrant, TenantKey, Unit
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.domain.codes import Role
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One wrapped key of a municipality. Never the key."""

    purpose: str
    generation: int
    state: str
    provider: str
    root_ref: str


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The keys of a municipality, and how many data keys hang under them."""

    keys: tuple[KeyRow, ...]
    data_keys: int


def unit_named(context: Context, *, tenant_id: uuid.UUID, name: str) -> uuid.UUID:
    """Return the unit with exactly this name. Raises ``NotFound``, also when two have it."""
    found = context.session.scalars(
        select(Unit.id).where(Unit.tenant_id == tenant_id, Unit.name == name)
    ).all()
    if len(found) != 1:
        raise NotFound
    return found[0]


def account_named(context: Context, *, tenant_id: uuid.UUID, username: str) -> uuid.UUID:
    """Return the account with this username. Raises ``NotFound``."""
    token = context.verbs.username_token(tenant_id, username)
    found = context.session.scalars(
        select(Account.id).where(Account.tenant_id == tenant_id, Account.username_token == token)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def grant_held(
    context: Context, *, account_id: uuid.UUID, unit_id: uuid.UUID, role: Role
) -> uuid.UUID:
    """Return the grant of a role that has not ended. Raises ``NotFound``."""
    found = context.session.scalars(
        select(RoleGrant.id).where(
            RoleGrant.account_id == account_id,
            RoleGrant.unit_id == unit_id,
            RoleGrant.role == role.value,
            RoleGrant.valid_to.is_(None),
        )
    ).first()
    if found is None:
        raise NotFound
    return found


def key_status(context: Context, *, tenant_id: uuid.UUID) -> KeyStatus:
    """Return how a municipality's keys stand, after opening one: all hang under the same root.

    Raises ``AccessDenied`` when it cannot be opened.
    """
    context.verbs.verifier_key(tenant_id)
    rows = context.session.scalars(
        select(TenantKey)
        .where(TenantKey.tenant_id == tenant_id)
        .order_by(TenantKey.purpose, TenantKey.generation)
    )
    count = select(func.count()).select_from(CaseKey).where(CaseKey.tenant_id == tenant_id)
    return KeyStatus(
        tuple(
            KeyRow(row.purpose, row.generation, row.state, row.provider, row.root_ref)
            for row in rows
        ),
        context.session.scalars(count).one(),
    )
