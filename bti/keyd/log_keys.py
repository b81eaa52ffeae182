"""Which generation of the audit key signs an epoch of the log: one for its whole life.

An epoch that says no public key is signed with the active generation. When that is to change, the epochs there are
have their public keys written down, and a new one begins: every checkpoint that was kept elsewhere stays provable, also
when the generation it was signed with is destroyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bti.audit.event import origin_of
from bti.audit.models import AuditEpoch
from bti.audit.note import VerifierKey
from bti.crypto.provider import TenantPurpose
from bti.crypto.signing import signing_key_from

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.keyd.keystore import KeyStore

_EPOCHS = AuditEpoch.__table__.c


def log_key(session: Session, keys: KeyStore, tenant: uuid.UUID, epoch: int) -> DataKey:
    """Return the audit key that signs this epoch. Raises ``SealError`` when there is none.

    Looked for once: an epoch does not change its key. Where a signer has a key of its own, none of ours is the
    epoch's, and the active one stands for it.
    """
    known = keys.signers.get((tenant, epoch))
    if known is not None:
        return keys.tenant_key_by_id(session, tenant, TenantPurpose.AUDIT, known)
    said = session.connection().scalar(
        select(_EPOCHS.verifier_key).where(_EPOCHS.tenant_id == tenant, _EPOCHS.epoch == epoch)
    )
    if said is None:
        return keys.tenant_key(session, tenant, TenantPurpose.AUDIT)
    # As they stand now: another transaction may have begun this epoch, with a new key, since.
    opening = keys.opening_keys(session, tenant, TenantPurpose.AUDIT, again=True)
    matching = (key for key in opening if public_key(key, tenant, epoch) == said)
    found = next(matching, None) if said else None
    if found is None:
        found = keys.tenant_key(session, tenant, TenantPurpose.AUDIT)
    keys.signers[tenant, epoch] = found.key_id
    return found


def public_key(key: DataKey, tenant: uuid.UUID, epoch: int) -> str:
    """Return the public key of what signs an epoch under this generation."""
    origin = origin_of(tenant, epoch)
    return VerifierKey.of(origin, signing_key_from(key, origin)).encode()


def write_down_public_keys(session: Session, keys: KeyStore, tenant: uuid.UUID) -> None:
    """Let every epoch that is signed with the active generation say its public key."""
    active = keys.tenant_key(session, tenant, TenantPurpose.AUDIT)
    silent = session.connection().scalars(
        select(_EPOCHS.epoch).where(_EPOCHS.tenant_id == tenant, _EPOCHS.verifier_key == "")
    )
    for epoch in silent.all():
        session.connection().execute(
            update(AuditEpoch)
            .where(_EPOCHS.tenant_id == tenant, _EPOCHS.epoch == epoch)
            .values(verifier_key=public_key(active, tenant, epoch))
        )
