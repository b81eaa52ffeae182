"""The pair of keys that backups are sealed with: the public one makes them, the private one opens them.

HPKE (RFC 9180) with the hybrid ML-KEM-768 and X25519: a child's record must still be secret when a quantum
computer can break the half of it that is an elliptic curve. The private key is kept away from the machine.
"""

import re
from base64 import b64decode, b64encode
from hashlib import sha256, shake_256
from typing import Final, NoReturn, Self, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES
from bti.crypto.errors import SealError

SEALED_KEY_BYTES: Final = 1088 + 32 + KEY_BYTES + 16
"""ML-KEM ciphertext, X25519 public key, the sealed key and its tag."""

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PUBLIC: Final = "stafett-backup-key-v1"
_PRIVATE: Final = "stafett-backup-secret-v1"
_ML_KEM_PUBLIC_BYTES: Final = 1184
_PUBLIC_BYTES: Final = _ML_KEM_PUBLIC_BYTES + 32
_ML_KEM_SEED_BYTES: Final = 64
_ID: Final = re.compile(r"[0-9a-f]{16}")
_SECRET_FORM: Final = b"\x02"


class BackupKeyRefused(ValueError):  # noqa: N818 - says what happened, as callers read it
    """This is not a backup key. The text repeats nothing of it."""


@final
class BackupPublicKey:
    """Seals the one-time key of a backup so that only the private key gives it back."""

    __slots__ = ("_key", "_raw", "key_id")

    def __init__(self, raw: bytes) -> None:
        """Read 1216 bytes: the ML-KEM-768 key, then the X25519 key. BackupKeyRefused."""
        if len(raw) != _PUBLIC_BYTES:
            raise BackupKeyRefused("This is not a backup key.")
        try:
            kem = MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC_BYTES])
        except ValueError:
            raise BackupKeyRefused("This is not a backup key.") from None
        curve = X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC_BYTES:])
        self._raw = raw
        self._key = MLKEM768X25519PublicKey(kem, curve)
        self.key_id: Final = sha256(raw).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the line `encode` writes. BackupKeyRefused when it is another or damaged."""
        parts = text.strip().split("|")
        try:
            name, key_id, body = parts
            key = cls(b64decode(body, validate=True))
        except ValueError:
            raise BackupKeyRefused("This is not a backup key.") from None
        if name != _PUBLIC or key.key_id != key_id:
            raise BackupKeyRefused("This is not a backup key, or it is damaged.")
        return key

    def encode(self) -> str:
        """Return the line of text that is kept beside the database."""
        return f"{_PUBLIC}|{self.key_id}|{b64encode(self._raw).decode()}"

    def seal(self, key: bytes, info: bytes) -> bytes:
        """Seal 32 bytes; they come back for the same ``info`` only."""
        if len(key) != KEY_BYTES:
            raise ValueError("What is sealed to a backup key is a key of 32 bytes.")
        return _SUITE.encrypt(key, self._key, info=info)


@final
class BackupPrivateKey:
    """Opens backups. Made from 32 bytes as X-Wing does (SHAKE-256); shows and copies nothing."""

    __slots__ = ("_key", "_seed", "public")

    def __init__(self, seed: bytes) -> None:
        """Derive both halves from a seed of 32 bytes; BackupKeyRefused for another length."""
        if len(seed) != KEY_BYTES:
            raise BackupKeyRefused("This is not the private half of a backup key.")
        stretched = shake_256(seed).digest(_ML_KEM_SEED_BYTES + 32)
        kem = MLKEM768PrivateKey.from_seed_bytes(stretched[:_ML_KEM_SEED_BYTES])
        curve = X25519PrivateKey.from_private_bytes(stretched[_ML_KEM_SEED_BYTES:])
        self._seed = seed
        self._key = MLKEM768X25519PrivateKey(kem, curve)
        raw = kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        self.public: Final = BackupPublicKey(raw)

    @classmethod
    def generate(cls) -> Self:
        """Make a new pair from the kernel's random source."""
        return cls(random_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the line `encode` writes. BackupKeyRefused when it is another or damaged."""
        try:
            name, key_id, body = text.strip().split("|")
            key = cls(b64decode(body, validate=True))
        except ValueError:
            raise BackupKeyRefused("This is not the private half of a backup key.") from None
        if name != _PRIVATE or not _ID.fullmatch(key_id) or key.public.key_id != key_id:
            raise BackupKeyRefused(
                "This is not the private half of a backup key, or it is damaged."
            )
        return key

    def encode(self) -> str:
        """Return the line of text for a file of one's own; whoever has it opens every backup."""
        return f"{_PRIVATE}|{self.public.key_id}|{b64encode(self._seed).decode()}"

    @classmethod
    def recovered(cls, secret: bytes) -> Self:
        """Make the key from what its shares restore. BackupKeyRefused for shares of something else."""
        if secret[:1] != _SECRET_FORM:
            raise BackupKeyRefused("These are not the shares of a backup key.")
        return cls(secret[1:])

    def for_shares(self) -> bytes:
        """Give the bytes that are split into shares."""
        return _SECRET_FORM + self._seed

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Give back the 32 bytes; SealError for every reason why it cannot."""
        if len(sealed) != SEALED_KEY_BYTES:
            raise SealError
        try:
            key = _SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise SealError from None
        if len(key) != KEY_BYTES:
            raise SealError
        return key

    def __repr__(self) -> str:
        """Show which key it is, and nothing of it."""
        return f"<BackupPrivateKey {self.public.key_id}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A private key is never copied or pickled.")
