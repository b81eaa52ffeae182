"""SQLite's own connection, for the few statements that every transaction runs.

SQLAlchemy takes ten times longer to prepare one of them than SQLite takes to run it. Nothing is
different for the transaction: it is the same connection, begun by SQLAlchemy and ended by it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def run(connection: Connection, statement: str, *rows: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run one statement on SQLite for each of ``rows``, and return what it finds for the only one.

    Values are what the driver takes: text, bytes, whole numbers. Raises what SQLAlchemy raises for
    the same fault, so that a race is told from a fault of the program as everywhere else, and
    RuntimeError where SQLAlchemy has begun nothing that it could end.
    """
    if not connection.in_transaction():
        raise RuntimeError("no transaction has begun")
    own = connection.connection.driver_connection
    if not isinstance(own, sqlite3.Connection):
        raise TypeError(own)
    try:
        if len(rows) == 1:
            return own.execute(statement, rows[0]).fetchall()
        own.executemany(statement, rows)
    except sqlite3.Error as fault:
        raise DBAPIError.instance(statement, None, fault, sqlite3.Error) from fault
    return []
