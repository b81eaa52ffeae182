"""Engines and sessions for both databases.

SQLite: WAL, foreign keys, BEGIN IMMEDIATE and secure delete. PostgreSQL: read committed with
row locks where workflows ask for them. Sessions never begin by themselves.
"""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from bti.db.driver import QuietCursor
from bti.db.guards import install_guards
from bti.db.walls import install_walls

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import Connection
    from sqlalchemy.pool import ConnectionPoolEntry

_PRIVATE: Final = 0o600
#: Seconds after which a pooled connection is asked whether it still answers, before it is used.
_QUIET: Final = 2.0
_PUT_BACK: Final = "put_back"


def make_engine(url: str) -> Engine:
    """Return an engine for ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``).

    Statement parameters are never echoed: they may hold what a person typed. The files of a
    SQLite database become the owner's alone.
    """
    if url.startswith("sqlite"):
        _keep_private(make_url(url).database)
        engine = create_engine(
            url,
            hide_parameters=True,
            poolclass=QueuePool,
            connect_args={"timeout": 30, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(
        url, hide_parameters=True, pool_size=20, connect_args={"cursor_factory": QuietCursor}
    )
    ask_when_quiet(engine)
    return engine


def ask_when_quiet(engine: Engine) -> None:
    """Find out that PostgreSQL has closed a pooled connection before a transaction meets it.

    A connection that was in use a moment ago and on which nothing waits to be read is taken as it
    is: a server that stops says so on each of its connections. Any other is asked, which costs a
    journey to the database; SQLAlchemy's own way asks each time.
    """

    def put_back(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_PUT_BACK] = time.monotonic()

    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        quiet_since = record.info.get(_PUT_BACK)
        if quiet_since is None:  # opened just now
            return
        if time.monotonic() - quiet_since < _QUIET and not _has_been_told(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise InvalidatePoolError from fault

    event.listen(engine, "checkin", put_back)
    event.listen(engine, "checkout", taken)


def _has_been_told(connection: Any) -> bool:
    """Tell whether something waits to be read; on a connection in nobody's hands that is a goodbye."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def make_sessions(engine: Engine | Connection, **info: object) -> sessionmaker[Session]:
    """Return a session factory in which every transaction is begun by name.

    Of a connection that is in a transaction they are part of it, and commit nothing by themselves.
    ``info`` is given to every session: what layers above need of it, such as the way to the log.

    ``autobegin=False`` makes a lazy load or query outside ``perform`` an error instead of a
    second, unaudited transaction.
    """
    sessions = sessionmaker(engine, autobegin=False, expire_on_commit=True, info=info)
    install_guards(sessions)
    install_walls(sessions)
    return sessions


def empty_write_ahead_log(engine: Engine) -> bool:
    """Move what stands in SQLite's write-ahead log into the database, and empty the log.

    Until then a deleted row, a destroyed key included, can still be read from the file. Returns
    False when somebody was reading or writing; other databases have nothing to do.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()  # a transaction, which `connect` would begin, is refused here
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        told = cursor.fetchone()
        cursor.close()
    finally:
        raw.close()
    return told is not None and int(told[0]) == 0


def _keep_private(database: str | None) -> None:
    """Make the file, and what SQLite keeps beside it, unreadable for other users (mode 0600).

    SQLite gives new files beside the database the database's own mode. A file of somebody else's
    is left alone, and a folder that is not there is for the connection to complain of.
    """
    if not database or database == ":memory:" or not Path(database).parent.is_dir():
        return
    if not Path(database).exists():
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, _PRIVATE))
    for path in (Path(f"{database}{end}") for end in ("", "-wal", "-shm")):
        if path.exists() and path.stat().st_uid == os.geteuid():
            path.chmod(_PRIVATE)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Explicit BEGIN below: the driver's own implicit transactions leak rows between savepoints.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        # Deleted drafts must not linger as plaintext-sized holes of old ciphertext.
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A read that later writes would otherwise fail with "database is locked" half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
