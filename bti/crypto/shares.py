"""A secret split among n people so that any k of them restore it and fewer learn nothing (Shamir 1979).

Who is given a share, and what a secret is for, is decided elsewhere. A share is one line of text, made to be
written on paper:

    stafett-share-v1 | set id | number | how many are needed | base32 | CRC-32 of all before, in hex
"""

import re
import zlib
from base64 import b32decode, b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Self

from bti.crypto.entropy import random_bytes
from bti.crypto.pae import le64, pae

MOST_SHARES: Final = 255
MOST_SECRET_BYTES: Final = 1024

_NAME: Final = "stafett-share-v1"
_SET_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")
_CRC: Final = re.compile(r"[0-9a-f]{8}")
_CHECK_BYTES: Final = 16
_FEWEST: Final = 2
_PARTS: Final = 6
_REDUCED: Final = 0x1B  # x**8 = x**4 + x**3 + x + 1, the field AES uses (FIPS 197, 4.2)


class ShareError(ValueError):
    """The shares do not restore a secret. The text says why and repeats nothing of a share's content."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share, read and found undamaged. Shows its place in the set and nothing of its content."""

    set_id: str
    number: int
    needed: int
    value: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `encode` writes; spaces and the case of letters do not matter, as on paper.

        ShareError when it is not a share of this version or a character is wrong.
        """
        parts = "".join(text.split()).split("|")
        if len(parts) != _PARTS or parts[0].lower() != _NAME:
            raise ShareError("This is not a share of version 1.")
        _, set_id, number, needed, body, check = (part.lower() for part in parts)
        sound = (
            _SET_ID.fullmatch(set_id)
            and _NUMBER.fullmatch(number)
            and _NUMBER.fullmatch(needed)
            and _CRC.fullmatch(check)
            and check == _crc(f"{_NAME}|{set_id}|{number}|{needed}|{body.upper()}")
        )
        if not sound:
            raise ShareError("The share is damaged: compare it with the paper, sign by sign.")
        share = cls(set_id, int(number), int(needed), _from_base32(body.upper()))
        if share.number > MOST_SHARES or not _FEWEST <= share.needed <= MOST_SHARES:
            raise ShareError("The share is damaged: compare it with the paper, sign by sign.")
        return share

    def encode(self) -> str:
        """Return the line of text."""
        body = b32encode(self.value).decode().rstrip("=")
        line = f"{_NAME}|{self.set_id}|{self.number}|{self.needed}|{body}"
        return f"{line}|{_crc(line)}"


def split(secret: bytes, k: int, n: int, set_id: str) -> list[str]:
    """Split ``secret`` (1 to 1024 bytes) into ``n`` shares of which any ``k`` restore it.

    Fewer than ``k`` say nothing of it but its length: every secret of that length is equally possible.
    ``set_id`` (at most 32 of a-z, 0-9 and inner hyphens) names the set, and is public. ValueError unless
    2 <= k <= n <= 255.
    """
    if not _FEWEST <= k <= n <= MOST_SHARES:
        raise ValueError("There must be at least 2 needed, no more needed than made, at most 255.")
    if not 1 <= len(secret) <= MOST_SECRET_BYTES:
        raise ValueError(f"A secret to split has 1 to {MOST_SECRET_BYTES} bytes.")
    if not _SET_ID.fullmatch(set_id):
        raise ValueError("The id of a set has letters a-z, digits and hyphens, at most 32.")
    # The check travels inside the secret, so it tells nothing to fewer than k either.
    whole = secret + _check(secret, k, set_id)
    polynomials = [(one, *random_bytes(k - 1)) for one in whole]
    return [
        Share(set_id, x, k, bytes(_at(polynomial, x) for polynomial in polynomials)).encode()
        for x in range(1, n + 1)
    ]


def combine(texts: Iterable[str]) -> bytes:
    """Restore the secret from at least as many shares as the set needs.

    ShareError for a damaged share, one given twice, shares of different sets, too few, and for shares that
    fit together in form but not in content (a forged one, or two sets with one id).
    """
    shares = [Share.parse(text) for text in texts]
    if not shares:
        raise ShareError("No share was given.")
    if len({(share.set_id, share.needed, len(share.value)) for share in shares}) > 1:
        raise ShareError("The shares are from different sets.")
    if len({share.number for share in shares}) < len(shares):
        raise ShareError("A share was given twice.")
    needed = shares[0].needed
    if len(shares) < needed:
        raise ShareError(f"Too few shares: {len(shares)} of the {needed} that are needed.")
    whole = _interpolated(shares[:needed], 0)
    secret, check = whole[:-_CHECK_BYTES], whole[-_CHECK_BYTES:]
    # Every check is computed before any is judged: how long it takes tells nothing of which one failed.
    strays = [
        not compare_digest(_interpolated(shares[:needed], share.number), share.value)
        for share in shares[needed:]
    ]
    genuine = compare_digest(_check(secret, needed, shares[0].set_id), check)
    if not genuine or any(strays):
        raise ShareError("The shares do not belong together: one of them is wrong.")
    return secret


def _check(secret: bytes, k: int, set_id: str) -> bytes:
    content = pae(b"stafett/share/v1", set_id.encode(), le64(k), secret)
    return sha256(content).digest()[:_CHECK_BYTES]


def _interpolated(shares: Sequence[Share], x: int) -> bytes:
    """Give what the polynomials through ``shares`` are at ``x`` (Lagrange)."""
    total = bytes(len(shares[0].value))
    for share in shares:
        others = [other.number for other in shares if other is not share]
        above = reduce(_times, (x ^ other for other in others), 1)
        below = reduce(_times, (share.number ^ other for other in others), 1)
        weight = _times(above, _inverse(below))
        total = bytes(a ^ _times(weight, b) for a, b in zip(total, share.value, strict=True))
    return total


def _at(polynomial: Sequence[int], x: int) -> int:
    """Give the value at ``x``; the lowest coefficient comes first (Horner)."""
    return reduce(lambda value, coefficient: _times(value, x) ^ coefficient, reversed(polynomial))


def _times(a: int, b: int) -> int:
    """Multiply in GF(256): eight equal rounds, no table and no branch that a secret byte chooses."""
    product = 0
    for _ in range(8):
        product ^= -(b & 1) & a
        a = ((a << 1) & 0xFF) ^ (-(a >> 7) & _REDUCED)
        b >>= 1
    return product


def _inverse(a: int) -> int:
    """Give a**254, which is 1/a for every a but 0."""
    power = a
    for _ in range(6):
        power = _times(_times(power, power), a)
    return _times(power, power)


def _crc(line: str) -> str:
    return f"{zlib.crc32(line.encode()):08x}"


def _from_base32(body: str) -> bytes:
    try:
        value = b32decode(body + "=" * (-len(body) % 8))
    except ValueError:
        raise ShareError("The share is damaged: compare it with the paper, sign by sign.") from None
    if not 1 <= len(value) - _CHECK_BYTES <= MOST_SECRET_BYTES:
        raise ShareError("The share is damaged: compare it with the paper, sign by sign.")
    return value
