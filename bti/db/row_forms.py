"""Rows under a MAC across a migration: in which form they stand, and what a revision makes of it.

A MAC covers every column by name, so a revision that changes the columns of such a table makes its MACs unfit.
It says in ``UNDER_MAC`` what becomes of a row: table → a function from the stored columns before (see
``bti.db.types.stored_bytes``) to those after. What is renewed is compared with that, so that nothing in the
database, a planted trigger included, decides what gets a new MAC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from alembic.script import ScriptDirectory
from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    inspect,
    literal,
    select,
)

from bti.db.base import AuthorityRow, Base
from bti.db.ddl import carry_out, quoted
from bti.db.guards import NOT_UNDER_MAC
from bti.db.types import UTCDateTime, stored_bytes

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.types import TypeEngine

Columns = Mapping[str, bytes | None]
"""Column name → stored bytes, without what no MAC covers."""

Turn = Callable[[Columns], Columns]
"""What one revision makes of a row."""

#: Rows read at once.
AT_ONCE: Final = 2000
#: Revisions after this one say what they make of rows under a MAC. Nothing was released before.
_SAID_AFTER: Final = "0019"


class FormError(Exception):
    """A revision changes rows under a MAC and cannot be carried out so. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one table's rows between two revisions."""

    table: str
    turns: tuple[Turn, ...]

    def turned(self, columns: Columns) -> Columns:
        """Return the columns of a row in its new form."""
        for turn in self.turns:
            columns = turn(columns)
        return columns


@dataclass(frozen=True, slots=True)
class OldRow:
    """A row under a MAC as it stands before the migration."""

    tenant: uuid.UUID
    id: uuid.UUID
    version: int
    mac: bytes
    columns: Columns


class Renewal(Protocol):
    """Looks at rows before a migration, and gives those that were good a MAC after it."""

    def look(self, connection: Connection, changes: Sequence[Change]) -> None:
        """See which rows are good in the form they stand in."""

    def renew(self, connection: Connection) -> Callable[[], None]:
        """Give each of them a MAC in its new form; returns what is to be done after the commit."""


def changes_since(config: Config, revision: str | None) -> tuple[Change, ...]:
    """Return what the revisions after ``revision`` make of rows under a MAC, table by table."""
    if revision is None:
        return ()
    scripts = ScriptDirectory.from_config(config)
    turns: dict[str, list[Turn]] = {}
    for one in reversed(list(scripts.iterate_revisions("head", revision))):
        told: Mapping[str, Turn] = getattr(one.module, "UNDER_MAC", {})
        for table, turn in told.items():
            turns.setdefault(table, []).append(turn)
    return tuple(Change(table, tuple(found)) for table, found in sorted(turns.items()))


def columns_now(connection: Connection) -> dict[str, frozenset[str]]:
    """Return the columns of every table with rows under a MAC, as the database has them."""
    looking = inspect(connection)
    there = set(looking.get_table_names())
    found = {}
    for mapper in Base.registry.mappers:
        name = mapper.class_.__tablename__
        if not issubclass(mapper.class_, AuthorityRow) or name not in there:
            continue
        columns = frozenset(one["name"] for one in looking.get_columns(name))
        any_row = select(literal(1)).select_from(mapper.class_.__table__).limit(1)
        if "mac" in columns and connection.execute(any_row).first() is not None:
            found[name] = columns
    return found


def require_said(
    revision: str,
    changes: Sequence[Change],
    before: Mapping[str, frozenset[str]],
    now: Mapping[str, frozenset[str]],
) -> None:
    """Raise ``FormError`` when rows under a MAC have other columns now, and no revision has said so."""
    said = {one.table for one in changes}
    silent = [one for one in before if now.get(one) != before[one] and one not in said]
    if silent and revision >= _SAID_AFTER:
        raise FormError(
            f"a revision changes {', '.join(sorted(silent))} without saying what a row holds"
        )


def hold(connection: Connection, changes: Sequence[Change]) -> None:
    """Let nobody else read or write these tables until the transaction ends; SQLite holds all of them."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(quoted(one.table) for one in changes)
        carry_out(connection, [f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"])


def rows_before(connection: Connection, table: str) -> Iterator[OldRow]:
    """Give every row of a table in the form it has in the database, by id.

    Raises ``FormError`` for a column of a type that no row under a MAC has had.
    """
    stands = _stands(connection, table)
    query = select(stands).order_by(stands.c.id).limit(AT_ONCE)
    after: uuid.UUID | None = None
    while True:
        asked = query if after is None else query.where(stands.c.id > after)
        rows = connection.execute(asked).mappings().all()
        for row in rows:
            columns = {
                name: stored_bytes(value)
                for name, value in row.items()
                if name not in NOT_UNDER_MAC
            }
            yield OldRow(row["tenant_id"], row["id"], row["version"], bytes(row["mac"]), columns)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["id"]


def authority_table(table: str) -> type[AuthorityRow]:
    """Return the mapped class of a table. Raises ``FormError`` for one whose rows carry no MAC."""
    for mapper in Base.registry.mappers:
        if mapper.class_.__tablename__ == table and issubclass(mapper.class_, AuthorityRow):
            return mapper.class_
    raise FormError(f"{table} holds no rows under a MAC")


def columns_under_mac(table: str) -> frozenset[str]:
    """Return the columns that a MAC covers in this program's form of a table."""
    return frozenset(authority_table(table).__table__.columns.keys()) - NOT_UNDER_MAC


def _stands(connection: Connection, table: str) -> Table:
    """Return the table as the database has it: columns that are still there, with this program's types."""
    now = authority_table(table).__table__.columns
    columns = [
        Column(name, now[name].type if name in now else _type_of(table, name, found["type"]))
        for found in inspect(connection).get_columns(table)
        for name in [found["name"]]
    ]
    return Table(table, MetaData(), *columns)


def _type_of(table: str, name: str, found: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type of a column that this program has no more, from how the database stores it."""
    # SQLite keeps an id as CHAR(32), and nothing else is one.
    known: tuple[tuple[type[TypeEngine[Any]], TypeEngine[Any]], ...] = (
        (Uuid, Uuid()),
        (CHAR, Uuid()),
        (DateTime, UTCDateTime()),
        (Date, Date()),
        (Boolean, Boolean()),
        (Integer, Integer()),
        (LargeBinary, LargeBinary()),
        (String, String()),
    )
    for kind, ours in known:
        if isinstance(found, kind):
            return ours
    raise FormError(f"{table}.{name} is of a type that no row under a MAC has had")
