"""What an archive package takes of the key store: the whole of one case opened, and a signature.

Only for who has two people's word for exactly this case; the command that makes packages is the one that asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.archive.package import key_name
from bti.audit.note import VerifierKey, sign_note
from bti.crypto.provider import TenantPurpose
from bti.crypto.signing import signing_key_from
from bti.db.guards import note_opened
from bti.db.models import EmergencyAccess
from bti.keyd.keystore import ACTIVE

if TYPE_CHECKING:
    import uuid

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy.orm import Session

    from bti.archive.package import Statement
    from bti.db.models import Case
    from bti.domain.approval import Params
    from bti.keyd.keystore import KeyStore


def archive_params(number: str) -> Params:
    """Return what an approval to make an archive package of a case must name."""
    return {"case": number, "what": "archive package"}


def open_whole(session: Session, keys: KeyStore, case: Case) -> frozenset[str]:
    """Release every data key of a case, and of what was written when emergency access to it was used.

    Returns the compartments of the case. The transaction must name the case in an entry.
    """
    vault = session.info["vault"]
    note_opened(session, case.id)
    emergencies = session.scalars(
        select(EmergencyAccess.id).where(EmergencyAccess.case_id == case.id)
    ).all()
    released = set()
    for owner in (case.id, *emergencies):
        for row in keys.compartments(session, case.tenant_id, owner):
            vault.put_case(
                owner, row.compartment, keys.unwrap(session, row), active=row.state == ACTIVE
            )
            if owner == case.id:
                released.add(row.compartment)
    return frozenset(released)


def sign_package(session: Session, keys: KeyStore, statement: Statement) -> str:
    """Return the signed note of a package. The key is derived for packages and signs no log."""
    name = key_name(statement.tenant)
    return sign_note(statement.text, name, _key(session, keys, statement.tenant))


def package_key(session: Session, keys: KeyStore, tenant: uuid.UUID) -> str:
    """Return the public key that a municipality's packages are verified with, in one line."""
    return VerifierKey.of(key_name(tenant), _key(session, keys, tenant)).encode()


def _key(session: Session, keys: KeyStore, tenant: uuid.UUID) -> Ed25519PrivateKey:
    return signing_key_from(keys.tenant_key(session, tenant, TenantPurpose.AUDIT), key_name(tenant))
