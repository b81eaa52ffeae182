"""Random bytes for keys and nonces, from the system, with a watch on the source.

A source that repeats would give two values the same nonce, which opens AES-GCM. It has never been
seen in a kernel; it has been seen in copied machines, stubs and broken containers.
"""

import os
from typing import Final

#: So few bytes may repeat by chance; they are given, and not watched.
_WATCHED_FROM: Final = 8
_latest: Final[dict[int, bytes]] = {}


class RepeatingSourceError(Exception):
    """The system's random source gave the same bytes twice. Nothing may be sealed until it is mended."""


def random_bytes(length: int) -> bytes:
    """Return ``length`` bytes that nobody can foresee.

    Raises ``RepeatingSourceError`` when they equal the last ones of that length in this process
    (the repetition count test of NIST SP 800-90B, 4.4.1, with a cut-off of 2: by chance once in
    2**64 at the fewest).
    """
    drawn = os.urandom(length)
    if length >= _WATCHED_FROM:
        # No lock: a fork while another thread held it would hang the child, and two threads that
        # draw at once are compared with the one before, which is as good.
        if _latest.get(length) == drawn:
            raise RepeatingSourceError
        _latest[length] = drawn
    return drawn
