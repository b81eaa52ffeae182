"""What a municipality has decided about itself: name, number, local rules and language, and how they are changed.

The public row is read before anybody has signed in. What counts stands beside it under a MAC, and where the two
differ nobody is let in.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.guards import FORGED
from bti.db.models import LocalRules, Municipality
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied
from bti.profiles import load
from bti.workflows import approval, own_rules
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.domain.approval import Params
    from bti.profiles import Profile
    from bti.workflows.context import Context

DECIDED: Final = ("name", "number", "profile", "language")
"""What stands in both rows."""


@dataclass(frozen=True, slots=True)
class MunicipalityChoice:
    """A municipality one may sign in to."""

    id: uuid.UUID
    name: str
    language: str
    number: str


@dataclass(frozen=True, slots=True)
class PublicRules:
    """What anybody may know about a municipality: its name, language and local rules."""

    name: str
    language: str
    rules: Profile


def choices(context: Context) -> tuple[MunicipalityChoice, ...]:
    """Return the municipalities of this installation.

    Raises ``KeysUnavailable`` while keys cannot be opened: nobody is asked for a password that
    cannot be checked.
    """
    rows = context.session.scalars(select(Municipality).order_by(Municipality.name)).all()
    if rows:
        context.enter(rows[0].id)
        with suppress(AccessDenied):  # one without a key of its own is met when it is chosen
            context.verbs.verifier_key(rows[0].id)
    return tuple(MunicipalityChoice(row.id, row.name, row.language, row.number) for row in rows)


def public_rules(context: Context, *, number: str) -> PublicRules:
    """Return what a visitor may read about. Raises ``NotFound``, and as ``decided``."""
    town = context.session.scalars(
        select(Municipality).where(Municipality.number == number)
    ).one_or_none()
    if town is None:
        raise NotFound
    context.enter(town.id)
    rules = decided(context, town.id)
    followed = own_rules.in_force(context, town.id, rules.profile)
    return PublicRules(rules.name, rules.language, followed)


def begin(context: Context, town: Municipality) -> None:
    """Write what counts beside a municipality that was just registered."""
    decided = {column: getattr(town, column) for column in DECIDED}
    context.session.add(LocalRules(id=town.id, tenant_id=town.id, **decided))


def found(context: Context, tenant_id: uuid.UUID) -> LocalRules:
    """Return what counts. Raises ``AccessDenied`` where the public row says something else.

    Its MAC is the caller's to check, together with what else is checked.
    """
    town = context.session.get_one(Municipality, tenant_id)
    row = context.session.get(LocalRules, tenant_id)
    if row is None or any(getattr(row, one) != getattr(town, one) for one in DECIDED):
        raise AccessDenied(FORGED)
    return row


def decided(context: Context, tenant_id: uuid.UUID) -> LocalRules:
    """Return what counts. Raises ``AccessDenied`` when either row was changed in SQL."""
    row = found(context, tenant_id)
    context.verbs.check(row)
    return row


def stands(context: Context, *, tenant_id: uuid.UUID) -> dict[str, str]:
    """Return how it all stands now. Raises ``AccessDenied`` when it was changed in SQL."""
    row = decided(context, tenant_id)
    return {column: getattr(row, column) for column in DECIDED}


def change_params(*, name: str, number: str, profile: str, language: str) -> Params:
    """Return what two people agree to: how it all stands afterwards."""
    return {
        "municipality": name,
        "municipality_number": number,
        "profile": profile,
        "language": language,
    }


def change(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    name: str,
    number: str,
    profile: str,
    language: str,
    approval_id: uuid.UUID | None,
) -> None:
    """Change what a municipality has decided, on two people's word. The profile must exist.

    Raises ``ApprovalRefused``, and ``AccessDenied`` when it was changed in SQL before.
    """
    load(profile)
    wanted = {"name": name, "number": number, "profile": profile, "language": language}
    row = decided(context, tenant_id)
    approval.use(
        context,
        approval_id,
        ApprovalAct.PROFILE_CHANGE,
        change_params(**wanted),
        tenant_id=tenant_id,
    )
    town = context.session.get_one(Municipality, tenant_id)
    for column, value in wanted.items():
        setattr(row, column, value)
        setattr(town, column, value)
    context.record(
        Action.TENANT_REGISTER_CHANGE,
        Reference("tenant", tenant_id),
        ground=f"gate:{ApprovalAct.PROFILE_CHANGE}",
        tenant=tenant_id,
    )
