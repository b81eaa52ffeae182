"""The municipality's own versions of the local rules: which is in force, and the one a case was begun under.

A version is believed for its MAC, and its text for the digest that stands under it. An own version counts while
the municipality follows the profile it stands on; a case goes on by it whatever the municipality follows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.guards import FORGED
from bti.db.models import OwnRules, RulesText
from bti.domain.errors import AccessDenied
from bti.profiles import in_force as shipped_in_force
from bti.profiles import load
from bti.profiles.own import number_of, own_version

if TYPE_CHECKING:
    import uuid

    from bti.profiles import Profile
    from bti.workflows.context import Context

_FOUND = "own_rules"


def published(context: Context, tenant_id: uuid.UUID) -> tuple[Profile, ...]:
    """Return every own version, oldest first. Raises ``AccessDenied`` when one was changed in SQL.

    Asked for at every turn, so what was found is kept for the transaction.
    """
    found: dict[uuid.UUID, tuple[Profile, ...]] = context.session.info.setdefault(_FOUND, {})
    if tenant_id not in found:
        found[tenant_id] = _published(context, tenant_id)
    return found[tenant_id]


def forget(context: Context) -> None:
    """Look again: a version has come."""
    context.session.info.pop(_FOUND, None)


def in_force(context: Context, tenant_id: uuid.UUID, name: str) -> Profile:
    """Return what a municipality that follows ``name`` goes by today. Raises ``AccessDenied``."""
    for own in reversed(published(context, tenant_id)):
        if own.valid_from <= context.today and (own.extends or "").split("/")[0] == name:
            return own
    return shipped_in_force(name, context.today)


def version(context: Context, tenant_id: uuid.UUID, key: str) -> Profile:
    """Return the version a case of the municipality names. Raises ``AccessDenied`` and ``ProfileError``."""
    number = number_of(key)
    if number is None:
        return load(key)
    there = published(context, tenant_id)
    if not 0 < number <= len(there):
        raise AccessDenied(FORGED)
    return there[number - 1]


def text_of(context: Context, tenant_id: uuid.UUID, sha256: str) -> str:
    """Return the text with this digest. Raises ``AccessDenied`` for one that is gone or another."""
    row = context.session.scalars(
        select(RulesText).where(RulesText.tenant_id == tenant_id, RulesText.sha256 == sha256)
    ).one_or_none()
    if row is None or digest(row.content) != sha256:
        raise AccessDenied(FORGED)
    return row.content


def digest(content: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def _published(context: Context, tenant_id: uuid.UUID) -> tuple[Profile, ...]:
    rows = context.session.scalars(
        select(OwnRules).where(OwnRules.tenant_id == tenant_id).order_by(OwnRules.number)
    ).all()
    if not rows:
        return ()
    context.verbs.check(*rows)
    if [row.number for row in rows] != list(range(1, len(rows) + 1)):
        raise AccessDenied(FORGED)
    return tuple(own_version(text_of(context, tenant_id, row.sha256)) for row in rows)
