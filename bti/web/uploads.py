"""Files in forms: given to whoever takes them piece by piece, and never written down on the way.

Werkzeug would put a file of more than 500 kB into a temporary file, readable, for every address and
before anybody has asked who sends it. Here an address that takes no files loses them.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol, cast

from flask import Flask, Request, current_app, g, request

_EXTENSION: Final = "bti.uploads"
_FIELDS_BYTES: Final = 1024 * 1024
_TIMES_READ: Final = 4


class Taker(Protocol):
    """Takes one file."""

    def write(self, data: bytes) -> int:
        """Take the next piece."""

    def discard(self) -> None:
        """Forget what was taken, unless it has been kept meanwhile."""


class InMemory:
    """Takes a file of at most ``most`` bytes into memory, so that it never lies on a disk."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self._most = most
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take the next piece; of what is too much no more than shows that it is."""
        self._held += data[: self._most + 1 - len(self._held)]
        return len(data)

    def discard(self) -> None:
        """Forget it."""
        self._held.clear()

    @property
    def content(self) -> bytes:
        """What has arrived: one byte more than ``most`` says that it was too much."""
        return bytes(self._held)


Begin = Callable[[str], Taker | None]
"""Given the sender's name of the file: who takes it, or None for nobody."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    begin: Begin
    most_read: int


class FileRequest(Request):
    """A request whose files go to the address's taker, or nowhere."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, content_length
        accepted = _accepted(self.endpoint)
        if accepted is None or not filename or g.get("file_taker") is not None:
            return cast("IO[bytes]", _Passing(None))
        g.file_taker = accepted.begin(filename)
        # Of a file, Werkzeug uses no more than writing and going back to the beginning.
        return cast("IO[bytes]", _Passing(g.file_taker))


class _Passing(io.RawIOBase):
    """What Werkzeug writes a file's bytes to. ``whole`` when it has come to the file's end."""

    def __init__(self, taker: Taker | None) -> None:
        super().__init__()
        self.taker = taker
        self.whole = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer, as io says
        return len(data) if self.taker is None else self.taker.write(bytes(data))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Werkzeug goes back to the beginning of a file that has arrived whole, and only then."""
        del offset, whence
        self.whole = True
        return 0


def accept(app: Flask, endpoint: str, begin: Begin, *, largest: int) -> None:
    """Let an address take one file of up to ``largest`` bytes with its form.

    Up to four times as much is read, so that whoever sends too much is told so on the form, with what
    was typed; only beyond that the request is refused as a whole.
    """
    most = _TIMES_READ * largest + _FIELDS_BYTES
    app.extensions.setdefault(_EXTENSION, {})[endpoint] = _Accepted(begin, most)


def largest_request(app: Flask) -> int:
    """Return how many bytes the largest request of all may have, for the server in front."""
    found: dict[str, _Accepted] = app.extensions.get(_EXTENSION, {})
    return max([_FIELDS_BYTES, *(one.most_read for one in found.values())])


def received(field: str) -> Taker | None:
    """Return who has taken the file of a form's field; None when none was sent, or not whole."""
    sent = request.files.get(field)
    stream: object = None if sent is None else sent.stream
    return stream.taker if isinstance(stream, _Passing) and stream.whole else None


def register(app: Flask) -> None:
    """Replace the way files are read. Must come before whatever looks at a form."""
    app.request_class = FileRequest
    app.before_request(_widen)
    app.teardown_request(_discard)


def _widen() -> None:
    accepted = _accepted(request.endpoint)
    with_file = request.mimetype == "multipart/form-data"
    if accepted is not None and with_file and g.get("actor") is not None:
        request.max_content_length = accepted.most_read


def _discard(_fault: BaseException | None) -> None:
    taker: Taker | None = g.pop("file_taker", None)
    if taker is not None:
        taker.discard()


def _accepted(endpoint: str | None) -> _Accepted | None:
    found: dict[str, _Accepted] = current_app.extensions.get(_EXTENSION, {})
    return None if endpoint is None else found.get(endpoint)
