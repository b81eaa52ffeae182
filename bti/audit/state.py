"""What one who signs for a log remembers of it: on disk, and safe there, before any signature.

The same for the log's own signer and for a witness of other people's logs.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bti.audit.tree import EMPTY_ROOT, HASH_BYTES, verify_consistency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bti.audit.note import Checkpoint

PRIVATE: Final = 0o600


class StateError(Exception):
    """What is remembered cannot be read, so nothing can be signed."""


class StaleError(Exception):
    """The old size is not the remembered one; ``size`` is."""

    def __init__(self, size: int) -> None:
        """Name the remembered size."""
        super().__init__(f"{size} entries are remembered here")
        self.size = size


class ForkError(Exception):
    """The new state does not continue the remembered one: put back, or rewritten."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The newest state that was signed: the log's name, size, root and the note it stood in."""

    origin: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""

    def followed_by(self, new: Checkpoint, old: int, proof: Sequence[bytes]) -> Remembered:
        """Return the new state when it continues this one from ``old`` on, as ``proof`` shows.

        Raises ``StaleError`` for another old size than this one's and ``ForkError`` for a state
        that does not continue it (C2SP tlog-witness, add-checkpoint).
        """
        if new.size < self.size:
            raise ForkError(f"{new.size} entries stand where {self.size} were signed")
        if old != self.size:
            raise StaleError(self.size)
        if new.size == self.size and new.root != self.root:
            raise ForkError(f"two roots over {new.size} entries")
        if not verify_consistency(self.size, new.size, self.root, new.root, proof):
            raise ForkError(f"the entries up to {self.size} are not those that were signed")
        return replace(self, size=new.size, root=new.root)


def read_state(path: Path) -> Remembered:
    """Read a state. Raises ``StateError`` for a file that is missing or not whole."""
    try:
        fields = json.loads(path.read_text("utf-8"))
        state = Remembered(
            str(fields["origin"]),
            int(fields["size"]),
            b64decode(fields["root"], validate=True),
            str(fields["note"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(f"{path}: {type(error).__name__}") from error
    if state.size < 0 or len(state.root) != HASH_BYTES:
        raise StateError(f"{path}: not a state")
    return state


def write_state(path: Path, state: Remembered) -> None:
    """Replace the state, and return when it would survive a loss of power."""
    fields = {
        "origin": state.origin,
        "size": state.size,
        "root": b64encode(state.root).decode(),
        "note": state.note,
    }
    write_safely(path, json.dumps(fields, sort_keys=True).encode() + b"\n")


def write_safely(path: Path, content: bytes) -> None:
    """Replace a file whole: fsync, rename, fsync of the folder. Only its owner may read it."""
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    _sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, safely on disk."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(path.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes: checking and remembering must be one act."""
    descriptor = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
