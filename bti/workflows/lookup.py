"""Finds units, accounts and roles by what an operator types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Account, RoleGrant, Unit
from bti.workflows import blind_tokens
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.domain.codes import Role
    from bti.workflows.context import Context


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
    known = blind_tokens.of_username(context, tenant_id, username)
    found = context.session.scalars(
        select(Account.id).where(Account.tenant_id == tenant_id, Account.username_token.in_(known))
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
