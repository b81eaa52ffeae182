"""Two people who prove who they are where nobody can sign in: for a new epoch of a log that was put back.

No entry can be written then, so there is no session and no approval that waited. Both prove themselves
in the one transaction that begins the epoch, and the approval stands in it, used, from the first moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, Approval, RoleGrant
from bti.domain import approval as rules
from bti.domain.approval import (
    TWO_PEOPLE,
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
)
from bti.domain.codes import Role
from bti.workflows import blind_tokens

if TYPE_CHECKING:
    import uuid

    from bti.domain.approval import Params
    from bti.workflows.context import Context

_ACT = ApprovalAct.LOG_EPOCH


class NotProvenError(Exception):
    """Password and code do not prove the account named ``username``; which of them is not told."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username


@dataclass(frozen=True, slots=True)
class Shown:
    """What one of the two has typed."""

    username: str
    secret: str = field(repr=False)
    code: str = field(repr=False)


def agreed(
    context: Context, tenant_id: uuid.UUID, params: Params, asks: Shown, agrees: Shown
) -> Approval:
    """Have both proven, apply the rules of approvals, and add the approval, used.

    Raises ``NotProvenError``, and ``ApprovalRefused`` as ``check_ask`` and ``check_answer``.
    """
    context.verbs.open_directory(tenant_id)
    asker = _proven(context, tenant_id, asks, TWO_PEOPLE[_ACT].ask)
    expires_at = rules.check_ask(asker, _ACT, at=context.now)
    digest = rules.digest_of(_ACT, params)
    row = Approval(
        tenant_id=tenant_id,
        act=_ACT.value,
        state=ApprovalState.USED.value,
        params_sha256=digest,
        requested_by_id=asker.account_id,
        requested_at=context.now,
        expires_at=expires_at,
        answered_at=context.now,
        used_at=context.now,
    )
    facts = ApprovalFacts(
        approval_id=row.id,
        act=_ACT,
        digest=digest,
        state=ApprovalState.WAITING,
        requested_by=asker.account_id,
        requester_name=asker.name,
        expires_at=expires_at,
    )
    giver = _proven(context, tenant_id, agrees, TWO_PEOPLE[_ACT].give, asker=asker)
    rules.check_answer(facts, giver, at=context.now)
    row.answered_by_id = giver.account_id
    row.params = {"params": dict(params), "reason": ""}
    context.session.add(row)
    return row


def enter(context: Context, tenant_id: uuid.UUID, row: Approval) -> None:
    """Enter question, answer and use: among the first entries of the new epoch."""
    people = [Reference("account", row.requested_by_id), Reference("approval", row.id)]
    if row.answered_by_id is not None:
        people.append(Reference("account", row.answered_by_id))
    for act in (
        Action.APPROVAL_REQUEST_CREATE,
        Action.APPROVAL_ANSWER_GIVE,
        Action.APPROVAL_ACT_USE,
    ):
        context.record(act, *people, ground=f"gate:{_ACT}", tenant=tenant_id)


def _proven(
    context: Context,
    tenant_id: uuid.UUID,
    shown: Shown,
    roles: frozenset[Role],
    asker: PersonFacts | None = None,
) -> PersonFacts:
    known = blind_tokens.of_username(context, tenant_id, shown.username)
    row = context.session.scalars(
        select(Account).where(Account.tenant_id == tenant_id, Account.username_token.in_(known))
    ).one_or_none()
    if row is None or not row.can_sign_in or row.must_renew:
        context.passwords.verify_nobody()
        raise NotProvenError(shown.username)
    context.verbs.check(row)
    if asker is not None and row.id == asker.account_id:
        raise ApprovalRefused("approval.self", tenant_id=tenant_id)
    right = context.passwords.verify(row.password_hash, shown.secret).right
    if not context.verbs.prove_code(row.id, shown.code) or not right:
        raise NotProvenError(shown.username)
    grant = _role(context, row, roles)
    return PersonFacts(
        account_id=row.id,
        role=Role(grant.role),
        unit_id=grant.unit_id,
        name=str(row.profile["name"]),
        proven_at=context.now,
        role_given_by=grant.granted_by_id,
    )


def _role(context: Context, account: Account, roles: frozenset[Role]) -> RoleGrant:
    grants = context.session.scalars(
        select(RoleGrant).where(RoleGrant.account_id == account.id).order_by(RoleGrant.valid_from)
    )
    for grant in grants:
        live = grant.valid_to is None or grant.valid_to > context.now
        if live and grant.valid_from <= context.now and Role(grant.role) in roles:
            context.verbs.check(grant)
            return grant
    raise ApprovalRefused("approval.role", tenant_id=account.tenant_id)
