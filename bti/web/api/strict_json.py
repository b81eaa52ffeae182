"""One JSON object from outside, read so that it can mean one thing only.

Two readers of one document must not see two documents: no name twice, no numbers that are none, no half
characters, no more depth than any call has.
"""

from __future__ import annotations

import json
from typing import Any, Final

MOST_BYTES: Final = 128 * 1024
_MOST_DEPTH: Final = 4
_MOST_DIGITS: Final = 15


class BadJson(Exception):  # noqa: N818 - a verdict; says nothing of what was wrong
    """Not a JSON object that is read here."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the object in ``body`` (UTF-8, no byte order mark). Raises ``BadJson``, and nothing else."""
    # Depth first: the parser's own limit is the stack's, and a deep message costs before it fails.
    if not body or len(body) > MOST_BYTES or _depth(body) > _MOST_DEPTH:
        raise BadJson
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_no_twins,
            parse_constant=_refuse,
            parse_float=_refuse,
            parse_int=_small,
        )
        # A lone surrogate can be written as an escape; it is no text.
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise BadJson from None
    if type(found) is not dict:
        raise BadJson
    return found


def _depth(body: bytes) -> int:
    """Return how deep brackets nest at most, outside strings."""
    depth = deepest = 0
    in_text = escaped = False
    for byte in body:
        if in_text:
            in_text = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            in_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson
    return found


def _refuse(_text: str) -> Any:  # noqa: ANN401 - never returns
    raise BadJson


def _small(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise BadJson
    return int(text)
