"""The root key in a file on the server's own disk, and the care that file needs.

What is written in it: bti.crypto.root_key_document. What is checked about it: bti.crypto.private_file.
While the root key is being changed, the one that follows lies beside it as `.next`, and the one that was
as `.old`: what hangs under them opens too.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bti.crypto.envelope import KEY_BYTES
from bti.crypto.private_file import KeyFileRefused, check_directory, check_place, read_own
from bti.crypto.provider import FIRST_ROOT_REF
from bti.crypto.root_key_document import (
    DocumentRefused,
    LockCost,
    PassphraseRefused,
    read_key,
    write_key,
)
from bti.crypto.software_root import SoftwareRoot

__all__ = ["FIRST_ROOT_REF", "NEXT", "OLD", "FileProvider", "KeyFileRefused"]

NEXT: Final = ".next"
OLD: Final = ".old"

_WHAT = "root key file"


class FileProvider(SoftwareRoot):
    """Wraps under the root key in a file; opens what hangs under the one before or after it too."""

    name: Final = "file"

    def __init__(
        self,
        path: Path,
        forbidden_directories: Sequence[Path] = (),
        passphrase: str | None = None,
    ) -> None:
        """Read the root key.

        KeyFileRefused when the file is missing, a symbolic link, somebody else's, readable by others (mode other
        than 0400 or 0600), in a directory anybody may write to, in or below one of ``forbidden_directories``
        (data and backups: a key must not travel with what it opens), or not a root key file; and when it is
        locked and ``passphrase`` is not the one, or is not locked and there is one.
        """
        check_place(path, forbidden_directories, _WHAT)
        self._path = path
        self._passphrase = passphrase
        super().__init__(self._read())

    @classmethod
    def create(
        cls,
        path: Path,
        forbidden_directories: Sequence[Path] = (),
        root_ref: str = FIRST_ROOT_REF,
        passphrase: str | None = None,
        cost: LockCost | None = None,
    ) -> Self:
        """Make a new root key in a new file (0600, in a directory made 0700 if it is missing) and read it.

        The file appears whole or not at all. KeyFileRefused when anything has that name already, or the
        directory will not do.
        """
        check_place(path, forbidden_directories, _WHAT)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_directory(path.parent, _WHAT)
        write_root_key(path, root_ref, secrets.token_bytes(KEY_BYTES), passphrase, cost)
        return cls(path, forbidden_directories, passphrase)

    def _read(self) -> dict[str, bytes]:
        self._seen = _traces(self._path)
        keys = dict([read_root_key(self._path, self._passphrase)])
        for end in (NEXT, OLD):
            beside = _beside(self._path, end)
            if beside.exists() or beside.is_symlink():
                other, key = read_root_key(beside, self._passphrase)
                keys.setdefault(other, key)
        return keys

    def _cipher(self, root_ref: str) -> AESGCM | None:
        # A process that was running before the root key was changed finds the new one here. Files that are
        # as they were are not read again: opening a locked one is dear, and names come from the database.
        if root_ref not in self._ciphers and _traces(self._path) != self._seen:
            with suppress(KeyFileRefused):
                self._keep(self._read())
        return super()._cipher(root_ref)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _traces(path: Path) -> list[tuple[int, int] | None]:
    """What changes about the three files when one is made, moved or written."""
    found: list[tuple[int, int] | None] = []
    for one in (path, _beside(path, NEXT), _beside(path, OLD)):
        try:
            status = one.lstat()
            found.append((status.st_ino, status.st_mtime_ns))
        except OSError:
            found.append(None)
    return found


def read_root_key(path: Path, passphrase: str | None = None) -> tuple[str, bytes]:
    """Read a root key file and return its name and its 32 bytes. KeyFileRefused when it will not do."""
    try:
        return read_key(read_own(path, _WHAT), passphrase)
    except PassphraseRefused:
        raise KeyFileRefused(
            f"The passphrase does not open the {_WHAT} {path}, or one of the two has none."
        ) from None
    except DocumentRefused:
        raise KeyFileRefused(
            f"The file {path} is not a whole {_WHAT} of version 1. Restore it from your recovery copy."
        ) from None


def write_root_key(
    path: Path,
    root_ref: str,
    key: bytes,
    passphrase: str | None = None,
    cost: LockCost | None = None,
) -> None:
    """Write a root key into a new file, 0600, whole or not at all. KeyFileRefused when the name is taken."""
    _write_new(path, write_key(root_ref, key, passphrase, cost or LockCost()))


def lock_root_key(path: Path, passphrase: str, cost: LockCost | None = None) -> str:
    """Replace a root key file by one that the passphrase locks, and return the key's name.

    There is a whole key file in ``path`` at every instant. KeyFileRefused when it is locked already or
    another root key lies beside it: both would have to be changed at once.
    """
    root_ref, key = read_root_key(path)
    if any(_traces(path)[1:]):
        raise KeyFileRefused(f"Another root key lies beside {path}. Finish changing it first.")
    locked = _beside(path, ".locked")
    locked.unlink(missing_ok=True)
    write_root_key(locked, root_ref, key, passphrase, cost)
    locked.replace(path)
    _settle(path.parent)
    return root_ref


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
    _settle(path.parent)


def _settle(directory: Path) -> None:
    """Make a new name last through a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
