"""Reading TOML with precise complaints: which file, which key, what was expected, what stood there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TypeVar

Path_ = tuple[str, ...]
#: Of what stood there, in a complaint.
_LONGEST_SHOWN = 80
Code = TypeVar("Code", bound=Enum)


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds a text that is translated later
    """Mark a text for the catalogues."""
    return text


def _as_it_is(text: str) -> str:
    return text


class ProfileError(Exception):
    """A profile cannot be used. Names the file, the key and what is expected.

    ``expected`` may hold names in %(name)s form, filled from ``values``.
    """

    def __init__(
        self, file: str, key: str, expected: str, found: object = None, **values: object
    ) -> None:
        self.file = file
        self.key = key
        self.found = found
        self._template = expected
        self._values = values
        super().__init__(self.said(_as_it_is))

    @property
    def expected(self) -> str:
        """What should have stood there, in English."""
        return self._template % self._values if self._values else self._template

    def said(self, translate: Callable[[str], str]) -> str:
        """The whole complaint in the language of ``translate``, which maps the English texts."""
        expected = translate(self._template)
        expected = expected % self._values if self._values else expected
        if self.found is None:
            stands = translate(N_("it is missing"))
        else:
            stands = translate(N_("found %(value)s")) % {"value": repr(self.found)[:_LONGEST_SHOWN]}
        whole = translate(N_("%(file)s: %(key)s: expected %(expected)s, %(stands)s"))
        return whole % {
            "file": self.file,
            "key": self.key,
            "expected": expected,
            "stands": stands,
        }


@dataclass(slots=True)
class Document:
    """Merged TOML, with the file each value came from."""

    file: str
    values: dict[str, object]
    origins: dict[Path_, str] = field(default_factory=dict)
    #: Where a key really stands, for what was moved before it is read.
    names: dict[Path_, str] = field(default_factory=dict)

    def name(self, path: Path_) -> str:
        """The key as it stands in the file that set it, or what is nearest above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.names:
                return ".".join((self.names[path[:length]], *path[length:]))
            if path[:length] in self.origins:
                break
        return ".".join(path)

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
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ProfileError(_called(path), "(file)", N_("a TOML file")) from None
    except (ValueError, RecursionError) as error:
        # Bad TOML and bad UTF-8 are values; so is a number too long to read. Brackets may go too deep.
        raise ProfileError(_called(path), "(file)", N_("valid TOML in UTF-8"), str(error)) from None
    document = Document(_called(path), values)
    document.origins.update(dict.fromkeys(_paths(values), document.file))
    return document


def _called(path: Path) -> str:
    """What a file is called in a complaint: a version by its profile too."""
    return f"{path.parent.name}/{path.name}" if path.stem.isdecimal() else path.name


def merge(base: Document, over: Document) -> Document:
    """``over`` laid on ``base``: tables are merged key by key, everything else is replaced."""
    values = _merged(base.values, over.values)
    return Document(over.file, values, base.origins | over.origins, base.names | over.names)


def give_way(base: Document, over: Document) -> Document:
    """``base`` without what its services say about something that ``over`` says for all services.

    A municipality that says how a step is done says it for every service; only its own services'
    ways come before that.
    """
    levels = over.values.get("levels")
    services = base.values.get("services")
    if not isinstance(levels, dict) or not isinstance(services, dict):
        return base
    left = {code: {"levels": _without(one["levels"], levels)} for code, one in services.items()}
    origins = {
        path: file
        for path, file in base.origins.items()
        if path[:1] != ("services",) or _stands(left, path[1:])
    }
    return Document(base.file, {**base.values, "services": left}, origins, base.names)


def _without(values: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    left: dict[str, object] = {}
    for key, value in values.items():
        other = said.get(key)
        if isinstance(value, dict) and isinstance(other, dict):
            left[key] = _without(value, other)
        elif key not in said:
            left[key] = value
    return {key: value for key, value in left.items() if value != {}}


def _stands(values: object, path: Path_) -> bool:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


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

    @property
    def key(self) -> str:
        """Where this table stands, dotted."""
        return self._document.name(self._path)

    def keys(self) -> tuple[str, ...]:
        """The keys that stand here, in file order."""
        return tuple(self._values)

    def table(self, key: str) -> Table:
        """A table below this one."""
        value = self._value(key)
        if not isinstance(value, dict):
            raise self.error(key, N_("a table"), value)
        return Table(self._document, value, (*self._path, key))

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._value(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, N_("a text"), value)
        return value

    def is_text(self, key: str) -> bool:
        """Whether a text stands there, and not something else or nothing."""
        return isinstance(self._value(key), str)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, each once; empty where the key is left out."""
        if not self._there(key):
            return ()
        value = self._value(key)
        texts = tuple(value) if isinstance(value, list) else ()
        each_once = len(set(map(str, texts))) == len(texts)
        if not (isinstance(value, list) and each_once and all(isinstance(t, str) for t in texts)):
            raise self.error(key, N_("a list of texts, each once"), value)
        return texts

    def codes(self, key: str, codes: type[Code]) -> tuple[Code, ...]:
        """A list of codes of a vocabulary, each once; empty where the key is left out."""
        known = {str(code.value): code for code in codes}
        for text in self.texts(key):
            if text not in known:
                raise self.error(key, N_("one of %(allowed)s"), text, allowed=", ".join(known))
        return tuple(known[text] for text in self.texts(key))

    def yes(self, key: str) -> bool:
        """True or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.error(key, N_("true or false"), value)
        return value

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return self._there(key)

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number within both ends."""
        value = self._value(key)
        right = isinstance(value, int) and not isinstance(value, bool)
        if not right or not low <= value <= high:  # type: ignore[operator] # right says it is an int
            raise self.error(
                key,
                N_("a whole number from %(low)s to %(high)s"),
                value,
                low=low,
                high=high,
            )
        return value  # type: ignore[return-value] # as above

    def whole_or_none(self, key: str, low: int, high: int) -> int | None:
        """A whole number within both ends, or None where the key is left out."""
        return self.whole(key, low, high) if self._there(key) else None

    def day(self, key: str) -> date:
        """A date."""
        value = self._value(key)
        if type(value) is not date:
            raise self.error(key, N_("a date such as 2026-08-01"), value)
        return value

    def day_or_none(self, key: str) -> date | None:
        """A date, or None where the key is left out."""
        return self.day(key) if self._there(key) else None

    def choice(self, key: str, codes: type[Code]) -> Code:
        """One of the codes of a vocabulary."""
        value = self._value(key)
        for code in codes:
            if code.value == value:
                return code
        allowed = ", ".join(str(code.value) for code in codes)
        raise self.error(key, N_("one of %(allowed)s"), value, allowed=allowed)

    def done(self) -> None:
        """Complain about a key that means nothing: it is most often a slip of the pen."""
        for key in self._values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.error(
                    key, N_("no such key (known here: %(known)s)"), self._values[key], known=known
                )

    def error(
        self, key: str, expected: str, found: object = None, **values: object
    ) -> ProfileError:
        """The complaint about a key of this table."""
        path = (*self._path, key)
        return ProfileError(
            self._document.origin(path), self._document.name(path), expected, found, **values
        )

    def _there(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def _value(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)
