"""Files and dumps of any length, sealed as a stream: C2SP chunked-encryption, instantiated as Cobblestone-256.

    salt(24) | commitment(32) | chunks of 16 KiB with their 16-byte tags, the last chunk always shorter

Which key and which context a stream belongs to is decided by the caller; padding is ``padding``'s.
"""

from collections.abc import Iterator
from typing import Protocol

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from bti.crypto.envelope import KEY_BYTES
from bti.crypto.errors import SealError

CHUNK_BYTES = 16 * 1024
HEADER_BYTES = 24 + 32
READ_BYTES = 4 * CHUNK_BYTES
"""How much is held at a time, in each direction: memory does not grow with the stream."""


class Reader(Protocol):
    """Where bytes come from: fewer than asked for at any time, none at the end only."""

    def read(self, size: int, /) -> bytes:
        """Give up to ``size`` bytes, and b"" at the end."""


class Writer(Protocol):
    """Where bytes go, all of what is given each time."""

    def write(self, data: bytes, /) -> object:
        """Take ``data``; the answer is not looked at."""


class StreamSealer:
    """Seals what it is given bit by bit, for content that arrives and cannot be read.

    Join what :meth:`update` and then :meth:`finish` give. One sealer seals one stream, under a salt of its own.
    """

    __slots__ = ("_encryptor",)

    def __init__(self, input_key: bytes, context: bytes) -> None:
        """Begin a stream; ValueError unless the key is 32 bytes, which must be uniformly random."""
        self._encryptor = Cobblestone256Encryptor(_checked(input_key), context)

    def update(self, data: bytes) -> bytes:
        """Take more content and give what is sealed by now: at most 16 KiB wait for their chunk to fill."""
        return self._encryptor.update(data)

    def finish(self) -> bytes:
        """Give the rest. Without it the stream is refused as cut."""
        return self._encryptor.finalize()


def encrypt_stream(input_key: bytes, context: bytes, reader: Reader, writer: Writer) -> int:
    """Seal all of ``reader`` into ``writer`` and return how many bytes were written.

    The stream opens with the same 32-byte key and the same context only. ValueError for a key of another length.
    """
    sealer = StreamSealer(input_key, context)
    written = 0
    while data := reader.read(READ_BYTES):
        written += _write(writer, sealer.update(data))
    return written + _write(writer, sealer.finish())


def verify_stream(input_key: bytes, context: bytes, reader: Reader) -> int:
    """Authenticate the whole stream, give nothing of it away, and return its length (bytes of content).

    SealError for every reason to refuse: cut, also at a chunk's edge; swapped, doubled or appended chunks; a
    flipped bit anywhere; another key or context.
    """
    return sum(map(len, decrypt_stream(input_key, context, reader)))


def decrypt_stream(
    input_key: bytes, context: bytes, reader: Reader, *, start: int = 0, stop: int | None = None
) -> Iterator[bytes]:
    """Yield the content from ``start`` up to ``stop`` (bytes), in pieces, as it is authenticated.

    What is yielded is authentic, but only the end of the iteration says that it was whole: SealError may come
    after pieces have been given. Use :func:`verify_stream` first where nobody may see a part. The stream is read
    to its end for a range too, so no range of a cut stream ends without SealError. ValueError as for sealing,
    and for a range that runs backwards.
    """
    if start < 0 or (stop is not None and stop < start):
        raise ValueError("A range begins at zero or later and does not end before it begins.")
    decryptor = Cobblestone256Decryptor(_checked(input_key), context)
    return _slices(_opened(decryptor, reader), start, stop)


def _opened(decryptor: Cobblestone256Decryptor, reader: Reader) -> Iterator[bytes]:
    try:
        while data := reader.read(READ_BYTES):
            yield decryptor.update(data)
        yield decryptor.finalize()
    except InvalidTag:
        raise SealError from None


def _slices(pieces: Iterator[bytes], start: int, stop: int | None) -> Iterator[bytes]:
    at = 0
    for piece in pieces:
        low = max(start - at, 0)
        high = len(piece) if stop is None else max(min(stop - at, len(piece)), 0)
        if low < high:
            yield piece if (low, high) == (0, len(piece)) else piece[low:high]
        at += len(piece)


def _write(writer: Writer, data: bytes) -> int:
    if data:
        writer.write(data)
    return len(data)


def _checked(input_key: bytes) -> bytes:
    if len(input_key) != KEY_BYTES:
        raise ValueError("The key of a stream is 32 bytes.")
    return input_key
