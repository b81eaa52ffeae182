"""Reads a dump: proves that it is whole, and writes its rows into an empty database.

Nothing is believed before the last line has been read: who loads does so in one transaction and commits after.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from base64 import b64decode
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, Self

from sqlalchemy import bindparam, func, inspect, select, update

from bti.db.ddl import carry_out, quoted
from bti.db.dump import FORMAT, PLAIN_TYPES, VERSION, DumpTitle, plain_table
from bti.db.walls import EVERYWHERE, settings_for, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

_MOST_LINE_BYTES: Final = 64 << 20
_BATCH: Final = 500
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE: Final = re.compile(r"[0-9a-f]{32}")
_TITLE: Final = ("kind", "set", "revision", "at")


class DumpRefused(ValueError):  # noqa: N818 - says what happened, as callers read it
    """The dump is not whole or not one of ours. The text says where and repeats nothing of a row."""


@dataclass(frozen=True, slots=True)
class DumpContent:
    """What was read: the dump's title, how many rows of each table, and how many files."""

    title: DumpTitle
    rows: Mapping[str, int]
    files: int

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True)
class _Section:
    """A table as the dump describes it."""

    name: str
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, line: Mapping[str, Any]) -> Self:
        """Read the line that begins a table."""
        name, columns = line.get("table"), line.get("columns")
        if set(line) != {"table", "columns"} or not isinstance(columns, list) or not columns:
            raise DumpRefused("a table is not described as it should be")
        pairs = tuple((column[0], column[1]) for column in columns if _is_column(column))
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(pairs) != len(columns):
            raise DumpRefused("a table is not described as it should be")
        return cls(name, pairs)


@dataclass(frozen=True, slots=True)
class _FilePart:
    """A piece of a file; the first of each has no bytes."""

    name: str
    data: bytes | None


class FileShelf(Protocol):
    """Where the files of a dump are put."""

    def begin(self, name: str) -> BinaryIO:
        """Open a new file of this name for writing. ``DumpRefused`` for a name that cannot be."""


def check_dump(pieces: Iterable[bytes]) -> DumpContent:
    """Read a dump to its end and return what is in it. Raises ``DumpRefused``."""
    reading = _Reading(pieces)
    for _ in reading.parts():
        pass
    return reading.content()


def load_dump(
    connection: Connection, pieces: Iterable[bytes], shelf: FileShelf | None = None
) -> DumpContent:
    """Write every row of a dump, and its files to ``shelf``. Raises ``DumpRefused``; then roll back.

    The tables must be there, at the dump's revision, and empty.
    """
    tell(connection, settings_for(EVERYWHERE))
    reading = _Reading(pieces)
    writer = _Writer(connection)
    with ExitStack() as stack:
        file: BinaryIO | None = None
        for part in reading.parts():
            if not isinstance(part, _FilePart):
                writer.add(*part)
            elif shelf is None:
                raise DumpRefused("there are files in it and nowhere to put them")
            elif part.data is None:
                stack.close()
                file = stack.enter_context(shelf.begin(part.name))
            elif file is not None:
                file.write(part.data)
    writer.finish()
    return reading.content()


