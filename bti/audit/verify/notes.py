"""Signed checkpoints and the keys that count (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bti.audit.verify.findings import BadError, Policy
from bti.audit.verify.tree import HASH_BYTES

MAX_NOTE_BYTES = 1 << 20
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_LOG_KEY, _WITNESS_KEY = b"\x01", b"\x04"

SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class State:
    """What a checkpoint states, and when each witness signed it."""

    origin: str
    epoch: int
    size: int
    root: bytes
    times: Mapping[str, int]


class Key:
    """A C2SP verifier key: name, key id, type, Ed25519 public key."""

    def __init__(self, encoded: str, kind: bytes) -> None:
        name, _, rest = encoded.partition("+")
        key_id, _, typed = rest.partition("+")
        key = decode(typed)
        expected = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        if not _is_name(name) or key[:1] != kind or key_id != expected:
            raise BadError("not an Ed25519 verifier key")
        self.name, self.id = name, bytes.fromhex(key_id)
        self._public = Ed25519PublicKey.from_public_bytes(key[1:])

    def verify(self, signature: bytes, text: str) -> None:
        """Raise BadError unless this key signed the text."""
        try:
            self._public.verify(signature, text.encode())
        except InvalidSignature as error:
            raise BadError("its signature is false") from error


class Keys:
    """The keys that count, and what a note says that they signed."""

    def __init__(self, policy: Policy) -> None:
        self._logs = {key.name: key for key in (Key(one, _LOG_KEY) for one in policy.keys)}
        if not self._logs or len({log_and_epoch(name)[0] for name in self._logs}) != 1:
            raise BadError("not an Ed25519 verifier key of one log")
        self._witnesses = [Key(one, _WITNESS_KEY) for one in policy.witnesses]
        self.quorum = len(self._witnesses) if policy.quorum is None else policy.quorum
        if not 0 <= self.quorum <= len({key.name for key in self._witnesses}):
            raise BadError("not a verifier key for each of the witnesses asked for")

    @property
    def newest(self) -> int:
        """The newest epoch that a key was given for."""
        return max(log_and_epoch(name)[1] for name in self._logs)

    def open(self, note: str) -> State:
        """Read a checkpoint of the log (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""
        text, blank, signed = note.rpartition("\n\n")
        lines = f"{text}\n".split("\n")
        shaped = blank and signed.endswith("\n") and len(note) <= MAX_NOTE_BYTES
        if not shaped or len(lines) != len(("origin", "size", "root", "")):
            raise BadError("it is not a checkpoint")
        log = self._logs.get(lines[0])
        if log is None:
            raise BadError("it is of another log than the key's")
        signatures = list(map(_signature, signed[:-1].split("\n")))
        mine = [signature for *by, signature in signatures if by == [log.name, log.id]]
        if not mine:
            raise BadError("the given key did not sign it")
        for signature in mine:
            log.verify(signature, f"{text}\n")
        root = decode(lines[2])
        if not SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES:
            raise BadError("its size or root is not one")
        return State(
            log.name, log_and_epoch(log.name)[1], int(lines[1]), root, self._times(signatures, text)
        )

    def _times(self, signatures: list[tuple[str, bytes, bytes]], text: str) -> dict[str, int]:
        """Return when each witness signed; a false signature of a known witness counts against the note."""
        times = {}
        for key in self._witnesses:
            for *by, timed in signatures:
                if by == [key.name, key.id]:
                    time = int.from_bytes(timed[:_TIME_BYTES], "big")
                    key.verify(timed[_TIME_BYTES:], f"cosignature/v1\ntime {time}\n{text}\n")
                    times[key.name] = time
        return times


def log_and_epoch(name: str) -> tuple[str, int]:
    """Split a log's name into that of all its epochs and the number of this one (1 if it says none)."""
    log, _, epoch = name.rpartition("/")
    return (log, int(epoch)) if re.fullmatch(r"[1-9][0-9]{0,5}", epoch) else (name, 1)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, fields = line.partition(" ")
    name, _, encoded = fields.partition(" ")
    signature = decode(encoded)
    if dash != "\N{EM DASH}" or not _is_name(name) or len(signature) <= _KEY_ID_BYTES:
        raise BadError("a signature line is malformed")
    return name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def decode(encoded: str) -> bytes:
    """The bytes of a text in the one spelling that base64 has for them. Raise BadError for any other."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadError("its base64 is not any") from error
    if base64.b64encode(decoded).decode() != encoded:
        raise BadError("its base64 is not canonical")
    return decoded


def claimed_place(note: str) -> tuple[int, int]:
    """The epoch and size a checkpoint states, signed or not; (0, -1) if it states none."""
    stated = re.match(r"([^\n]*)\n([0-9]{1,16})\n", note)
    return (log_and_epoch(stated[1])[1], int(stated[2])) if stated else (0, -1)
