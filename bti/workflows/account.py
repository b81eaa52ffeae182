"""Municipalities, units, accounts and roles: what an administrator and the command line do."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, Case, Log, Municipality, Participant, RoleGrant, Unit, WebSession
from bti.domain import leaving
from bti.domain.approval import StepUpNeeded
from bti.domain.codes import CASE_WORKERS, Role, Sector
from bti.domain.errors import RuleBroken
from bti.domain.levels import LogStatus
from bti.identity import totp
from bti.identity.password import check_new
from bti.profiles import load
from bti.workflows import blind_tokens, municipality
from bti.workflows.actor import SystemActor
from bti.workflows.case_file import ops_of
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as it was made. The TOTP secret is shown once and never again."""

    account_id: uuid.UUID
    totp_secret: bytes


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A line in the list of accounts."""

    account_id: uuid.UUID
    name: str
    title: str
    username: str
    active: bool
    roles: tuple[tuple[Role, str], ...]


def create_municipality(
    context: Context, *, name: str, number: str, profile: str, language: str
) -> uuid.UUID:
    """Register a municipality and make its keys. The profile must exist."""
    load(profile)
    row = Municipality(name=name, number=number, profile=profile, language=language)
    row.id = uuid.uuid4()
    context.verbs.create_tenant(row)
    municipality.begin(context, row)
    context.record(Action.TENANT_REGISTER_CREATE, Reference("tenant", row.id), tenant=row.id)
    return row.id


def municipality_by_number(context: Context, *, number: str) -> uuid.UUID | None:
    """Return the municipality with this number, or None."""
    return context.session.scalars(
        select(Municipality.id).where(Municipality.number == number)
    ).one_or_none()


def create_unit(
    context: Context, *, tenant_id: uuid.UUID, name: str, sector: Sector, phone: str = ""
) -> uuid.UUID:
    """Register a unit. Its organ is itself: sharing within a body is a decision of its own."""
    context.verbs.open_directory(tenant_id)
    row = Unit(tenant_id=tenant_id, name=name, sector=sector.value, organ="", phone=phone)
    row.organ = str(row.id)
    context.session.add(row)
    context.record(Action.UNIT_REGISTER_CREATE, Reference("unit", row.id), tenant=tenant_id)
    return row.id


def create_account(  # noqa: PLR0913 - each is a fact about the new account
    context: Context,
    *,
    tenant_id: uuid.UUID,
    username: str,
    name: str,
    title: str,
    secret: str,
    language: str | None = None,
    phone: str = "",
    must_renew: bool = True,
) -> NewAccount:
    """Make an account that can sign in with password and one-time code.

    Its owner chooses their own before anything else, unless they made these (``must_renew``).

    On a page it takes a fresh proof, which the key broker uses up for this one account.

    Raises ``RuleBroken("account.username_taken")``, ``PasswordRefusedError`` and ``StepUpNeeded``.
    """
    check_new(secret, context=[username, name])
    context.verbs.open_directory(tenant_id)
    taken = blind_tokens.of_username(context, tenant_id, username)
    known = select(Account.id).where(Account.username_token.in_(taken))
    if context.session.scalars(known).first():
        code = "account.username_taken"
        raise RuleBroken(code)
    seed = totp.new_secret()
    row = Account(
        id=uuid.uuid4(),
        tenant_id=tenant_id,
        username_token=taken[0],
        password_hash=context.passwords.hash(secret),
        must_renew=must_renew,
        language=language,
    )
    row.profile = {"name": name, "username": username, "title": title, "phone": phone}
    row.totp_secret = seed.hex()
    if not isinstance(context.actor, SystemActor) and not context.verbs.spend_proof(row.id):
        raise StepUpNeeded
    context.session.add(row)
    context.record(Action.ACCOUNT_PROFILE_CREATE, Reference("account", row.id), tenant=tenant_id)
    return NewAccount(row.id, seed)


def grant_role(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
    role: Role,
    granted_by: uuid.UUID | None = None,
) -> uuid.UUID:
    """Give an account a role in a unit from now on. ``granted_by`` is None for the command line."""
    row = RoleGrant(
        tenant_id=tenant_id,
        account_id=account_id,
        unit_id=unit_id,
        role=role.value,
        granted_by_id=granted_by,
        valid_from=context.now,
        valid_to=None,
    )
    context.session.add(row)
    context.record(
        Action.ACCOUNT_ROLE_GRANT,
        Reference("account", account_id),
        Reference("unit", unit_id),
        tenant=tenant_id,
    )
    return row.id


def end_role(context: Context, *, tenant_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """End a role now.

    Nobody leaves with the baton in hand: raises ``RuleBroken("account.holds_baton", count=…)``
    while logs have their baton with this person in this unit, unless another role of theirs
    there can hold it. Their places in cases, which were given to them in that unit, end with the
    last such role: a role given again later opens none of them. Raises ``NotFound`` for another
    municipality's role.
    """
    row = context.session.get_one(RoleGrant, grant_id)
    if row.tenant_id != tenant_id:
        raise NotFound
    _held(context, row.account_id)
    held = batons_held(context, tenant_id=tenant_id, unit_id=row.unit_id).get(row.account_id, 0)
    if not _another_can_hold(context, row):
        leaving.check_end(held)
    row.valid_to = context.now
    if not _another_can_hold(context, row):
        _end_places(context, row)
    context.record(Action.ACCOUNT_ROLE_END, Reference("account", row.account_id), tenant=tenant_id)


def _end_places(context: Context, ended: RoleGrant) -> None:
    places = context.session.scalars(
        select(Participant).where(
            Participant.account_id == ended.account_id,
            Participant.unit_id == ended.unit_id,
            Participant.revoked_at.is_(None),
        )
    )
    for place in places:
        if place.valid_to is None or place.valid_to > context.now:
            place.valid_to = context.now


def disable_account(context: Context, *, tenant_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Close an account and its sessions now. Raises ``RuleBroken("account.holds_baton", count=…)``."""
    row = _held(context, account_id)
    if row.tenant_id != tenant_id:
        raise NotFound
    context.verbs.open_directory(tenant_id)
    leaving.check_end(batons_held(context, tenant_id=tenant_id).get(account_id, 0))
    row.active = False
    end_sessions(context, account_id)
    context.record(
        Action.ACCOUNT_PROFILE_DISABLE, Reference("account", account_id), tenant=tenant_id
    )


