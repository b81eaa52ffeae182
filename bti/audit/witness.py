"""A witness: signs another's log for as long as it only grows (C2SP tlog-witness).

It learns names, sizes and roots of logs, and nothing of what they hold. It has a key and a folder
of its own and no database, and belongs on a machine that those who run the log do not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.audit.asking import BodyError, read_body
from bti.audit.note import (
    COSIGNATURE_TYPE,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    open_note,
    text_of,
)
from bti.audit.state import (
    ForkError,
    Remembered,
    StaleError,
    StateError,
    alone,
    make_folder,
    read_state,
    write_safely,
    write_state,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bti.clock import Clock

_STATE: Final = "state.json"
_LOG_KEY: Final = "verifier-key"
OK, BAD, FORBIDDEN, UNKNOWN, CONFLICT, UNPROVEN = 200, 400, 403, 404, 409, 422
TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"


class WitnessError(Exception):
    """The witness's folder is not as it must be; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered over HTTP."""

    status: int
    body: str = ""
    content_type: str = TEXT


@dataclass(frozen=True, slots=True)
class WatchedLog:
    """A log this witness signs for, and how far it has seen it."""

    origin: str
    size: int


class Witness:
    """A witness over a folder. Raises ``WitnessError`` when the folder has no key."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Read name and key."""
        self._directory = directory
        self._clock = clock
        try:
            self.name = (directory / "name").read_text("utf-8").strip()
            raw = bytes.fromhex((directory / "key").read_text("ascii").strip())
            self._key = Ed25519PrivateKey.from_private_bytes(raw)
        except (OSError, ValueError) as error:
            raise WitnessError(f"{directory}: no witness is here (bti witness init)") from error
        if (directory / "key").stat().st_mode & 0o077:
            raise WitnessError(f"{directory / 'key'}: others can read it (mode 0600)")

    @classmethod
    def create(cls, directory: Path, name: str, clock: Clock) -> Witness:
        """Make a key in a folder that has none. ``name`` is an address without scheme."""
        if (directory / "key").exists():
            raise WitnessError(f"{directory}: there is a witness already")
        key = Ed25519PrivateKey.generate()
        try:
            VerifierKey.of(name, key, COSIGNATURE_TYPE)
        except NoteError as error:
            raise WitnessError(str(error)) from error
        make_folder(directory)
        write_safely(directory / "name", name.encode() + b"\n")
        write_safely(directory / "key", key.private_bytes_raw().hex().encode() + b"\n")
        return cls(directory, clock)

    @property
    def verifier_key(self) -> str:
        """The public key, for the log's owner and whoever checks."""
        return VerifierKey.of(self.name, self._key, COSIGNATURE_TYPE).encode()

    def watch(self, verifier_key: str) -> str:
        """Sign for one more log from now on, from its beginning; return its name.

        A new epoch of a log is another log: a person must tell the witness of it. Raises
        ``WitnessError`` for what is no key, and for a log that is watched already: its key is
        never exchanged.
        """
        try:
            key = VerifierKey.parse(verifier_key)
        except NoteError as error:
            raise WitnessError(str(error)) from error
        folder = self._folder(key.name)
        if folder.exists():
            raise WitnessError(f"{key.name} is watched already")
        make_folder(self._directory / "logs")
        make_folder(folder)
        write_safely(folder / _LOG_KEY, key.encode().encode() + b"\n")
        # The state comes last: without it the log is not known yet.
        write_state(folder / _STATE, Remembered(key.name))
        return key.name

    def logs(self) -> tuple[WatchedLog, ...]:
        """Return the logs it signs for."""
        states = (read_state(path) for path in (self._directory / "logs").glob(f"*/{_STATE}"))
        return tuple(sorted((WatchedLog(one.origin, one.size) for one in states), key=str))

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a log that asks for a signature. What is signed is on disk before it leaves."""
        try:
            old, proof, note = read_body(body)
            origin = text_of(note).partition("\n")[0]
        except (BodyError, NoteError) as error:
            return Answer(BAD, f"{error}\n")
        folder = self._folder(origin)
        if not (folder / _STATE).exists():
            return Answer(UNKNOWN, "unknown log\n")
        try:
            key = VerifierKey.parse((folder / _LOG_KEY).read_text("utf-8").strip())
            new = open_note(note, [key])
        except (NoteError, OSError) as error:
            return Answer(FORBIDDEN, f"{error}\n")
        if old > new.size:
            return Answer(BAD, "the old size is above the new one\n")
        with alone(folder):
            return self._follow(folder, old, proof, new, note)

    def _follow(
        self, folder: Path, old: int, proof: tuple[bytes, ...], new: Checkpoint, note: str
    ) -> Answer:
        try:
            known = read_state(folder / _STATE)
        except StateError:
            return Answer(500, "what this witness remembers cannot be read\n")
        if old != known.size or (new.size == known.size and new.root != known.root):
            return Answer(CONFLICT, f"{known.size}\n", SIZE)
        try:
            followed = known.followed_by(new, old, proof)
        except StaleError as stale:
            return Answer(CONFLICT, f"{stale.size}\n", SIZE)
        except ForkError as error:
            return Answer(UNPROVEN, f"{error}\n")
        write_state(folder / _STATE, replace(followed, note=note))
        time = int(self._clock.now().timestamp())
        return Answer(OK, cosign(new.text, self.name, self._key, time))

    def _folder(self, origin: str) -> Path:
        return self._directory / "logs" / hashlib.sha256(origin.encode()).hexdigest()[:32]
