"""Values as the bytes that are sealed, and back: text and JSON.

Length limits and form rules belong to whoever takes the value in. No error here repeats any part of a value,
for it would end up in a log.
"""

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import NoReturn, TypeAlias
from uuid import UUID

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What comes back: dates, ids and enumeration members have become strings or numbers, tuples lists."""

JsonInput: TypeAlias = "bool | int | float | str | date | UUID | Enum | Sequence[JsonInput] | Mapping[str, JsonInput] | None"

_MAX_DEPTH = 32
# Everything Unicode calls a control character but tab and line feed, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def text_to_bytes(text: str) -> bytes:
    """Give ``text`` in Unicode form NFC as UTF-8.

    ValueError when it holds a control character other than line feed and tab (a carriage return is one: forms
    turn their line ends into line feeds first) or half a surrogate pair.
    """
    return _clean(text).encode()


def text_from_bytes(value: bytes) -> str:
    """Give back the text; ValueError when the bytes are not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        # The cause holds the bytes, so it is cut off here.
        raise ValueError("The value is not text in UTF-8.") from None


def json_to_bytes(value: JsonInput) -> bytes:
    """Give ``value`` as canonical JSON: keys sorted, no spaces, UTF-8, dates and ids as strings.

    The same value gives the same bytes. Dates become ISO 8601, and times must say their offset. ValueError for what
    JSON cannot carry exactly: a time without offset, a number that is not finite, a key that is not text, two
    keys that are one in form NFC, text :func:`text_to_bytes` refuses, more than 32 levels, any other type.
    """
    plain = _plain(value, 0)
    return json.dumps(
        plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ).encode()


def json_from_bytes(value: bytes) -> Json:
    """Give back what :func:`json_to_bytes` wrote; ValueError when the bytes are not JSON in UTF-8."""
    try:
        plain: Json = _DECODER.decode(value.decode())
    except (ValueError, RecursionError):
        # The cause holds the whole text, so it is cut off here.
        raise ValueError("The value is not JSON in UTF-8.") from None
    return plain


def _not_finite(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_not_finite)


def _clean(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ValueError("Text may not hold control characters other than line feed and tab.")
    return unicodedata.normalize("NFC", text)


def _plain(value: object, depth: int) -> Json:
    if depth > _MAX_DEPTH:
        raise ValueError(f"JSON may not be more than {_MAX_DEPTH} levels deep.")
    match value:
        case Mapping():
            return _plain_object(value, depth + 1)
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
        case Enum():
            return _plain_scalar(value.value)
        case _:
            return _plain_scalar(value)


def _plain_object(value: Mapping[object, object], depth: int) -> dict[str, Json]:
    plain: dict[str, Json] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise ValueError("The keys of a JSON object must be text.")  # noqa: TRY004 - one error for all that does not fit
        plain[_clean(key)] = _plain(item, depth)
    if len(plain) != len(value):
        raise ValueError("Two keys of a JSON object are the same text.")
    return plain


def _plain_scalar(value: object) -> Json:
    match value:
        case str():
            return _clean(value)
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case UUID():
            return str(value)
        case date():
            if isinstance(value, datetime) and value.utcoffset() is None:
                raise ValueError("A time must say its offset from UTC.")
            return value.isoformat()
        case _:
            raise ValueError(f"JSON cannot carry this value of type {type(value).__name__}.")
