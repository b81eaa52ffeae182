"""Changing the root key that lies in a file, and rebuilding the file from what its shares restore.

The new key first lies beside the old one as `.next`. When nothing hangs under the old one any more they change
places, and the old one stays as `.old`, for older dumps of the key store, until somebody deletes it. Every step
can be cut off and done again; at every instant there is a whole key file in its place.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from bti.crypto.envelope import KEY_BYTES
from bti.crypto.file_provider import NEXT, OLD, KeyFileRefused, read_root_key, write_root_key
from bti.crypto.root_recovery import RecoveryRefused, recovered_keys, recovery_secret

_NUMBERED: Final = re.compile(r"(.*/)([0-9]+)")


def prepare_next(path: Path, passphrase: str | None = None) -> str:
    """Make the root key that follows the one in ``path``, unless it is there, and return its name.

    KeyFileRefused while the one before still lies there: dumps may need it, and two old ones cannot be kept.
    """
    current, _ = read_root_key(path, passphrase)
    following = beside(path, NEXT)
    if following.exists():
        return read_root_key(following, passphrase)[0]
    if beside(path, OLD).exists():
        raise KeyFileRefused(
            f"The root key before this one still lies in {beside(path, OLD)}. Delete it when no dump of the key "
            "store needs it any more; then change the root key again."
        )
    numbered = _NUMBERED.fullmatch(current)
    name = f"{numbered[1]}{int(numbered[2]) + 1}" if numbered else f"{current}/2"
    write_root_key(following, name, secrets.token_bytes(KEY_BYTES), passphrase)
    return name


def change_places(path: Path) -> None:
    """Let the root key in `.next` take over and keep the one that was as `.old`. Does nothing without `.next`."""
    following, old = beside(path, NEXT), beside(path, OLD)
    if not following.exists():
        return
    if not old.exists():
        os.link(path, old, follow_symlinks=False)
    following.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def secret_of(path: Path, passphrase: str | None = None) -> bytes:
    """Return what the file, and the one before it if it is kept, are rebuilt from.

    KeyFileRefused while the root key is being changed: shares made then would soon be of the wrong key.
    """
    if beside(path, NEXT).exists():
        raise KeyFileRefused(
            "The root key is being changed. Finish that first: bti keys rotate-root"
        )
    files = [path, *([beside(path, OLD)] if beside(path, OLD).exists() else [])]
    return recovery_secret(dict(read_root_key(one, passphrase) for one in files))


def rebuild(path: Path, secret: bytes, passphrase: str | None = None) -> tuple[str, ...]:
    """Write the files anew from `secret_of`'s bytes and return the names of their keys.

    RecoveryRefused when they are something else; KeyFileRefused when there is a file of that name.
    """
    keys = list(recovered_keys(secret).items())
    if len(keys) > len((path, OLD)):
        raise RecoveryRefused("These shares hold more root keys than there are places for.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place, (name, key) in zip((path, beside(path, OLD)), keys, strict=False):
        write_root_key(place, name, key, passphrase)
    return tuple(name for name, _ in keys)


def beside(path: Path, end: str) -> Path:
    """Return the place of the root key before (`.old`) or after (`.next`) the one in ``path``."""
    return path.with_name(path.name + end)
