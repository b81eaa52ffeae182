"""Data keys wrapped under a tenant's key-encryption key, bound to case and compartment.

Tenant keys themselves are wrapped by a provider (``provider``). Format, exactly 110 bytes:

    01 | 01 | kek_id(16) | nonce(12) | AES-256-GCM(key) with its 16-byte tag | commitment(32)
"""

from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from cryptography.exceptions import InvalidTag

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import (
    HEADER_BYTES,
    KEY_BYTES,
    KEY_ID_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    DataKey,
)
from bti.crypto.errors import SealError
from bti.crypto.pae import pae

_COMMIT_BYTES = sha256().digest_size
_BODY_AT = HEADER_BYTES + NONCE_BYTES
_COMMIT_AT = _BODY_AT + KEY_BYTES + TAG_BYTES
WRAPPED_BYTES = _COMMIT_AT + _COMMIT_BYTES


def wrap_key(kek: DataKey, tenant: UUID, case: UUID, compartment: str, dek: DataKey) -> bytes:
    """Wrap ``dek`` under ``kek`` (110 bytes) so that it opens for this tenant, case and compartment only."""
    secret = dek.secret_for_wrapping()
    nonce = random_bytes(NONCE_BYTES)
    commit = _commitment(secret, dek.key_id)
    context = _associated(kek.header, tenant, case, compartment, dek.key_id, commit)
    return kek.header + nonce + kek.wrapping_cipher().encrypt(nonce, secret, context) + commit


def unwrap_key(
    kek: DataKey, tenant: UUID, case: UUID, compartment: str, key_id: bytes, wrapped: bytes
) -> DataKey:
    """Give back the data key called ``key_id``; SealError for every reason why it cannot be."""
    if (
        len(wrapped) != WRAPPED_BYTES
        or len(key_id) != KEY_ID_BYTES
        or wrapped[:HEADER_BYTES] != kek.header
    ):
        raise SealError
    nonce, body, commit = (
        wrapped[HEADER_BYTES:_BODY_AT],
        wrapped[_BODY_AT:_COMMIT_AT],
        wrapped[_COMMIT_AT:],
    )
    context = _associated(kek.header, tenant, case, compartment, key_id, commit)
    try:
        secret = kek.wrapping_cipher().decrypt(nonce, body, context)
    except InvalidTag:
        raise SealError from None
    # AES-GCM alone does not commit to its key: a crafted blob may open under two keys. This makes it one.
    if not compare_digest(commit, _commitment(secret, key_id)):
        raise SealError
    return DataKey(key_id, secret)


def _commitment(secret: bytes, key_id: bytes) -> bytes:
    return hmac_digest(secret, b"stafett/commit/v1" + key_id, "sha256")


def _associated(
    header: bytes, tenant: UUID, case: UUID, compartment: str, key_id: bytes, commit: bytes
) -> bytes:
    return pae(header, b"dek", compartment.encode(), tenant.bytes, case.bytes, key_id, commit)
