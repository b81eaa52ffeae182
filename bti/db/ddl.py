"""Carries out SQL that has no place for values: roles, rights and policies.

The only module that may run a text that is put together. Names come from tables in the program
and from the database itself, quoted; nothing that a person typed reaches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import DDL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def carry_out(connection: Connection, statements: Iterable[str]) -> None:
    """Run statements one by one, in the connection's transaction."""
    for statement in statements:
        done = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
        connection.execute(done)


def quoted(name: str) -> str:
    """Return a name as PostgreSQL reads it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'
