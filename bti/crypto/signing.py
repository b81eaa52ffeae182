"""The key that signs checkpoints of the audit log.

It is derived from the tenant's audit key, so there is nothing more to store, wrap or lose. The price: whoever
holds the audit key can sign. A signer with a key and state of its own can replace this without changing the log.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.crypto.envelope import DataKey

_LABEL = "stafett/checkpoint-signer/v1"


def signing_key_from(audit_key: DataKey, origin: str) -> Ed25519PrivateKey:
    """Derive the Ed25519 key (RFC 8032) for the log called ``origin``: same key and origin, same signer.

    ValueError when ``origin`` is empty or holds a zero character.
    """
    return audit_key.signing_key(_LABEL, origin)
