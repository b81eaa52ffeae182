"""The root key in a file on the server's own disk, and the care that file needs.

One line of JSON: v (1), kid (the root key's name), alg (AES-256-GCM), key_b64 (32 bytes).
"""

import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bti.crypto.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from bti.crypto.errors import SealError
from bti.crypto.provider import TENANT_KEY_BYTES, Health, KeyProvider

FIRST_ROOT_REF = "stafett/root/1"

_ALGORITHM = "AES-256-GCM"
_BLOB_BYTES = NONCE_BYTES + TENANT_KEY_BYTES + TAG_BYTES
_MEMBERS = {"v", "kid", "alg", "key_b64"}
_MODES = (0o400, 0o600)
_MAX_FILE_BYTES = 4096


class KeyFileRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """The root key file is not safe or not whole. The text says what to do and holds nothing of the key."""


class FileProvider(KeyProvider):
    """Wraps tenant keys under one root key read from a file when the provider is made."""

    name: Final = "file"

    def __init__(self, path: Path, forbidden_directories: Sequence[Path] = ()) -> None:
        """Read the root key.

        KeyFileRefused when the file is missing, a symbolic link, somebody else's, readable by others (mode other
        than 0400 or 0600), in a directory anybody may write to, in or below one of ``forbidden_directories``
        (data and backups: a key must not travel with what it opens), or not a root key file.
        """
        _check_place(path, forbidden_directories)
        _check_directory(path.parent)
        self._root_ref, self._cipher = _parse(path, _read(path))

    @classmethod
    def create(
        cls, path: Path, forbidden_directories: Sequence[Path] = (), root_ref: str = FIRST_ROOT_REF
    ) -> Self:
        """Make a new root key in a new file (0600, in a directory made 0700 if it is missing) and read it.

        The file appears whole or not at all. KeyFileRefused when anything has that name already, or the
        directory will not do.
        """
        _check_place(path, forbidden_directories)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_directory(path.parent)
        key_b64 = b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        document = {"v": 1, "kid": root_ref, "alg": _ALGORITHM, "key_b64": key_b64}
        _write_new(path, json.dumps(document, separators=(",", ":")).encode() + b"\n")
        return cls(path, forbidden_directories)

    @property
    def root_ref(self) -> str:
        """The name of the one root key kept here."""
        return self._root_ref

    def health(self) -> Health:
        """Always ready: a provider that could not read its key was never made."""
        return Health.READY

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Wrap 64 bytes: nonce(12) | AES-256-GCM with ``context`` as associated data (92 bytes).

        ValueError when ``root_ref`` is not the key kept here or the block is not 64 bytes.
        """
        if root_ref != self._root_ref or len(key64) != TENANT_KEY_BYTES:
            raise ValueError(f"This provider wraps blocks of 64 bytes under {self._root_ref}.")
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key64, context)

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes; SealError for every reason why it cannot."""
        if root_ref != self._root_ref or len(blob) != _BLOB_BYTES:
            raise SealError
        try:
            return self._cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], context)
        except InvalidTag:
            raise SealError from None

    def __repr__(self) -> str:
        """Show which root key this is, never the key."""
        return f"<FileProvider {self._root_ref}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A key provider is never copied or pickled.")


def _check_place(path: Path, forbidden_directories: Sequence[Path]) -> None:
    directory = path.parent.resolve()
    for forbidden in forbidden_directories:
        if directory.is_relative_to(forbidden.resolve()):
            raise KeyFileRefused(
                f"The root key file {path} lies in {forbidden}, with what it opens. Move it to a place of its own."
            )


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        raise KeyFileRefused(
            f"There is no directory {directory} for the root key file. Make it, or create a root key first."
        )
    if directory.stat().st_mode & stat.S_IWOTH:
        raise KeyFileRefused(
            f"Anybody may write to {directory}, so the root key file is not safe there. Run: chmod o-w {directory}"
        )


def _read(path: Path) -> bytes:
    """Read the file through one descriptor, so that what was checked is what is read."""
    try:
        # Not blocking: a named pipe left in its place must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as cause:
        if path.is_symlink():
            message = f"The root key file {path} is a symbolic link. Put the file itself there."
        else:
            message = f"The root key file {path} cannot be read ({cause.strerror}). Restore it, or create a root key first."
        raise KeyFileRefused(message) from None
    try:
        _check_status(path, os.fstat(descriptor))
        return os.read(descriptor, _MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _check_status(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileRefused(
            f"The root key file {path} is not an ordinary file. Put the file itself there."
        )
    if status.st_uid != os.geteuid():
        raise KeyFileRefused(
            f"The root key file {path} belongs to user id {status.st_uid}. Run this program as that user."
        )
    if mode not in _MODES:
        raise KeyFileRefused(
            f"The root key file {path} has mode {mode:04o} and may be read by others. Run: chmod 600 {path}"
        )


def _parse(path: Path, content: bytes) -> tuple[str, AESGCM]:
    try:
        document = json.loads(content)
        kid, key = document["kid"], b64decode(document["key_b64"], validate=True)
        whole = set(document) == _MEMBERS and document["v"] == 1 and document["alg"] == _ALGORITHM
    except (ValueError, KeyError, TypeError, RecursionError):
        kid, key, whole = "", b"", False
    if not whole or not isinstance(kid, str) or not kid or len(key) != KEY_BYTES:
        raise KeyFileRefused(
            f"The file {path} is not a whole root key file of version 1. Restore it from your recovery copy."
        )
    return kid, AESGCM(key)


def _write_new(path: Path, content: bytes) -> None:
    """Write a temporary file, then give it its name, which fails when the name is taken."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise KeyFileRefused(
            f"There is already something at {path}. A root key is never overwritten: move it away first."
        ) from None
    finally:
        temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
