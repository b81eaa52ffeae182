"""A form with a file, in the bytes a browser sends: no library in between that would put it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTENT_TYPE = "multipart/form-data; boundary=b0und"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was chosen."""

    name: str
    data: bytes


def multipart(pairs: Iterable[tuple[str, object]], *, ended: bool = True) -> bytes:
    """The body of a request; not ``ended`` as when the line breaks off."""
    parts = [_part(name, value) for name, value in pairs]
    return b"".join(parts) + (b"--b0und--\r\n" if ended else b"")


def _part(name: str, value: object) -> bytes:
    if not isinstance(value, SentFile):
        head = f'--b0und\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        content = value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
        return head.encode() + content + b"\r\n"
    shown = value.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = (
        f'--b0und\r\nContent-Disposition: form-data; name="{name}"; filename="{shown}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + value.data + b"\r\n"
