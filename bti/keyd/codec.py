"""Frozen dataclasses as JSON and back, by their own annotations: facts and decisions on the wire.

Only what the annotations allow comes through; a new field of a facts class needs no change here.
"""

from __future__ import annotations

import types
import typing
import uuid
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class CodecError(ValueError):
    """Not what the annotation says. Names no value."""


def encode(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return JSON for a value made of dataclasses, ids, times, codes, tuples and sets."""
    if value is None or isinstance(value, bool | int | str):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [encode(one) for one in value]
    if isinstance(value, frozenset):
        return sorted((encode(one) for one in value), key=str)
    if is_dataclass(value):
        return {one.name: encode(getattr(value, one.name)) for one in fields(value)}
    raise CodecError(type(value).__name__)


def decode(kind: type[T], given: object) -> T:
    """Return a value of ``kind``. Raises ``CodecError`` for anything that is not exactly one."""
    found: T = _decode(kind, given)
    return found


def _decode(kind: Any, given: Any) -> Any:  # noqa: ANN401 - annotations and JSON
    origin = typing.get_origin(kind)
    if origin in {types.UnionType, typing.Union}:
        return _one_of(typing.get_args(kind), given)
    if origin in {tuple, frozenset}:
        return origin(_decode(typing.get_args(kind)[0], one) for one in _list(given))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if not isinstance(given, dict) or given.keys() != hints.keys():
            raise CodecError("fields")
        return kind(**{name: _decode(hint, given[name]) for name, hint in hints.items()})
    return _plain(kind, given)


def _plain(kind: Any, given: Any) -> Any:  # noqa: ANN401 - annotations and JSON
    if kind in {str, bool, int}:
        if type(given) is not kind:
            raise CodecError("type")
        return given
    if type(given) is not str:
        raise CodecError("type")
    try:
        if kind is uuid.UUID:
            return uuid.UUID(hex=given)
        if kind in {datetime, date}:
            return kind.fromisoformat(given)
        if issubclass(kind, StrEnum):
            return kind(given)
    except ValueError:
        raise CodecError("value") from None
    raise CodecError("kind")


def _one_of(kinds: tuple[Any, ...], given: Any) -> Any:  # noqa: ANN401 - annotations and JSON
    if given is None and type(None) in kinds:
        return None
    (kind,) = (one for one in kinds if one is not type(None))
    return _decode(kind, given)


def _list(given: object) -> list[Any]:
    if not isinstance(given, list):
        raise CodecError("list")
    return given


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
