"""Root keys held in this process's memory, for the providers that read them from somewhere."""

from collections.abc import Mapping
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import NONCE_BYTES, TAG_BYTES
from bti.crypto.errors import SealError
from bti.crypto.provider import TENANT_KEY_BYTES, Health, KeyProvider

BLOB_BYTES = NONCE_BYTES + TENANT_KEY_BYTES + TAG_BYTES


class SoftwareRoot(KeyProvider):
    """Wraps under root keys in memory: nonce(12) | AES-256-GCM with the context as associated data."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Keep ``keys`` (32 bytes by name); what is new is wrapped under the first. ValueError for none."""
        self._keep(keys)

    @property
    def root_ref(self) -> str:
        """The root key under which everything new is wrapped."""
        return self._root_ref

    def health(self) -> Health:
        """Always ready: a provider that could not read its keys was never made."""
        return Health.READY

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Wrap 64 bytes into 92; ValueError when the root key is not kept here or the block is not 64 bytes."""
        cipher = self._cipher(root_ref)
        if cipher is None or len(key64) != TENANT_KEY_BYTES:
            raise ValueError(f"This provider wraps blocks of 64 bytes under {self._names()}.")
        nonce = random_bytes(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, key64, context)

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes; SealError for every reason why it cannot."""
        cipher = self._cipher(root_ref)
        # The length first: AESGCM takes any nonce of 8 bytes or more.
        if cipher is None or len(blob) != BLOB_BYTES:
            raise SealError
        try:
            return cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], context)
        except InvalidTag:
            raise SealError from None

    def __repr__(self) -> str:
        """Show which root keys these are, never a key."""
        return f"<{type(self).__name__} {self._names()}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A key provider is never copied or pickled.")

    def _keep(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("A provider needs at least one root key.")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._root_ref = next(iter(keys))

    def _cipher(self, root_ref: str) -> AESGCM | None:
        return self._ciphers.get(root_ref)

    def _names(self) -> str:
        return ", ".join(self._ciphers)
