"""Large requests wait on disk until they have come whole: sealed, under a key that only this process has.

Waitress hands a request to the application when the last byte is there, and keeps more than half a
mebibyte of it in a temporary file meanwhile. That file would hold a child's papers in plain.
"""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # it ships no annotations
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]  # see above

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES
from bti.crypto.stream import StreamSealer, decrypt_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTEXT: Final = b"stafett/request/v1"


def seal_large_requests() -> None:
    """Let every server of this process keep waiting requests sealed."""
    HTTPChannel.parser_class = _Parser


class SealedSpool:
    """The bytes of one request: in memory up to ``overflow``, then sealed in a nameless file.

    Does for Waitress what its own buffer does while a request comes in.
    """

    def __init__(self, overflow: int) -> None:
        """Begin empty."""
        self._overflow = overflow
        self._length = 0
        self._memory = io.BytesIO()
        self._file: BinaryIO | None = None
        self._key = random_bytes(KEY_BYTES)
        self._sealer = StreamSealer(self._key, _CONTEXT)
        self._opened: BinaryIO | None = None

    def __len__(self) -> int:
        """Return how many bytes have come."""
        return self._length

    def append(self, data: bytes) -> None:
        """Take more bytes."""
        self._length += len(data)
        if self._file is None and self._length > self._overflow:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the request
            self._file.write(self._sealer.update(self._memory.getvalue()))
            self._memory = io.BytesIO()
        if self._file is None:
            self._memory.write(data)
        else:
            self._file.write(self._sealer.update(data))

    def getfile(self) -> BinaryIO:
        """Return the whole request for reading, from its beginning the first time. Nothing is added then."""
        if self._opened is None:
            self._opened = self._memory
            self._memory.seek(0)
            if self._file is not None:
                self._file.write(self._sealer.finish())
                self._file.seek(0)
                pieces = decrypt_stream(self._key, _CONTEXT, self._file)
                self._opened = io.BufferedReader(_Pieces(pieces))
        return self._opened

    def close(self) -> None:
        """Give back the file, and with it what was on disk."""
        if self._file is not None:
            self._file.close()


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer, as io says
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        given = min(len(buffer), len(self._left))
        buffer[:given] = self._left[:given]
        self._left = self._left[given:]
        return given


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # no annotations
    """Waitress's own reading of a request, with another place for its body."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            # Nothing of the body has come yet: the header ends where it begins.
            self.body_rcv.buf = SealedSpool(self.adj.inbuf_overflow)
