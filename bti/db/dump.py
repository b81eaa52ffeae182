"""Every row of the case database as lines of text: the content of backups. Reading them is ``dump_load``'s.

One form for both engines, so that a pilot on SQLite moves to PostgreSQL by a restore, and so that a restore
counts what it reads. The key store is a dump of its own: it is kept for a shorter time than the data it opens.

    {"stafett-dump": 1, "kind", "set", "revision", "at"}
    {"table", "columns": [[name, kind], ...]}       then one list of values for each of its rows
    {"file"}                                        then its bytes, one text of base64 for each piece
    {"end": {table: rows}, "files": how many, "sha256": of all bytes before this line}
"""

from __future__ import annotations

import hashlib
import json
import uuid
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from bti.db.base import Base
from bti.db.types import UTCDateTime
from bti.db.walls import EVERYWHERE, settings_for, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.types import TypeEngine

VERSION: Final = 1
FORMAT: Final = "stafett-dump"
KEY_TABLES: Final = frozenset({"tenant_keys", "case_keys"})
"""The key store: wrapped keys, and nothing else."""

LEFT_OUT: Final = frozenset({"web_sessions", "throttles"})
"""Who is signed in just now, and who must wait: a session that was ended must not come back to life."""

PLAIN_TYPES: Final[dict[str, Any]] = {
    "uuid": Uuid(),
    "bytes": LargeBinary(),
    "time": UTCDateTime(),
    "date": Date(),
    "bool": Boolean(),
    "int": BigInteger(),
    "text": Text(),
}
"""Kind of a value → the column type that writes and reads it as it is stored, sealed or not."""

_BATCH: Final = 1000
_PIECE_BYTES: Final = 48 * 1024
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], str], ...]] = (
    (Uuid, "uuid"),
    (LargeBinary, "bytes"),
    (DateTime, "time"),
    (Date, "date"),
    (Boolean, "bool"),
    (Integer, "int"),
    (String, "text"),
)


@dataclass(frozen=True, slots=True)
class DumpTitle:
    """What a dump is: ``kind`` data or keys, the set the two make, the schema's revision, when."""

    kind: str
    set_id: str
    revision: str
    at: str


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open one unchanging view of the database; others go on writing.

    PostgreSQL: repeatable read, read only. SQLite: a reader of the write-ahead log, without the
    writer's lock that every other transaction of ours takes.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect() as connection:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            still = connection.execution_options(**options)
            with still.begin():
                tell(still, settings_for(EVERYWHERE))
                yield still
        return
    reader = create_engine(engine.url, hide_parameters=True, poolclass=NullPool)
    event.listen(reader, "connect", _read_only)
    event.listen(reader, "begin", _begin_reading)
    try:
        with reader.begin() as connection:
            yield connection
    finally:
        reader.dispose()


def tables_of(kind: str) -> tuple[Table, ...]:
    """Return the tables of a dump, each after those it refers to.

    All that the caller has imported: the models of the log are a room of their own.
    """
    return tuple(
        table
        for table in Base.metadata.sorted_tables
        if (table.name in KEY_TABLES) == (kind == "keys") and table.name not in LEFT_OUT
    )


def lines_of(
    connection: Connection, title: DumpTitle, files: Iterable[tuple[str, BinaryIO]] = ()
) -> Iterator[bytes]:
    """Give the dump line by line: the rows, then ``files`` (name and content, each closed after it).

    TypeError for a column of a type that has no form here.
    """
    digest = hashlib.sha256()
    counts: dict[str, int] = {}
    head = {FORMAT: VERSION, "kind": title.kind, "set": title.set_id}
    for line in _body(
        connection, title, {**head, "revision": title.revision, "at": title.at}, counts
    ):
        digest.update(line)
        yield line
    written = 0
    for name, content in files:
        written += 1
        for line in _file(name, content):
            digest.update(line)
            yield line
    yield _line({"end": counts, "files": written, "sha256": digest.hexdigest()})


def kind_of(column: Column[Any]) -> str:
    """Return what kind of value a column stores. TypeError for one that has no form here."""
    stored = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    for known, kind in _KINDS:
        if isinstance(stored, known):
            return kind
    message = f"no stored form for {column.table.name}.{column.name}"
    raise TypeError(message)


def plain_table(name: str, columns: Sequence[tuple[str, str]]) -> Table:
    """Return a table whose columns give and take values as they are stored."""
    return Table(name, MetaData(), *(Column(one, PLAIN_TYPES[kind]) for one, kind in columns))


def _body(
    connection: Connection, title: DumpTitle, head: dict[str, Any], counts: dict[str, int]
) -> Iterator[bytes]:
    yield _line(head)
    for table in tables_of(title.kind):
        columns = [(column.name, kind_of(column)) for column in table.columns]
        yield _line({"table": table.name, "columns": columns})
        counts[table.name] = 0
        plain = plain_table(table.name, columns)
        order = [plain.c[column.name] for column in table.primary_key.columns]
        rows = connection.execution_options(yield_per=_BATCH).execute(
            select(plain).order_by(*order)
        )
        for row in rows:
            yield _line([_written(value) for value in row])
            counts[table.name] += 1


def _file(name: str, content: BinaryIO) -> Iterator[bytes]:
    yield _line({"file": name})
    with content:
        while piece := content.read(_PIECE_BYTES):
            yield _line(b64encode(piece).decode())


def _written(value: Any) -> str | int | bool | None:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    message = f"no stored form for {type(value).__name__}"
    raise TypeError(message)


def _line(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _read_only(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA query_only=ON")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
    # The view begins with the first reading, not with BEGIN.
    connection.execute(text("SELECT count(*) FROM sqlite_master"))
