"""Reading TOML with precise complaints: which file, which key, what was expected, what stood there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TypeVar

Path_ = tuple[str, ...]
#: Of what stood there, in a complaint.
_LONGEST_SHOWN = 80
#: Answered where a date is none, inside every limit there is.
_SOME_DAY = date(2020, 1, 1)
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
        #: Everything that is wrong with what was read, this first, where it was read to its end.
        self.faults: tuple[ProfileError, ...] = (self,)
        super().__init__(self.said(_as_it_is))

    @property
    def expected(self) -> str:
        """What should have stood there, in English."""
        return self.wanted(_as_it_is)

    def wanted(self, translate: Callable[[str], str]) -> str:
        """What should have stood there, in the language of ``translate``."""
        expected = translate(self._template)
        return expected % self._values if self._values else expected

    def said(self, translate: Callable[[str], str]) -> str:
        """The whole complaint in the language of ``translate``, which maps the English texts."""
        expected = self.wanted(translate)
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
    #: What was found wrong so far; reading goes on, so that all of it can be told at once.
    faults: dict[tuple[str, str, str], ProfileError] = field(default_factory=dict)

    def complain(self, fault: ProfileError) -> None:
        """Note what is wrong. The same is told once, however often it is met."""
        self.faults.setdefault((fault.file, fault.key, fault.expected), fault)

    def settle(self) -> None:
        """Raise the first ``ProfileError`` with all of them in ``faults``, if anything was wrong."""
        if self.faults:
            first, *others = self.faults.values()
            first.faults = (first, *others)
            raise first

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
        return parse(path.read_bytes(), _called(path))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ProfileError(_called(path), "(file)", N_("a TOML file")) from None


def parse(content: bytes, file: str) -> Document:
    """Parse TOML in UTF-8 that is called ``file``. Raises ``ProfileError`` for what is none."""
    try:
        values = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        # Bad TOML and bad UTF-8 are values; so is a number too long to read. Brackets may go too deep.
        raise ProfileError(file, "(file)", N_("valid TOML in UTF-8"), str(error)) from None
    document = Document(file, values)
    document.origins.update(dict.fromkeys(_paths(values), document.file))
    return document


def shipped_in(folder: Path) -> tuple[str, ...]:
    """The keys of the files that are shipped in a folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def shipped_path(folder: Path, key: str) -> Path:
    """The file with this key in a folder of shipped ones. Raises ``ProfileError``."""
    known = shipped_in(folder)
    if key not in known:
        allowed = ", ".join(known)
        raise ProfileError(f"{key}.toml", "(file)", N_("one of %(allowed)s"), key, allowed=allowed)
    return folder / f"{key}.toml"


def _called(path: Path) -> str:
    """What a file is called in a complaint: a version by its profile too."""
    return f"{path.parent.name}/{path.name}" if path.stem.isdecimal() else path.name


def merge(base: Document, over: Document) -> Document:
    """``over`` laid on ``base``: tables are merged key by key, everything else is replaced."""
    values = _merged(base.values, over.values)
    origins, names = base.origins | over.origins, base.names | over.names
    return Document(over.file, values, origins, names, over.faults | base.faults)


def give_way(base: Document, over: Document) -> Document:
    """``base`` without what its services say about something that ``over`` says for all services.

    A municipality that says how a step is done says it for every service; only its own services'
    ways come before that.
    """
    levels = over.values.get("levels")
    services = base.values.get("services")
    if not isinstance(levels, dict) or not isinstance(services, dict):
        return base
    left = {code: _giving_way(one, levels) for code, one in services.items()}
    origins = {
        path: file
        for path, file in base.origins.items()
        if path[:1] != ("services",) or _stands(left, path[1:])
    }
    values = {**base.values, "services": left}
    return Document(base.file, values, origins, base.names, base.faults)


