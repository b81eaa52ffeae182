"""Signed notes and log checkpoints as C2SP specifies them (signed-note, tlog-checkpoint), with Ed25519 only.

A checkpoint binds a log's name, size and root. Where keys are kept and when to sign is decided elsewhere.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519_TYPE = b"\x01"
"""A log's own key."""
COSIGNATURE_TYPE = b"\x04"
"""A witness's key: it signs the time too (C2SP tlog-cosignature)."""

_ROOT_BYTES = 32
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_MAX_NOTE_CHARACTERS = 1 << 20
_MAX_SIGNATURES = 100
_MAX_SIZE = 2**53
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_UNFIT_FOR_A_NAME = re.compile(r"[+\s]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """A note, checkpoint or key that is malformed or that the given keys do not vouch for."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed state of a log: its name, the number of leaves and the RFC 9162 root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse a state that could not be written down unambiguously. Raise NoteError."""
        _check_name(self.origin)
        if not 0 <= self.size <= _MAX_SIZE:
            raise NoteError("a checkpoint's size is out of range")
        if len(self.root) != _ROOT_BYTES:
            raise NoteError("a checkpoint's root is not 32 bytes")

    @property
    def text(self) -> str:
        """The three lines that are signed, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read exactly what `text` writes. Extension lines are refused: this log never writes any."""
        lines = text.split("\n")
        if len(lines) != len(("origin", "size", "root", "after the last newline")) or lines[-1]:
            raise NoteError("a checkpoint has exactly three lines")
        origin, size, root, _ = lines
        if not _SIZE.fullmatch(size):
            raise NoteError("a checkpoint's size is not a plain decimal number")
        return cls(origin=origin, size=int(size), root=_decode(root))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a note key: its name, the 32 bytes of RFC 8032, and what it signs."""

    name: str
    public: bytes
    kind: bytes = ED25519_TYPE

    def __post_init__(self) -> None:
        """Refuse a name or key that C2SP does not allow. Raise NoteError."""
        _check_name(self.name)
        try:
            Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError as error:
            raise NoteError("not an Ed25519 public key") from error

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey, kind: bytes = ED25519_TYPE) -> Self:
        """Return the key that verifies what `key` signs under `name`."""
        return cls(name=name, public=key.public_key().public_bytes_raw(), kind=kind)

    @property
    def id(self) -> bytes:
        """The four bytes that stand before a signature to tell which key made it."""
        return _key_id(self.name, self.kind, self.public)

    def encode(self) -> str:
        """Return the one-line form `name+hex id+base64(type and key)` that is handed to an auditor."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    @classmethod
    def parse(cls, encoded: str, kind: bytes = ED25519_TYPE) -> Self:
        """Read exactly what `encode` writes. Raise NoteError for any other text, type or key id."""
        # Base64 has plus signs of its own, so only the first two separate.
        parts = encoded.split("+", 2)
        if len(parts) != len(("name", "id", "key")) or not _KEY_ID.fullmatch(parts[1]):
            raise NoteError("a verifier key has the form name+id+key")
        typed = _decode(parts[2])
        if typed[:1] != kind:
            raise NoteError("only Ed25519 keys of the asked kind are used here")
        key = cls(name=parts[0], public=typed[1:], kind=kind)
        if key.id.hex() != parts[1]:
            raise NoteError("a verifier key's id does not match it")
        return key


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return `text` (which ends in a newline) as a note signed under `name`. Raise NoteError if it cannot be one."""
    _check_characters(text)
    if not text.endswith("\n"):
        raise NoteError("a note's text ends in a newline")
    _check_name(name)
    # Without a VerifierKey, which would check a public key that was derived right here.
    identity = _key_id(name, ED25519_TYPE, key.public_key().public_bytes_raw())
    signature = identity + key.sign(text.encode())
    return f"{text}\n\N{EM DASH} {name} {base64.b64encode(signature).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the checkpoint as a signed note. The log's name is also the key's name, as C2SP recommends."""
    return sign_note(checkpoint.text, checkpoint.origin, key)


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> str:
    """Return a witness's signature line on a checkpoint's text, with its time in Unix seconds."""
    _check_characters(text)
    signed = key.sign(_cosigned(text, time))
    identity = VerifierKey.of(name, key, COSIGNATURE_TYPE).id
    encoded = base64.b64encode(identity + time.to_bytes(_TIME_BYTES, "big") + signed).decode()
    return f"\N{EM DASH} {name} {encoded}\n"


def open_cosignature(text: str, line: str, key: VerifierKey) -> int:
    """Return the time (Unix seconds) at which `key` cosigned the text. Raise NoteError if it did not."""
    if not line.endswith("\n") or line.count("\n") != 1:
        raise NoteError("a cosignature is one line")
    name, key_id, timed = _signature(line[:-1])
    if (name, key_id) != (key.name, key.id) or len(timed) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise NoteError("not a cosignature by the given key")
    time = int.from_bytes(timed[:_TIME_BYTES], "big")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            timed[_TIME_BYTES:], _cosigned(text, time)
        )
    except InvalidSignature as error:
        raise NoteError("the signature does not match the text") from error
    return time


