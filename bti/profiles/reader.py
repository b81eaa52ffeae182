"""Reading TOML with precise complaints: which file, which key, what was expected, what stood there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TypeVar

Path_ = tuple[str, ...]
Code = TypeVar("Code", bound=Enum)


class ProfileError(Exception):
    """A profile cannot be used. Names the file, the key and what is expected."""

    def __init__(self, file: str, key: str, expected: str, found: object = None) -> None:
        stands = "it is missing" if found is None else f"found {found!r}"
        super().__init__(f"{file}: {key}: expected {expected}, {stands}")
        self.file = file
        self.key = key
        self.expected = expected
        self.found = found


@dataclass(slots=True)
class Document:
    """Merged TOML, with the file each value came from."""

    file: str
    values: dict[str, object]
    origins: dict[Path_, str] = field(default_factory=dict)

    def origin(self, path: Path_) -> str:
        """The file that set the value at ``path`` or nearest above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return self.file


def read(path: Path) -> Document:
    """Parse one file. Raises ``ProfileError`` for a missing file or bad TOML."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError(path.name, "(file)", "a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(path.name, "(file)", "valid TOML in UTF-8", str(error)) from None
    document = Document(path.name, values)
    document.origins.update(dict.fromkeys(_paths(values), path.name))
    return document


def merge(base: Document, over: Document) -> Document:
    """``over`` laid on ``base``: tables are merged key by key, everything else is replaced."""
    values = _merged(base.values, over.values)
    return Document(over.file, values, base.origins | over.origins)


def _merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type] # both are dicts
    return result


def _paths(values: Mapping[str, object], above: Path_ = ()) -> Iterator[Path_]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


class Table:
    """One table of a document. ``done`` complains about keys nobody asked for."""

    def __init__(self, document: Document, values: Mapping[str, object], path: Path_ = ()) -> None:
        self._document = document
        self._values = values
        self._path = path
        self._asked: set[str] = set()

    def keys(self) -> tuple[str, ...]:
        """The keys that stand here, in file order."""
        return tuple(self._values)

    def table(self, key: str) -> Table:
        """A table below this one."""
        value = self._value(key)
        if not isinstance(value, dict):
            raise self.error(key, "a table", value)
        return Table(self._document, value, (*self._path, key))

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._value(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "a text", value)
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number within both ends."""
        value = self._value(key)
        right = isinstance(value, int) and not isinstance(value, bool)
        if not right or not low <= value <= high:  # type: ignore[operator] # right says it is an int
            raise self.error(key, f"a whole number from {low} to {high}", value)
        return value  # type: ignore[return-value] # as above

    def whole_or_none(self, key: str, low: int, high: int) -> int | None:
        """A whole number within both ends, or None where the key is left out."""
        if key not in self._values:
            self._asked.add(key)
            return None
        return self.whole(key, low, high)

    def day(self, key: str) -> date:
        """A date."""
        value = self._value(key)
        if type(value) is not date:
            raise self.error(key, "a date such as 2026-08-01", value)
        return value

    def day_or_none(self, key: str) -> date | None:
        """A date, or None where the key is left out."""
        if key not in self._values:
            self._asked.add(key)
            return None
        return self.day(key)

    def choice(self, key: str, codes: type[Code]) -> Code:
        """One of the codes of a vocabulary."""
        value = self._value(key)
        for code in codes:
            if code.value == value:
                return code
        allowed = ", ".join(str(code.value) for code in codes)
        raise self.error(key, f"one of {allowed}", value)

    def done(self) -> None:
        """Complain about a key that means nothing: it is most often a slip of the pen."""
        for key in self._values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.error(key, f"no such key (known here: {known})", self._values[key])

    def error(self, key: str, expected: str, found: object = None) -> ProfileError:
        """The complaint about a key of this table."""
        path = (*self._path, key)
        return ProfileError(self._document.origin(path), ".".join(path), expected, found)

    def _value(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)
