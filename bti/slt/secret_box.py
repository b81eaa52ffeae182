"""Seals one-time-code secrets and addresses of e-mail under a key file of the network side's own.

Not the case side's key: a network process has none of those, and must not.
"""

import os
import secrets
import stat
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"
TOTP: Final = b"stafett network totp"
E_MAIL: Final = b"stafett network e-mail"
"""What a sealed secret is for; it opens for nothing else."""


class KeyFileError(Exception):
    """The key file cannot be used; the message says why and never what it holds."""


class SealBrokenError(Exception):
    """A sealed secret was changed, moved to another account, or sealed under another key."""


@dataclass(frozen=True, slots=True)
class SecretBox:
    """AES-256-GCM with a fresh nonce, bound to the account it belongs to."""

    _key: bytes = field(repr=False)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Open the box with the 32-byte key in `file`, made with mode 0600 if missing.

        Raises KeyFileError if others may read the file or it has another length.
        """
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(_read(file))
        with os.fdopen(handle, "wb") as out:
            key = secrets.token_bytes(_KEY_BYTES)
            out.write(key)
        return cls(key)

    def seal(self, secret: bytes, *, account_id: uuid.UUID, purpose: bytes = TOTP) -> bytes:
        """Format byte, nonce, ciphertext and tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key).encrypt(nonce, secret, purpose + account_id.bytes)
        return _FORMAT + nonce + sealed

    def open(self, sealed: bytes, *, account_id: uuid.UUID, purpose: bytes = TOTP) -> bytes:
        """The secret; raises SealBrokenError."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise SealBrokenError("unknown format")
        try:
            return AESGCM(self._key).decrypt(nonce, body, purpose + account_id.bytes)
        except InvalidTag as fault:
            raise SealBrokenError("the seal does not hold") from fault


def _read(file: Path) -> bytes:
    mode = file.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"{file.name} must be a plain file")
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{file.name} may be read by its owner only (mode 0600)")
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise KeyFileError(f"{file.name} must hold {_KEY_BYTES} bytes")
    return key
