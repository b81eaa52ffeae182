"""From a professional system's key and the agreement it names to an actor.

Nothing is believed here: the key broker looks both up again for whatever is asked of it. Whoever has
no right to call is told so in one way, whatever is wrong.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import (
    Account,
    ApiAgreement,
    ApiClient,
    Municipality,
    RoleGrant,
    Throttle,
    Unit,
)
from bti.db.walls import client_by_key
from bti.domain.codes import Role, Sector
from bti.domain.errors import AccessDenied
from bti.identity import client_keys, tokens
from bti.identity.pace import PER_AGREEMENT, PER_CLIENT, PER_REFUSAL, Counted, once_more
from bti.keyd.on_behalf import AGREEMENT
from bti.workflows import municipality
from bti.workflows.actor import Actor

if TYPE_CHECKING:
    from datetime import timedelta

    from bti.identity.pace import Pace
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class TooOften:
    """Calls have come too fast; the next one may come in so many seconds."""

    seconds: int


def identify(context: Context, *, key: str, agreement_id: uuid.UUID) -> Actor | TooOften | None:
    """Return whom a system acts for, or None for any key and agreement that do not let it.

    A known key that is refused is entered in its municipality's log, once in a while. Counts calls.
    """
    if not client_keys.is_key(key):
        return None
    client = client_by_key(context.session, tokens.token_digest(key))
    if client is None:
        return None
    context.enter(client.tenant_id)
    refused = _why_not(context, client, agreement_id)
    if refused is not None:
        _enter_refusal(context, client, refused)
        return None
    agreement = context.session.get_one(ApiAgreement, agreement_id)
    for mark, pace in ((agreement.id, PER_AGREEMENT), (client.id, PER_CLIENT)):
        wait = _count(context, mark, pace)
        if wait is not None:
            return TooOften(math.ceil(wait.total_seconds()))
    return _actor(context, client, agreement, key)


def _why_not(context: Context, client: ApiClient, agreement_id: uuid.UUID) -> str | None:
    """Return the rule that refuses, for the log alone, or None."""
    agreement = context.session.get(ApiAgreement, agreement_id)
    if not client.is_live(context.now):
        return "client.ended"
    if agreement is None or agreement.client_id != client.id or not agreement.is_live(context.now):
        return "client.no_agreement"
    grant = context.session.get_one(RoleGrant, agreement.role_grant_id)
    account = context.session.get_one(Account, agreement.account_id)
    try:
        rules = municipality.found(context, client.tenant_id)
        context.verbs.check(client, agreement, grant, account, rules)
    except AccessDenied as denied:
        return denied.rule
    ended = grant.valid_to is not None and grant.valid_to <= context.now
    if ended or grant.valid_from > context.now or not account.can_sign_in or account.must_renew:
        return "access.no_role"
    return None


def _enter_refusal(context: Context, client: ApiClient, rule: str) -> None:
    if _count(context, client.id, PER_REFUSAL, what=b"refused") is None:
        context.record(
            Action.ACCESS_REQUEST_DENY,
            Reference("client", client.id),
            tenant=client.tenant_id,
            refused=rule,
        )


def _count(
    context: Context, mark: uuid.UUID, pace: Pace, *, what: bytes = b"calls"
) -> timedelta | None:
    """Count one more; return how long to wait when it is one too many."""
    key = sha256(b"api" + what + mark.bytes).digest()
    # Locked: two at once must not both read the same count.
    row = context.session.get(Throttle, key, with_for_update=True)
    before = None if row is None else Counted(row.failures, row.last_failure_at)
    after = once_more(before, pace, context.now)
    if not isinstance(after, Counted):
        return after
    context.session.merge(Throttle(key=key, failures=after.count, last_failure_at=after.since))
    return None


def _actor(context: Context, client: ApiClient, agreement: ApiAgreement, key: str) -> Actor:
    grant = context.session.get_one(RoleGrant, agreement.role_grant_id)
    account = context.session.get_one(Account, agreement.account_id)
    unit = context.session.get_one(Unit, grant.unit_id)
    town = context.session.get_one(Municipality, client.tenant_id)
    return Actor(
        account_id=account.id,
        tenant_id=client.tenant_id,
        session_id=agreement.id,
        token_hash=client.key_hash,
        proof=tokens.proof_of(key),
        # Nothing sealed is opened before the broker has said who it is, and no call shows it.
        name="",
        title="",
        role=Role(grant.role),
        unit_id=unit.id,
        unit_name=unit.name,
        sector=Sector(unit.sector),
        municipality=town.name,
        profile=town.profile,
        language=account.language or town.language,
        strength=AGREEMENT,
        client_id=client.id,
    )
