"""The body of C2SP tlog-witness's add-checkpoint: an old size, a consistency proof, a checkpoint.

The log's signer is asked in the same words as a witness; only what they answer with differs.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from bti.audit.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BYTES: Final = 64 * 1024
_MOST_LINES: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,15})")


class BodyError(ValueError):
    """Not such a body."""


def body_of(old: int, proof: Sequence[bytes], checkpoint: str) -> bytes:
    """Return the body that asks for a signature on a checkpoint."""
    lines = [f"old {old}", *(base64.b64encode(step).decode() for step in proof)]
    return ("\n".join(lines) + "\n\n" + checkpoint).encode()


def read_body(body: bytes) -> tuple[int, tuple[bytes, ...], str]:
    """Return old size, proof and checkpoint. Raise BodyError for anything else."""
    if len(body) > MOST_BYTES:
        raise BodyError("too long")
    try:
        top, blank, checkpoint = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise BodyError("not text") from error
    first, *lines = top.split("\n")
    old = _OLD.fullmatch(first)
    if not blank or not old or len(lines) > _MOST_LINES:
        raise BodyError("not an old size, a proof and a checkpoint")
    return int(old[1]), tuple(map(_hash, lines)), checkpoint


def _hash(line: str) -> bytes:
    try:
        step = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BodyError("not base64") from error
    if len(step) != HASH_BYTES or base64.b64encode(step).decode() != line:
        raise BodyError("not a hash")
    return step