def text_of(note: str) -> str:
    """Return the signed text of a note, whoever signed it. Raise NoteError for what is no note."""
    return _split(note)[0]


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def open_text(note: str, keys: Iterable[VerifierKey]) -> tuple[str, frozenset[str]]:
    """Return a note's text and the names of the given keys that signed it.

    Signatures by other keys are ignored. Raise NoteError when the note is malformed, when none of the
    given keys signed it, or when a signature claims to be by one of them and is not.
    """
    text, signatures = _split(note)
    known = {(key.name, key.id): key for key in keys}
    signers = set()
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
        except InvalidSignature as error:
            raise NoteError("the signature does not match the text") from error
        signers.add(name)
    if not signers:
        raise NoteError("none of the given keys signed this")
    return text, frozenset(signers)


def open_note(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Return the checkpoint in a note that the log's own key has signed.

    A key with another name than the log's does not count, so that one log's key cannot vouch for another's
    state. Raise NoteError when it is malformed or not so signed.
    """
    text, signers = open_text(note, keys)
    checkpoint = Checkpoint.parse(text)
    if checkpoint.origin not in signers:
        raise NoteError("the checkpoint is not signed by its own log")
    return checkpoint


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the signed text and each signature as name, key id and signature bytes."""
    if len(note) > _MAX_NOTE_CHARACTERS:
        raise NoteError("the note is too long")
    _check_characters(note)
    text, blank_line, signed = note.rpartition("\n\n")
    if not blank_line or not signed.endswith("\n"):
        raise NoteError("a note is a text, a blank line and signature lines")
    lines = signed[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise NoteError("the note has too many signatures")
    return text + "\n", [_signature(line) for line in lines]


def _key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:_KEY_ID_BYTES]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, *fields = line.split(" ")
    if dash != "\N{EM DASH}" or len(fields) != len(("name", "signature")):
        raise NoteError("a signature line is a dash, a name and base64")
    name, encoded = fields
    _check_name(name)
    signature = _decode(encoded)
    if len(signature) <= _KEY_ID_BYTES:
        raise NoteError("a signature is too short")
    return name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:]


def _check_name(name: str) -> None:
    if not name or _UNFIT_FOR_A_NAME.search(name):
        raise NoteError("a name has neither spaces nor plus signs")
    _check_characters(name)


def _check_characters(text: str) -> None:
    if _CONTROL.search(text):
        raise NoteError("control characters are not allowed")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteError("the text is not Unicode") from error


def _decode(encoded: str) -> bytes:
    """Decode base64 that has one spelling only."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise NoteError("not base64") from error
    if base64.b64encode(decoded).decode() != encoded:
        raise NoteError("not canonical base64")
    return decoded
