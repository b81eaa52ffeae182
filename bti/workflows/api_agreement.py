"""Which professional systems may act for me: said yes to by oneself, in one role, and taken back at once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import ApiAgreement, ApiClient, RoleGrant, Unit, WebSession
from bti.domain import clients
from bti.domain.access import Action as Act
from bti.domain.approval import StepUpNeeded
from bti.workflows import api_client, approval
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from datetime import date, datetime

    from bti.domain.codes import ClientScope
    from bti.workflows.api_client import ClientLine
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class OwnAgreement:
    """A system that acts for the person. The id is what the system must name with each call."""

    agreement_id: uuid.UUID
    name: str
    scopes: tuple[ClientScope, ...]
    unit_name: str
    agreed_at: datetime
    ends_on: date


@dataclass(frozen=True, slots=True)
class OwnSystems:
    """What acts for the person, in whichever role, and what could in this one."""

    agreed: tuple[OwnAgreement, ...]
    others: tuple[ClientLine, ...]


def mine(context: Context) -> OwnSystems:
    """Return which systems act for the person, and which could. Raises ``AccessDenied``."""
    require(context, Act.SEE_WORKLIST)
    lines = {one.client_id: one for one in api_client.lines(context) if one.live}
    own = [
        OwnAgreement(
            row.id,
            lines[row.client_id].name,
            lines[row.client_id].scopes,
            _unit_of(context, row),
            row.agreed_at,
            clients.last_day(row.ends_at),
        )
        for row in _own(context)
        if row.client_id in lines
    ]
    role = _role(context).id
    taken = {row.client_id for row in _own(context) if row.role_grant_id == role}
    others = tuple(one for key, one in lines.items() if key not in taken)
    return OwnSystems(tuple(sorted(own, key=lambda one: (one.name, one.unit_name))), others)


def agree(context: Context, *, client_id: uuid.UUID) -> uuid.UUID:
    """Let a system act for the person in this role; returns the agreement's id.

    On a proof that the key broker uses up for it. A second yes to the same system is the first. Raises
    ``StepUpNeeded`` and ``NotFound``.
    """
    require(context, Act.SEE_WORKLIST)
    client = context.session.get(ApiClient, client_id)
    if client is None or client.tenant_id != context.person.tenant_id:
        raise NotFound
    context.verbs.check(client)
    if not client.is_live(context.now):
        raise NotFound
    mark = (client_id, _role(context).id)
    before = next(
        (row for row in _own(context) if (row.client_id, row.role_grant_id) == mark), None
    )
    if before is not None:
        context.record(Action.CLIENT_LIST_READ, Reference("client", client_id))
        return before.id
    approval.require_fresh(context)
    row = ApiAgreement(
        tenant_id=client.tenant_id,
        client_id=client.id,
        account_id=context.person.account_id,
        role_grant_id=mark[1],
        agreed_at=context.now,
        ends_at=clients.agreement_ends(client.ends_at, context.now),
        revoked_at=None,
    )
    if not context.verbs.spend_proof(row.id):
        raise StepUpNeeded
    context.session.add(row)
    context.record(
        Action.CLIENT_AGREEMENT_GIVE,
        Reference("client", client.id),
        Reference("account", context.person.account_id),
    )
    return row.id


def withdraw(context: Context, *, agreement_id: uuid.UUID) -> None:
    """Take a yes back: from the next call on the system can do nothing for the person. Raises ``NotFound``."""
    context.verbs.subject()
    row = context.session.get(ApiAgreement, agreement_id)
    if row is None or row.account_id != context.person.account_id:
        raise NotFound
    context.verbs.check(row)
    if row.revoked_at is None:
        row.revoked_at = context.now
    context.record(
        Action.CLIENT_AGREEMENT_WITHDRAW,
        Reference("client", row.client_id),
        Reference("account", row.account_id),
    )


def _own(context: Context) -> list[ApiAgreement]:
    """Return the person's live agreements, in whichever role."""
    rows = context.session.scalars(
        select(ApiAgreement).where(
            ApiAgreement.account_id == context.person.account_id,
            ApiAgreement.revoked_at.is_(None),
            ApiAgreement.ends_at > context.now,
        )
    ).all()
    return [row for row in rows if api_client.is_genuine(context, row)]


def _unit_of(context: Context, row: ApiAgreement) -> str:
    grant = context.session.get_one(RoleGrant, row.role_grant_id)
    return context.session.get_one(Unit, grant.unit_id).name


def _role(context: Context) -> RoleGrant:
    session = context.session.get_one(WebSession, context.person.session_id)
    return context.session.get_one(RoleGrant, session.role_grant_id)
