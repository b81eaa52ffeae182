"""Triggers that let a row of authority go forward only: no earlier version is put back over a later.

A whole earlier row has a right MAC, and whoever may update the table has read it. Made anew after
every migration, like the walls: SQLite drops a table's triggers when it alters the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import bti.db.models  # noqa: F401 - the tables of the metadata
from bti.db.base import AuthorityRow, Base
from bti.db.ddl import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

FUNCTION: Final = "authority_goes_forward"
#: Nor under another id: a row moved aside makes room for its own earlier self.
_BACKWARD: Final = (
    "NEW.id <> OLD.id OR NEW.version < OLD.version"
    " OR (NEW.version = OLD.version AND NEW.mac <> OLD.mac)"
)


def tables() -> list[str]:
    """Return the tables whose rows grant authority."""
    return sorted(
        str(mapper.local_table)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, AuthorityRow)
    )


def statements(dialect: str) -> Iterator[str]:
    """Yield the SQL that makes every trigger anew; may be run any number of times."""
    if dialect != "postgresql":
        for table in tables():
            yield f"DROP TRIGGER IF EXISTS {table}_forward"
            yield (
                f"CREATE TRIGGER {table}_forward BEFORE UPDATE ON {table} WHEN {_BACKWARD} "
                "BEGIN SELECT RAISE(ABORT, 'goes forward only'); END"
            )
        return
    yield (
        f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'goes forward only'; END $$"
    )
    for table in tables():
        yield f"DROP TRIGGER IF EXISTS {table}_forward ON {table}"
        yield (
            f"CREATE TRIGGER {table}_forward BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({_BACKWARD}) EXECUTE FUNCTION {FUNCTION}()"
        )


def apply(connection: Connection) -> None:
    """Make the triggers. The connection must act as the owner of the tables."""
    carry_out(connection, statements(connection.dialect.name))


def remove(connection: Connection) -> None:
    """Take every trigger down again."""
    postgresql = connection.dialect.name == "postgresql"
    for table in tables():
        on = f" ON {table}" if postgresql else ""
        carry_out(connection, [f"DROP TRIGGER IF EXISTS {table}_forward{on}"])
    if postgresql:
        carry_out(connection, [f"DROP FUNCTION IF EXISTS {FUNCTION}()"])
