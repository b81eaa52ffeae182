"""Whose agreement a professional system acts by: read and checked by the broker itself.

Client, agreement, role and account are rows under a MAC. One that was made up in SQL, or copied to
another person, opens nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import Account, ApiAgreement, ApiClient, RoleGrant
from bti.db.walls import meets
from bti.domain import clients
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.policy import PURPOSES
from bti.domain.relations import Subject
from bti.identity.tokens import digest_of_proof

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.keyd.authority import Authority
    from bti.keyd.broker import OnBehalf

#: How a session is called that no person has signed in to; see ``bti.domain.access.STRONG``.
AGREEMENT: Final = "agreement"

VERBS: Final = frozenset(
    {
        "subject",
        "open",
        "may_see",
        "new_case",
        "new_compartments",
        "open_core",
        "watch",
        "check",
        "grant",
        "national_id_token",
        "settle",
        # The entries of its acts are signed as everybody's are.
        "sign",
        "verifier_key",
    }
)
"""What may be asked of the broker in the name of a client. Codes, approvals and own records are people's."""

TABLES: Final = frozenset({"cases", "participants"})
"""The tables in which a client's acts change what somebody may do: a concern begins a case."""


def subject_of(
    session: Session, authority: Authority, credential: OnBehalf, now: datetime
) -> Subject:
    """Return the person a client acts for, within its scopes. Raises ``AccessDenied``.

    For an unknown key, an agreement with another client, and either of them ended, by the same rule.
    """
    shown = digest_of_proof(credential.proof)
    client = session.scalars(select(ApiClient).where(ApiClient.key_hash == shown)).one_or_none()
    agreement = session.get(ApiAgreement, credential.agreement, populate_existing=True)
    if client is None or agreement is None or agreement.client_id != client.id:
        raise AccessDenied("access.no_session")
    grant = session.get(RoleGrant, agreement.role_grant_id)
    account = session.get(Account, agreement.account_id)
    tenant = client.tenant_id
    if grant is None or account is None or grant.account_id != account.id:
        raise AccessDenied("access.no_session")
    rows = (client, agreement, grant, account)
    if any(row.tenant_id != tenant for row in rows) or not meets(session, tenant):
        raise AccessDenied("access.no_session")
    authority.genuine(rows)
    if not (client.is_live(now) and agreement.is_live(now)):
        raise AccessDenied("access.no_session")
    ended = grant.valid_to is not None and grant.valid_to <= now
    # Whoever must set up the sign-in anew has not shown that they are who agreed.
    if ended or grant.valid_from > now or not account.can_sign_in or account.must_renew:
        raise AccessDenied("access.no_role")
    role = Role(grant.role)
    return Subject(
        account_id=account.id,
        tenant_id=tenant,
        role=role,
        unit_id=grant.unit_id,
        strength=AGREEMENT,
        purpose=next(iter(PURPOSES[role]), None),
        client_id=client.id,
        scopes=clients.read(client.scopes),
    )
