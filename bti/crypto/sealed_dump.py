"""A backup as a file: a public head, a one-time key sealed to the backup key, and a sealed stream.

    "stafett-backup-v1" LF | length of head(4, big-endian) | head, JSON | sealed key(1168) | stream

The head says what the file is without opening it. It is authenticated with the key and with the stream, so
a head that was changed opens nothing. What is in the stream is the caller's.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Self

from bti.crypto.backup_key import SEALED_KEY_BYTES, BackupPrivateKey, BackupPublicKey
from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES
from bti.crypto.errors import SealError
from bti.crypto.pae import pae
from bti.crypto.stream import Reader, StreamSealer, Writer, decrypt_stream

_MAGIC: Final = b"stafett-backup-v1\n"
_MOST_HEAD_BYTES: Final = 4096
_MEMBERS: Final = {"kind", "made_at", "set_id", "sealed_to"}
_HEX: Final = re.compile(r"[0-9a-f]{16}")
KINDS: Final = ("data", "keys")


@dataclass(frozen=True, slots=True)
class DumpHead:
    """What a backup says of itself: ``kind`` data or keys, when, which two belong together, for which key."""

    kind: str
    made_at: str
    set_id: str
    sealed_to: str

    def to_bytes(self) -> bytes:
        """Return the canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, encoded: bytes) -> Self:
        """Read exactly what `to_bytes` writes. SealError for anything else."""
        try:
            members = json.loads(encoded)
            head = cls(**members) if set(members) == _MEMBERS else None
            whole = head is not None and head.is_sound() and head.to_bytes() == encoded
        except (ValueError, TypeError, RecursionError):
            raise SealError from None
        if head is None or not whole:
            raise SealError
        return head

    def is_sound(self) -> bool:
        """Tell whether every member has its form."""
        return (
            self.kind in KINDS
            and _HEX.fullmatch(self.set_id) is not None
            and _HEX.fullmatch(self.sealed_to) is not None
            and datetime.fromisoformat(self.made_at).tzinfo is not None
        )


def seal_dump(
    public: BackupPublicKey, head: DumpHead, pieces: Iterable[bytes], writer: Writer
) -> int:
    """Seal ``pieces`` to ``public`` and write the whole file; returns its length in bytes.

    ValueError when the head names another key.
    """
    if head.sealed_to != public.key_id or not head.is_sound():
        raise ValueError("The head of a backup must name the key it is sealed to.")
    encoded = head.to_bytes()
    context = _context(encoded)
    key = random_bytes(KEY_BYTES)
    sealer = StreamSealer(key, context)
    beginning = _MAGIC + len(encoded).to_bytes(4, "big") + encoded + public.seal(key, context)
    writer.write(beginning)
    written = len(beginning)
    for piece in pieces:
        sealed = sealer.update(piece)
        writer.write(sealed)
        written += len(sealed)
    last = sealer.finish()
    writer.write(last)
    return written + len(last)


def read_head(reader: Reader) -> DumpHead:
    """Read the public head, without a key and without believing it. SealError when it is no backup."""
    return DumpHead.parse(_head_bytes(reader))


def open_dump(private: BackupPrivateKey, reader: Reader) -> tuple[DumpHead, Iterator[bytes]]:
    """Return the head, now authenticated, and the content piece by piece.

    SealError at once for another key or a changed head, and from the iteration for a stream that is cut or
    changed: only its end says that the content was whole.
    """
    encoded = _head_bytes(reader)
    context = _context(encoded)
    key = private.open(_exactly(reader, SEALED_KEY_BYTES), context)
    return DumpHead.parse(encoded), decrypt_stream(key, context, reader)


def _head_bytes(reader: Reader) -> bytes:
    if _exactly(reader, len(_MAGIC)) != _MAGIC:
        raise SealError
    length = int.from_bytes(_exactly(reader, 4), "big")
    if length > _MOST_HEAD_BYTES:
        raise SealError
    return _exactly(reader, length)


def _exactly(reader: Reader, size: int) -> bytes:
    """Read ``size`` bytes, however many come at a time. SealError when there are fewer."""
    taken = io.BytesIO()
    while taken.tell() < size:
        data = reader.read(size - taken.tell())
        if not data:
            raise SealError
        taken.write(data)
    return taken.getvalue()


def _context(head: bytes) -> bytes:
    return pae(b"stafett/backup/v1", head)
