"""A stand-in for a cloud key vault behind the plug-in point: RSA-OAEP-256 over the block, keys in versions.

It shows that the contract can be met by a service that knows neither context nor rewrapping. It says
nothing about any real service.
"""

from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.provider import Health, KeyProvider, is_block_for

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


@cache
def key_of(installation: str, name: str) -> rsa.RSAPrivateKey:
    """The key of that name in one installation's vault."""
    del installation, name  # together they are what the cache knows it by
    return rsa.generate_private_key(65537, 2048)


class VaultDouble(KeyProvider):
    """Holds two root keys of ``options["installation"]``; ``trouble`` is what ails it now."""

    name = "akv"

    def __init__(self, options: Mapping[str, str]) -> None:
        """``options["secret"]`` is what a real one would sign in with."""
        where = options.get("installation", "")
        self._keys = {name: key_of(where, name) for name in ("stafett/root/1", "stafett/root/2")}
        self._secret = options.get("secret", "")
        self.trouble: Trouble | None = None

    def __repr__(self) -> str:
        return "<VaultDouble>"

    def health(self) -> Health:
        if self.trouble is None:
            return Health.READY
        return Health.SEALED if self.trouble is Trouble.SEALED else Health.ERROR

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        self._reach()
        if root_ref not in self._keys or not is_block_for(key64, context):
            raise ValueError("No such key, or no such block.")
        return self._keys[root_ref].public_key().encrypt(key64, OAEP)

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        self._reach()
        if root_ref not in self._keys:
            raise SealError
        try:
            block = self._keys[root_ref].decrypt(blob, OAEP)
        except ValueError:
            raise SealError from None
        if not is_block_for(block, context):
            raise SealError
        return block

    def _reach(self) -> None:
        if self.trouble is not None:
            raise ProviderUnavailable(self.trouble)
