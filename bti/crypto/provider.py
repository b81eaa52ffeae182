"""What a keeper of root keys must do, and tenant keys wrapped by one.

The keepers themselves (file, hardware module, key service) are modules of their own.

    01 | 10 + provider | the provider's blob over key(32) and SHA-256 of what the key is for(32)
"""

from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol
from uuid import UUID

from bti.crypto.envelope import KEY_BYTES, KEY_ID_BYTES, DataKey
from bti.crypto.errors import SealError
from bti.crypto.pae import le64, pae

TENANT_KEY_BYTES = KEY_BYTES + sha256().digest_size
"""The plain block a provider wraps: the key and the hash that binds it."""

_VERSION_1 = 0x01
_PROVIDER_CODES = {"file": 0x10, "cred": 0x11, "pkcs11": 0x12, "transit": 0x13, "akv": 0x14}


class Health(StrEnum):
    """Whether a provider can be used now; never anything about the keys."""

    SEALED = "sealed"
    READY = "ready"
    ERROR = "error"


class TenantPurpose(StrEnum):
    """What a tenant key is for. One key serves one purpose."""

    KEK = "kek"
    OPS = "ops"
    INDEX = "index"
    AUDIT = "audit"
    DIRECTORY = "directory"


class KeyProvider(Protocol):
    """Keeps root keys and lends their use. The root key itself never leaves it."""

    @property
    def name(self) -> str:
        """One of file, cred, pkcs11, transit, akv."""
        ...

    def health(self) -> Health:
        """Tell whether wrap and unwrap can be expected to work now."""
        ...

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Wrap 64 bytes under the root key ``root_ref``; ValueError when it is not kept here."""
        ...

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes; SealError, and nothing else, when refused."""
        ...

    def rewrap(self, old_ref: str, new_ref: str, blob: bytes, context: bytes) -> bytes:
        """Move a blob to another root key. Providers that can do so without showing the key override this."""
        return self.wrap(new_ref, self.unwrap(old_ref, blob, context), context)


def wrap_tenant_key(
    provider: KeyProvider,
    root_ref: str,
    tenant: UUID,
    purpose: TenantPurpose,
    generation: int,
    key: DataKey,
) -> bytes:
    """Wrap a tenant key; it opens for the same tenant, purpose, generation and key id only.

    ValueError when the provider has no code in the format or ``generation`` is not 0 to 2**64 - 1.
    """
    code = _PROVIDER_CODES.get(provider.name)
    if code is None:
        raise ValueError(f"The format knows no key provider called {provider.name!r}.")
    context = _context(tenant, purpose, generation, key.key_id)
    block = key.secret_for_wrapping() + sha256(context).digest()
    return bytes((_VERSION_1, code)) + provider.wrap(root_ref, block, context)


def unwrap_tenant_key(
    provider: KeyProvider,
    root_ref: str,
    tenant: UUID,
    purpose: TenantPurpose,
    generation: int,
    key_id: bytes,
    wrapped: bytes,
) -> DataKey:
    """Give back the tenant key called ``key_id``; SealError for every reason why it cannot be."""
    code = _PROVIDER_CODES.get(provider.name)
    if code is None or wrapped[:2] != bytes((_VERSION_1, code)) or len(key_id) != KEY_ID_BYTES:
        raise SealError
    context = _context(tenant, purpose, generation, key_id)
    block = provider.unwrap(root_ref, wrapped[2:], context)
    # Some hardware modules wrap without associated data, so the binding also travels inside the block.
    if len(block) != TENANT_KEY_BYTES or not compare_digest(
        block[KEY_BYTES:], sha256(context).digest()
    ):
        raise SealError
    return DataKey(key_id, block[:KEY_BYTES])


def _context(tenant: UUID, purpose: TenantPurpose, generation: int, key_id: bytes) -> bytes:
    return pae(b"tenant-key", tenant.bytes, purpose.value.encode(), le64(generation), key_id)
