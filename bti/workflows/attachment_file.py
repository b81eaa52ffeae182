"""The content of an attached file on its way in and out: sealed as it arrives, verified before it leaves.

Plaintext stands in memory one piece at a time and never on disk. Who may attach or read, and what the row
says, is ``attachment``'s.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES
from bti.crypto.errors import SealError
from bti.crypto.padding import padded_length, padding_after
from bti.crypto.pae import pae
from bti.crypto.stream import StreamSealer, decrypt_stream, verify_stream
from bti.db.blobs import BlobStore, NewBlob
from bti.domain.attachments import check_size, clean_name
from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import HEAD_BYTES, MIME, TAIL_BYTES, FileKind, recognise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.settings import Settings

_LABEL: Final = b"stafett/att/v1"
_SHORTEST: Final = 16 * 1024
"""Bytes; whatever is shorter is padded to this, and everything longer to its Padmé length."""


class FileDamaged(Exception):  # noqa: N818 - a state of the store, found when somebody asks for the file
    """The stored file is not what was stored: gone, cut, changed or another one."""


@dataclass(frozen=True, slots=True)
class FileContext:
    """Where a file belongs. It opens nowhere else."""

    tenant_id: uuid.UUID
    case_id: uuid.UUID
    attachment_id: uuid.UUID

    def bound(self) -> bytes:
        """Return the bytes the stream is bound to."""
        return pae(_LABEL, self.tenant_id.bytes, self.case_id.bytes, self.attachment_id.bytes)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that has arrived whole, is of a kind that is taken, and lies sealed on disk."""

    blob: str
    blob_sha256: bytes
    key: bytes = field(repr=False)
    size: int
    kind: FileKind
    name: str = field(repr=False)


class Upload:
    """Takes a file piece by piece and seals it under a key made for this file alone.

    Nobody has been asked yet whether the file may be attached: until a row holds its key, what lies on
    disk cannot be opened by anyone, and is swept away.
    """

    __slots__ = (
        "_arrived", "_blob", "_digest", "_given", "_head", "_key", "_most", "_sealer", "_size", "_tail",
        "_trouble", "where",
    )  # fmt: skip

    def __init__(self, settings: Settings, where: FileContext, given_name: str) -> None:
        """Begin. ``given_name`` is what the sender calls the file."""
        self.where = where
        self._most = settings.attachment_mib << 20
        self._given = given_name
        self._key = random_bytes(KEY_BYTES)
        self._sealer = StreamSealer(self._key, where.bound())
        self._digest = hashlib.sha256()
        self._head, self._tail, self._size = bytearray(), bytearray(), 0
        self._arrived: Arrived | None = None
        self._trouble = False
        self._blob: NewBlob | None = None
        try:
            self._blob = BlobStore(settings.blobs()).new()
        except OSError:
            self._trouble = True

    def write(self, data: bytes) -> int:
        """Take the next piece. More than a file may have is counted and dropped; trouble shows at the end."""
        self._size += len(data)
        if self._size > self._most or self._trouble or self._blob is None:
            return len(data)
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._tail += data
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]
        self._store(self._sealer.update(data))
        return len(data)

    def complete(self) -> Arrived:
        """Close the file and say what it is. Raises ``RuleBroken`` for one that is not taken.

        attachment.no_room when the disk did not take it; else as ``file_kinds.recognise`` and
        attachment.too_large.
        """
        if self._arrived is None:
            check_size(self._size, self._most)
            if self._trouble:
                code = "attachment.no_room"
                raise RuleBroken(code)
            kind = recognise(bytes(self._head), bytes(self._tail[-TAIL_BYTES:]), self._size)
            for piece in padding_after(self._size, _SHORTEST):
                self._store(self._sealer.update(piece))
            self._store(self._sealer.finish())
            self._arrived = Arrived(
                blob=self._closed(),
                blob_sha256=self._digest.digest(),
                key=self._key,
                size=self._size,
                kind=kind,
                name=clean_name(self._given, kind),
            )
        return self._arrived

    def keep(self) -> None:
        """Give the sealed file its place; to be the last act of the transaction that writes its row."""
        if self._blob is not None:
            self._blob.keep()

    def discard(self) -> None:
        """Delete what has arrived, unless it has been given its place."""
        if self._blob is not None:
            self._blob.discard()

    def _store(self, sealed: bytes) -> None:
        self._digest.update(sealed)
        try:
            if self._blob is not None:
                self._blob.write(sealed)
        except OSError:
            self._trouble = True

    def _closed(self) -> str:
        """Finish the file on disk and return its name. Raises ``RuleBroken("attachment.no_room")``."""
        try:
            if self._blob is not None:
                self._blob.close()
        except OSError:
            self._trouble = True
        if self._blob is None or self._trouble:
            code = "attachment.no_room"
            raise RuleBroken(code)
        return self._blob.name

    def __repr__(self) -> str:
        """Leave name and key out of logs."""
        return "<Upload>"


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file somebody may read, with the key to it and nothing else. The reading is in the log already."""

    where: FileContext
    name: str = field(repr=False)
    kind: FileKind
    size: int
    store: BlobStore = field(repr=False)
    blob: str
    blob_sha256: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def mime(self) -> str:
        """Return the media type, from what the file's own bytes said when it was attached."""
        return MIME[self.kind]

    def verified(self) -> BinaryIO:
        """Read the sealed file from end to end and return it, at its beginning. Raises ``FileDamaged``.

        Nothing of a file that is cut, changed or another one may reach anybody as if it were whole.
        """
        try:
            blob = self.store.open(self.blob)
        except FileNotFoundError:
            raise FileDamaged from None
        if not self._is_whole(blob):
            blob.close()
            raise FileDamaged
        blob.seek(0)
        return blob

    def _is_whole(self, blob: BinaryIO) -> bool:
        reader = _Digesting(blob)
        try:
            length = verify_stream(self.key, self.where.bound(), reader)
        except (SealError, OSError):
            return False
        expected = padded_length(self.size, _SHORTEST), self.blob_sha256
        return (length, reader.digest()) == expected

    def content(self, blob: BinaryIO) -> Iterator[bytes]:
        """Yield the content of what :meth:`verified` returned, and close it.

        Authenticated a second time as it goes: a file changed in between ends in ``SealError``.
        """
        with blob:
            yield from decrypt_stream(self.key, self.where.bound(), blob, stop=self.size)


class _Digesting:
    """Reads on, and digests what was read."""

    __slots__ = ("_digest", "_inner")

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._inner.read(size)
        self._digest.update(data)
        return data

    def digest(self) -> bytes:
        return self._digest.digest()