class _Reading:
    """The lines of one dump, in order."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._lines = _lines(pieces)
        self._digest = hashlib.sha256()
        self._title = self._read_title()
        self._counts: Counter[str] = Counter()
        self._files = 0
        self._whole = False

    def parts(self) -> Iterator[tuple[_Section, list[Any]] | _FilePart]:
        """Give each row with its table, then each file; stops after the last line, which must be right."""
        section: _Section | None = None
        name: str | None = None
        for line in self._lines:
            content = _parsed(line)
            if isinstance(content, dict) and "end" in content:
                self._check_end(content)
                return
            self._digest.update(line)
            if isinstance(content, dict) and "file" in content:
                name = self._begin_file(content)
                yield _FilePart(name, None)
            elif name is not None:
                yield _FilePart(name, _read_piece(content))
            elif isinstance(content, dict):
                section = self._begin_table(content)
            elif section is None or not isinstance(content, list):
                raise DumpRefused("a row stands in no table")
            else:
                self._counts[section.name] += 1
                yield section, _read_row(section, content)
        raise DumpRefused("the dump has no end")

    def _begin_table(self, content: Mapping[str, Any]) -> _Section:
        section = _Section.parse(content)
        if section.name in self._counts:
            raise DumpRefused(f"{section.name} comes twice")
        self._counts[section.name] = 0
        return section

    def _begin_file(self, content: Mapping[str, Any]) -> str:
        name = content["file"]
        if set(content) != {"file"} or not isinstance(name, str) or not _FILE.fullmatch(name):
            raise DumpRefused("a file is not described as it should be")
        self._files += 1
        return name

    def content(self) -> DumpContent:
        """Return what was read, once all was."""
        if not self._whole:
            raise DumpRefused("the dump was not read to its end")
        return DumpContent(self._title, dict(self._counts), self._files)

    def _read_title(self) -> DumpTitle:
        line = next(self._lines, b"")
        self._digest.update(line)
        content = _parsed(line)
        if not isinstance(content, dict) or set(content) != {FORMAT, *_TITLE}:
            raise DumpRefused("this is no dump")
        if content[FORMAT] != VERSION or not all(isinstance(content[one], str) for one in _TITLE):
            raise DumpRefused("this is a dump of another version")
        return DumpTitle(*(content[one] for one in _TITLE))

    def _check_end(self, content: Mapping[str, Any]) -> None:
        end = {"end": dict(self._counts), "files": self._files, "sha256": self._digest.hexdigest()}
        if content != end:
            raise DumpRefused("the rows are not those that were written")
        if next(self._lines, None) is not None:
            raise DumpRefused("something follows the end")
        self._whole = True


class _Writer:
    """Inserts rows, many at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._section: _Section | None = None
        self._waiting: list[dict[str, Any]] = []
        #: References within a table: set when every row of it is there.
        self._later: list[tuple[Table, str, dict[str, Any]]] = []
        self._inward: frozenset[str] = frozenset()
        self._numbered: dict[str, tuple[str, ...]] = {}

    def add(self, section: _Section, row: list[Any]) -> None:
        """Take one row."""
        if section is not self._section:
            self._flush()
            self._section = section
            self._inward = _inward_columns(self._connection, section.name)
            self._numbered[section.name] = _numbered_columns(self._connection, section.name)
            self._let_numbers_in(section.name, "BY DEFAULT")
        values = dict(zip((name for name, _ in section.columns), row, strict=True))
        for name in self._inward:
            if values.get(name) is not None:
                table = plain_table(section.name, section.columns)
                self._later.append((table, name, {"row": values["id"], "value": values[name]}))
                values[name] = None
        self._waiting.append(values)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def finish(self) -> None:
        """Write what waits, the references within tables, and put number series after the last number."""
        self._flush()
        for table, name, values in self._later:
            change = update(table).where(table.c.id == bindparam("row"))
            self._connection.execute(change.values({name: bindparam("value")}), values)
        for name, columns in self._numbered.items():
            self._let_numbers_in(name, "ALWAYS")
            for column in columns:
                _continue_series(self._connection, name, column)

    def _let_numbers_in(self, name: str, when: str) -> None:
        """Let a column that numbers its rows itself take the numbers of the dump, or end that."""
        carry_out(
            self._connection,
            (
                f"ALTER TABLE {quoted(name)} ALTER COLUMN {quoted(column)} SET GENERATED {when}"
                for column in self._numbered[name]
            ),
        )

    def _flush(self) -> None:
        if self._waiting and self._section is not None:
            table = plain_table(self._section.name, self._section.columns)
            self._connection.execute(table.insert(), self._waiting)
        self._waiting = []


def _inward_columns(connection: Connection, name: str) -> frozenset[str]:
    """Return the columns by which rows of a table refer to others of the same table."""
    keys = inspect(connection).get_foreign_keys(name)
    return frozenset(
        column
        for key in keys
        if key["referred_table"] == name
        for column in key["constrained_columns"]
    )


def _numbered_columns(connection: Connection, name: str) -> tuple[str, ...]:
    """Return the columns for which PostgreSQL itself counts on (identity)."""
    if connection.dialect.name != "postgresql":
        return ()
    columns = inspect(connection).get_columns(name)
    return tuple(column["name"] for column in columns if column.get("identity"))


def _continue_series(connection: Connection, name: str, column: str) -> None:
    """Put the next number after the last one of the dump."""
    last = func.max(plain_table(name, [(column, "int")]).c[column])
    series = func.pg_get_serial_sequence(name, column)
    connection.execute(select(func.setval(series, last)).having(last.is_not(None)))


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > _MOST_LINE_BYTES:
            raise DumpRefused("a line is too long")
    if rest:
        raise DumpRefused("the dump is cut")


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise DumpRefused("a line is not JSON") from None


def _read_piece(content: object) -> bytes:
    if not isinstance(content, str):
        raise DumpRefused("a file's bytes are not written as they should be")
    try:
        return b64decode(content, validate=True)
    except ValueError:
        raise DumpRefused("a file's bytes are not written as they should be") from None


def _is_column(column: object) -> bool:
    return (
        isinstance(column, list)
        and len(column) == len(("name", "kind"))
        and all(isinstance(part, str) for part in column)
        and _NAME.fullmatch(column[0]) is not None
        and column[1] in PLAIN_TYPES
    )


def _read_row(section: _Section, row: Sequence[Any]) -> list[Any]:
    if len(row) != len(section.columns):
        raise DumpRefused(f"a row of {section.name} has another length")
    return [
        None if value is None else _read_value(section.name, kind, value)
        for (_, kind), value in zip(section.columns, row, strict=True)
    ]


def _read_value(table: str, kind: str, value: Any) -> Any:
    if type(value) is not _WRITTEN_AS[kind]:
        raise DumpRefused(f"a value of {table} is not of its kind")
    try:
        return _READ[kind](value)
    except ValueError:
        raise DumpRefused(f"a value of {table} is not of its kind") from None


_WRITTEN_AS: Final = dict.fromkeys(PLAIN_TYPES, str) | {"bool": bool, "int": int}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "bool": bool,
    "date": date.fromisoformat,
    "bytes": lambda value: b64decode(value, validate=True),
    "int": int,
    "text": str,
    "time": datetime.fromisoformat,
    "uuid": lambda value: uuid.UUID(hex=value),
}