def end_sessions(context: Context, account_id: uuid.UUID) -> None:
    """End every session of an account, for an act that has an entry of its own."""
    alive = select(WebSession).where(
        WebSession.account_id == account_id, WebSession.revoked_at.is_(None)
    )
    for web_session in context.session.scalars(alive):
        web_session.revoked_at = context.now


def _held(context: Context, account_id: uuid.UUID) -> Account:
    """Return the account, held: nobody is given a baton while it ends (``hold_account``)."""
    return context.session.get_one(
        Account, account_id, with_for_update=True, populate_existing=True
    )


def batons_held(
    context: Context, *, tenant_id: uuid.UUID, unit_id: uuid.UUID | None = None
) -> dict[uuid.UUID, int]:
    """Return how many running logs each account has the baton of, in ``unit_id`` or anywhere.

    Counts only: which children they are about is nothing an administrator learns.
    """
    if isinstance(context.actor, SystemActor):
        context.verbs.open_ops(tenant_id)
    query = (
        select(Log.holder_id, Case)
        .join(Case, Case.id == Log.case_id)
        .where(Log.tenant_id == tenant_id)
    )
    if unit_id is not None:
        query = query.where(Log.holder_unit_id == unit_id)
    held: Counter[uuid.UUID] = Counter()
    for holder, case in context.session.execute(query):
        ops = ops_of(case)
        if ops.log in {LogStatus.ACTIVE, LogStatus.SUSPENDED} and not ops.set_aside:
            held[holder] += 1
    return dict(held)


def _another_can_hold(context: Context, ended: RoleGrant) -> bool:
    others = context.session.scalars(
        select(RoleGrant).where(
            RoleGrant.account_id == ended.account_id,
            RoleGrant.unit_id == ended.unit_id,
            RoleGrant.id != ended.id,
            RoleGrant.valid_to.is_(None),
        )
    )
    return any(Role(row.role) in CASE_WORKERS for row in others)


def list_accounts(context: Context, *, tenant_id: uuid.UUID) -> tuple[AccountRow, ...]:
    """Return every account of a municipality with its roles."""
    context.verbs.open_directory(tenant_id)
    units = {
        unit.id: unit.name
        for unit in context.session.scalars(select(Unit).where(Unit.tenant_id == tenant_id))
    }
    roles: dict[uuid.UUID, list[tuple[Role, str]]] = {}
    for grant in context.session.scalars(
        select(RoleGrant).where(RoleGrant.tenant_id == tenant_id, RoleGrant.valid_to.is_(None))
    ):
        roles.setdefault(grant.account_id, []).append((Role(grant.role), units[grant.unit_id]))
    rows = context.session.scalars(select(Account).where(Account.tenant_id == tenant_id))
    return tuple(
        sorted(
            (
                AccountRow(
                    row.id,
                    row.profile["name"],
                    row.profile["title"],
                    row.profile["username"],
                    row.active,
                    tuple(roles.get(row.id, ())),
                )
                for row in rows
            ),
            key=lambda found: found.name,
        )
    )