def _giving_way(service: object, said: Mapping[str, object]) -> object:
    if not isinstance(service, dict) or not isinstance(service.get("levels"), dict):
        return service
    return {**service, "levels": _without(service["levels"], said)}


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
    """One table of a document.

    What is wrong is noted in the document, and something harmless is answered instead, so that the
    rest is read too: nothing of it may be used before ``Document.settle``. ``done`` complains about keys
    nobody asked for.
    """

    def __init__(
        self,
        document: Document,
        values: Mapping[str, object],
        path: Path_ = (),
        *,
        blind: bool = False,
    ) -> None:
        """Read ``values``, which stand at ``path``. ``blind``: nothing more is said about it."""
        self._document = document
        self._values = values
        self._path = path
        self._blind = blind
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
        if isinstance(value, dict):
            return Table(self._document, value, (*self._path, key), blind=self._blind)
        self.complain(key, N_("a table"), value)
        return Table(self._document, {}, (*self._path, key), blind=True)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._value(key)
        if isinstance(value, str) and value.strip():
            return value
        self.complain(key, N_("a text"), value)
        return "-"

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
        if isinstance(value, list) and each_once and all(isinstance(t, str) for t in texts):
            return texts
        self.complain(key, N_("a list of texts, each once"), value)
        return ()

    def codes(self, key: str, codes: type[Code]) -> tuple[Code, ...]:
        """A list of codes of a vocabulary, each once; empty where the key is left out."""
        known = {str(code.value): code for code in codes}
        texts = self.texts(key)
        for text in texts:
            if text not in known:
                self.complain(key, N_("one of %(allowed)s"), text, allowed=", ".join(known))
        return tuple(known[text] for text in texts if text in known)

    def yes(self, key: str) -> bool:
        """True or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            self.complain(key, N_("true or false"), value)
        return value is True

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return self._there(key)

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number within both ends."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.complain(key, N_("a whole number from %(low)s to %(high)s"), value, low=low, high=high)
        return low

    def whole_or_none(self, key: str, low: int, high: int) -> int | None:
        """A whole number within both ends, or None where the key is left out."""
        return self.whole(key, low, high) if self._there(key) else None

    def number(self, key: str, largest: int) -> Decimal:
        """A number from 0 to ``largest``, with two decimals at most."""
        value = self._value(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= largest:
            number = Decimal(str(value))
            if number == round(number, 2):
                return number
        self.complain(
            key, N_("a number from 0 to %(high)s with at most two decimals"), value, high=largest
        )
        return Decimal(0)

    def rows(self, key: str, most: int) -> tuple[Table, ...]:
        """A list of tables; in a complaint each is called by its place in the list, from 1."""
        value = self._value(key)
        if (
            isinstance(value, list)
            and len(value) <= most
            and all(isinstance(r, dict) for r in value)
        ):
            return tuple(
                Table(self._document, row, (*self._path, key, str(at)), blind=self._blind)
                for at, row in enumerate(value, start=1)
            )
        self.complain(key, N_("a list of at most %(most)s tables"), value, most=most)
        return ()

    def day(self, key: str) -> date:
        """A date."""
        value = self._value(key)
        if type(value) is date:
            return value
        self.complain(key, N_("a date such as 2026-08-01"), value)
        return _SOME_DAY

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
        self.complain(key, N_("one of %(allowed)s"), value, allowed=allowed)
        return next(iter(codes))

    def done(self) -> None:
        """Complain about a key that means nothing: it is most often a slip of the pen."""
        known = ", ".join(sorted(self._asked))
        for key in self._values:
            if key not in self._asked:
                self.complain(
                    key, N_("no such key (known here: %(known)s)"), self._values[key], known=known
                )

    def complain(self, key: str, expected: str, found: object = None, **values: object) -> None:
        """Note what is wrong with a key of this table, unless all of the table is."""
        if not self._blind:
            path = (*self._path, key)
            origin, name = self._document.origin(path), self._document.name(path)
            self._document.complain(ProfileError(origin, name, expected, found, **values))

    def _there(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def _value(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)
