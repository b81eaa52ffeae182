"""What a keeper of root keys must do, and tenant keys wrapped by one.

The keepers themselves (file, hardware module, key service) are modules of their own.

    01 | 10 + provider | the provider's blob over key(32) and SHA-256 of what the key is for(32)
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
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
FIRST_ROOT_REF = "stafett/root/1"
"""The name of an installation's first root key, in every provider."""

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

    @property
    def root_ref(self) -> str:
        """The root key under which everything new is wrapped."""
        return FIRST_ROOT_REF

    def health(self) -> Health:
        """Tell whether wrap and unwrap can be expected to work now. Never raises."""
        ...

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Wrap ``block_for(key, context)`` under the root key ``root_ref``.

        ValueError when that root key is not kept here or the block is no such block; ProviderUnavailable.
        """
        ...

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes.

        SealError when refused, whatever the cause; ProviderUnavailable when it could not be tried.
        """
        ...

    def unwrap_many(
        self, root_ref: str, items: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes | None]:
        """Unwrap many (blob, context) at once; None for each that is refused.

        ProviderUnavailable when it could not be tried. Providers that are asked over a network override this.
        """
        return [_opened_or_none(self, root_ref, blob, context) for blob, context in items]

    def rewrap(self, old_ref: str, new_ref: str, blob: bytes, context: bytes) -> bytes:
        """Move a blob to another root key, or (both names the same) to that key's newest version.

        Providers that can do so without showing the key override this. Raises as unwrap and wrap do.
        """
        return self.wrap(new_ref, self.unwrap(old_ref, blob, context), context)


@dataclass(frozen=True, slots=True)
class WrappedTenantKey:
    """A tenant key as it is stored, with all that it is bound to."""

    root_ref: str
    tenant: UUID
    purpose: TenantPurpose
    generation: int
    key_id: bytes
    wrapped: bytes


def block_for(key: bytes, context: bytes) -> bytes:
    """The 64 bytes a provider wraps: the key, and the hash that binds it where nothing else does."""
    return key + sha256(context).digest()


def is_block_for(block: bytes, context: bytes) -> bool:
    """Whether a block is whole and for this context."""
    return len(block) == TENANT_KEY_BYTES and compare_digest(
        block[KEY_BYTES:], sha256(context).digest()
    )


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
    block = block_for(key.secret_for_wrapping(), context)
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
    """Give back the tenant key called ``key_id``.

    SealError for every reason why it cannot be; ProviderUnavailable when it could not be tried.
    """
    stored = WrappedTenantKey(root_ref, tenant, purpose, generation, key_id, wrapped)
    if not _could_open(provider, stored):
        raise SealError
    context = _context(tenant, purpose, generation, key_id)
    # Some hardware modules wrap without associated data, so the binding also travels inside the block.
    return _tenant_key(stored, provider.unwrap(root_ref, wrapped[2:], context))


def rewrap_tenant_key(provider: KeyProvider, stored: WrappedTenantKey, new_ref: str) -> bytes:
    """Move a wrapped tenant key to another root key of the same provider; the new wrapped form.

    Raises as `unwrap_tenant_key` does, for nothing is moved that does not open.
    """
    if not _could_open(provider, stored):
        raise SealError
    blob, context = _blob_and_context(stored)
    return stored.wrapped[:2] + provider.rewrap(stored.root_ref, new_ref, blob, context)


def unwrap_tenant_keys(
    provider: KeyProvider, stored: Sequence[WrappedTenantKey]
) -> list[DataKey | None]:
    """Open many tenant keys with as few questions as the provider allows; None for each that is refused.

    For the start of a process: one damaged row must not keep the other municipalities shut out.
    ProviderUnavailable when they could not be tried.
    """
    opened: list[DataKey | None] = [None] * len(stored)
    by_root: dict[str, list[int]] = {}
    for place, one in enumerate(stored):
        if _could_open(provider, one):
            by_root.setdefault(one.root_ref, []).append(place)
    for root_ref, places in by_root.items():
        found = [stored[place] for place in places]
        blocks = provider.unwrap_many(root_ref, [_blob_and_context(one) for one in found])
        for place, one, block in zip(places, found, blocks, strict=True):
            with suppress(SealError):
                opened[place] = _tenant_key(one, block or b"")
    return opened


def _could_open(provider: KeyProvider, stored: WrappedTenantKey) -> bool:
    code = _PROVIDER_CODES.get(provider.name)
    return (
        code is not None
        and stored.wrapped[:2] == bytes((_VERSION_1, code))
        and len(stored.key_id) == KEY_ID_BYTES
    )


def _tenant_key(stored: WrappedTenantKey, block: bytes) -> DataKey:
    context = _context(stored.tenant, stored.purpose, stored.generation, stored.key_id)
    if not is_block_for(block, context):
        raise SealError
    return DataKey(stored.key_id, block[:KEY_BYTES])


def _blob_and_context(stored: WrappedTenantKey) -> tuple[bytes, bytes]:
    context = _context(stored.tenant, stored.purpose, stored.generation, stored.key_id)
    return stored.wrapped[2:], context


def _opened_or_none(
    provider: KeyProvider, root_ref: str, blob: bytes, context: bytes
) -> bytes | None:
    try:
        return provider.unwrap(root_ref, blob, context)
    except SealError:
        return None


def _context(tenant: UUID, purpose: TenantPurpose, generation: int, key_id: bytes) -> bytes:
    return pae(b"tenant-key", tenant.bytes, purpose.value.encode(), le64(generation), key_id)
