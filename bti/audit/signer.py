"""The log's signer: keys of its own, and a memory that no database can talk it out of.

It signs a state only when a consistency proof shows that it continues the last one it signed.
A log that was put back or rewritten gets no signature; `bti audit new-epoch` begins another.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.audit.event import origin_of
from bti.audit.note import Checkpoint, NoteError, VerifierKey, sign_checkpoint
from bti.audit.state import (
    ForkError,
    Remembered,
    StateError,
    alone,
    make_folder,
    read_state,
    write_safely,
    write_state,
)

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from pathlib import Path

_KEY_BYTES: Final = 32
_STATE: Final = "state.json"
FIRST_EPOCH: Final = 1


def epoch_of(origin: str) -> int:
    """Return the epoch in a log's name."""
    return int(origin.rpartition("/")[2])


class SignerRefusedError(Exception):
    """The signer does not sign this; the message says why and holds no secret."""


class LogSigner(Protocol):
    """A signer as the sequencer sees it: in the same process, or behind a socket."""

    def verifier_key(self, tenant: uuid.UUID, epoch: int) -> str:
        """Return the public key of an epoch; the first is made when nothing is known of the log."""

    def sign(
        self,
        tenant: uuid.UUID,
        epoch: int,
        state: tuple[int, bytes],
        old: int,
        proof: Sequence[bytes],
    ) -> str:
        """Return the note over size and root. Raises ``StaleError`` and ``SignerRefusedError``."""

    def remembered(self, tenant: uuid.UUID) -> Remembered | None:
        """Return the newest state that was signed, or None for a log that is new here."""

    def begin(self, tenant: uuid.UUID, epoch: int) -> Begun:
        """Begin another epoch with a new key. Asked twice for the same one it answers the same."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A new epoch's public key, and the last that was signed in the one before (None: nothing)."""

    verifier_key: str
    before: Remembered | None


class StatefulSigner:
    """The signer over a folder of its own. One folder for each log holds keys and state."""

    def __init__(self, directory: Path) -> None:
        """Keep everything in ``directory``."""
        self._directory = directory

    def verifier_key(self, tenant: uuid.UUID, epoch: int) -> str:
        """Return the public key of an epoch; the first is made when nothing is known of the log."""
        if epoch == FIRST_EPOCH and not self._folder(tenant).exists():
            self._make(tenant, epoch)
        return VerifierKey.of(origin_of(tenant, epoch), self._key(tenant, epoch)).encode()

    def sign(
        self,
        tenant: uuid.UUID,
        epoch: int,
        state: tuple[int, bytes],
        old: int,
        proof: Sequence[bytes],
    ) -> str:
        """Return the note over size and root, remembered on disk first.

        Raises ``StaleError`` when ``old`` is not the remembered size, and ``SignerRefusedError``
        for a log that does not continue the remembered one.
        """
        folder = self._folder(tenant)
        if not folder.exists():
            raise SignerRefusedError("no such log is known here")
        with alone(folder):
            try:
                known = read_state(folder / _STATE)
                checkpoint = Checkpoint(origin_of(tenant, epoch), *state)
                if known.origin != checkpoint.origin:
                    raise SignerRefusedError(f"the epoch here is that of {known.origin}")
                followed = known.followed_by(checkpoint, old, proof)
                note = sign_checkpoint(checkpoint, self._key(tenant, epoch))
            except (ForkError, StateError, NoteError) as error:
                raise SignerRefusedError(str(error)) from error
            # What is remembered holds the signature too: it is told again, never made again
            # for another tree, and the next epoch can quote it.
            write_state(
                folder / _STATE, Remembered(followed.origin, followed.size, followed.root, note)
            )
        return note

    def remembered(self, tenant: uuid.UUID) -> Remembered | None:
        """Return the newest state that was signed. Raises ``SignerRefusedError`` if it is lost."""
        if not self._folder(tenant).exists():
            return None
        try:
            return read_state(self._folder(tenant) / _STATE)
        except StateError as error:
            raise SignerRefusedError(str(error)) from error

    def begin(self, tenant: uuid.UUID, epoch: int) -> Begun:
        """Begin another epoch with a new key. Asked twice for the same one it answers the same.

        Raises ``SignerRefusedError`` for an epoch that is not after the remembered one, or that
        has signed something: an epoch has one beginning.
        """
        folder, known = self._folder(tenant), self.remembered(tenant)
        if known is None:
            self._make(tenant, epoch)
            return Begun(self.verifier_key(tenant, epoch), None)
        with alone(folder):
            ended = folder / f"before-{epoch}.json"
            if known.origin != origin_of(tenant, epoch) or known.size or not ended.exists():
                if epoch <= epoch_of(known.origin):
                    raise SignerRefusedError(f"epoch {epoch} is not after that of {known.origin}")
                # First what the new epoch must quote, then its key, and last the step itself.
                write_state(ended, known)
                self._fill(tenant, folder, epoch)
            return Begun(self.verifier_key(tenant, epoch), read_state(ended))

    def _folder(self, tenant: uuid.UUID) -> Path:
        return self._directory / str(tenant)

    def _make(self, tenant: uuid.UUID, epoch: int) -> None:
        """Make the folder of a log that nothing is known of."""
        folder = self._folder(tenant)
        # Filled beside its place and moved: a folder that is there is a log that is known.
        beside = folder.with_name(f".{tenant}.{secrets.token_hex(4)}")
        make_folder(beside)
        self._fill(tenant, beside, epoch)
        beside.rename(folder)

    def _fill(self, tenant: uuid.UUID, folder: Path, epoch: int) -> None:
        """Make a key and then the state: a crash between leaves a key that signed nothing."""
        key = Ed25519PrivateKey.generate()
        write_safely(folder / f"key-{epoch}", key.private_bytes_raw().hex().encode() + b"\n")
        write_state(folder / _STATE, Remembered(origin_of(tenant, epoch)))

    def _key(self, tenant: uuid.UUID, epoch: int) -> Ed25519PrivateKey:
        path = self._folder(tenant) / f"key-{epoch}"
        try:
            raw = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            raise SignerRefusedError(f"no key for epoch {epoch} of {tenant}") from error
        if len(raw) != _KEY_BYTES or path.stat().st_mode & 0o077:
            raise SignerRefusedError(f"{path}: not a key of its owner's alone (mode 0600)")
        return Ed25519PrivateKey.from_private_bytes(raw)
