"""Padding that hides how long a value is, before it is sealed.

Padmé lengths (Nikitin et al., PURBs, PoPETs 2019) leak O(log log n) bits and cost at most 12 per cent.
"""

from collections.abc import Iterator
from typing import Final

from bti.crypto.errors import SealError

MINIMUM = 64
"""Bytes; nothing is sealed shorter than this, so names and ids all look the same."""

_MARK = b"\x80"
_PIECE = 64 * 1024


def padme(n: int) -> int:
    """Round the length ``n`` (bytes) up to its Padmé length; ValueError when negative."""
    if n < 0:
        raise ValueError("A length cannot be negative.")
    if n < 2:  # noqa: PLR2004 - log2 of the exponent is undefined below two, and there is nothing to round
        return n
    exponent = n.bit_length() - 1
    low_bits = (1 << (exponent - exponent.bit_length())) - 1
    return (n + low_bits) & ~low_bits


def pad(value: bytes, minimum: int = MINIMUM) -> bytes:
    """Append 80 00... to max(``minimum``, Padmé(length + 1)) bytes.

    ``minimum`` must be a Padmé length of at least 64, else ValueError: then every padded length is one too,
    and a reader can refuse all others before touching the content.
    """
    if not is_padded_length(minimum):
        raise ValueError("The least padded length must be a Padmé length of 64 bytes or more.")
    marked = value + _MARK
    return marked.ljust(padded_length(len(value), minimum), b"\0")


def is_padded_length(n: int) -> bool:
    """Tell whether :func:`pad` can have produced ``n`` bytes."""
    return n in _SHORT or (n >= MINIMUM and padme(n) == n)


def padding_after(length: int, minimum: int) -> Iterator[bytes]:
    """Give in pieces what :func:`pad` would append to ``length`` bytes that are not at hand any more."""
    left = padded_length(length, minimum) - length
    yield _MARK
    left -= 1
    while left > 0:
        piece = min(left, _PIECE)
        yield bytes(piece)
        left -= piece


def padded_length(length: int, minimum: int) -> int:
    """Say how long ``length`` bytes become when padded to at least ``minimum``."""
    return max(minimum, padme(length + 1))


def unpad(padded: bytes) -> bytes:
    """Give back what :func:`pad` was given; SealError when the length or the mark is not one of its own."""
    if not is_padded_length(len(padded)):
        raise SealError
    return strip_mark(padded)


def strip_mark(padded: bytes) -> bytes:
    """As :func:`unpad`, for a reader that has checked the length already; SealError without a mark."""
    marked = padded.rstrip(b"\0")
    if not marked.endswith(_MARK):
        raise SealError
    return marked[:-1]


_SHORT: Final = frozenset(padme(n) for n in range(MINIMUM, 64 * 1024, 8))
"""The padded lengths of fields, so that one look tells: a page asks for hundreds."""
