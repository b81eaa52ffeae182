"""Writes a file of local rules: tables of texts, whole numbers, days, yes and no, and lists of texts.

Only what such a file may hold. The same values give the same text, so that its digest can be agreed to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_DELETE: Final = "\x7f"


def written(values: Mapping[str, object]) -> str:
    """Return ``values`` as TOML 1.0. Raises ``TypeError`` for a value that no such file holds."""
    return "\n".join(_lines(values, ())) + "\n"


def _lines(values: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    plain = {key: value for key, value in values.items() if key not in tables}
    if path and (plain or not tables):
        yield ""
        yield f"[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, table in tables.items():
        yield from _lines(table, (*path, key))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    raise TypeError(type(value).__name__)


def _text(text: str) -> str:
    # A basic string of TOML is escaped as JSON is, but for the one sign JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace(_DELETE, "\\u007f")
