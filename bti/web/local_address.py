"""Addresses inside this site, so that a `next` parameter can never send anyone elsewhere."""

from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 2000


def local_path(value: str | None, otherwise: str = "/") -> str:
    r"""`value` if it is a path on this site, else `otherwise`.

    Refused: another scheme or host, `//host` and `/\host` (browsers read both as a host), and
    control characters, which browsers drop before they read the address (WHATWG URL 4.4).
    """
    if not value or len(value) > _LONGEST or not value.startswith("/"):
        return otherwise
    if value.startswith("//") or "\\" in value or any(ord(letter) < ord("!") for letter in value):
        return otherwise
    try:
        parts = urlsplit(value)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else value
