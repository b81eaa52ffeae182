"""`bti keyd`: the key broker as a process and user of its own, behind a UNIX socket."""

from __future__ import annotations

import logging
import os
import signal
import socket
from typing import TYPE_CHECKING, Final

import click
from sqlalchemy import event

from bti.audit.guard import Guard
from bti.audit.way import WAY, LogWay
from bti.bootstrap import broker_rules
from bti.cli.chosen import settings
from bti.cli.harden import harden
from bti.clock import SystemClock
from bti.crypto.errors import SealError
from bti.crypto.file_provider import KeyFileRefused
from bti.db.engine import make_engine, make_sessions
from bti.db.walls import EVERYWHERE, stand_always
from bti.key_provider import key_provider
from bti.keyd.handler import Handler
from bti.keyd.local import LocalBroker
from bti.keyd.peers import AllowList, NoSuchUserError, Side
from bti.keyd.server import Server, SocketRefusedError, listen
from bti.settings import SettingsError

if TYPE_CHECKING:
    from bti.clock import Clock
    from bti.settings import Settings

#: What one question to the database may take; the caller's own limit is longer.
_SECONDS: Final = 5
_FIRST_GIVEN: Final = 3  # systemd hands sockets over from this file descriptor on


@click.command(
    name="keyd", help="Hold the keys, and release them to other processes until stopped."
)
def command() -> None:
    """Harden the process, open provider and database, and answer."""
    chosen = settings()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        serve(chosen, SystemClock())
    except (
        SettingsError,
        KeyFileRefused,
        SealError,
        SocketRefusedError,
        NoSuchUserError,
        OSError,
    ) as fault:
        raise click.ClickException(str(fault)) from None


def serve(chosen: Settings, clock: Clock) -> None:
    """Answer until SIGTERM or SIGINT; requests that have begun come to their end first."""
    harden(lock_memory=True)
    side = chosen.case_side()
    if not side.database_url.startswith("postgresql"):
        raise SettingsError("bti keyd needs PostgreSQL: with SQLite the broker is in the process")
    allowed = AllowList.of(
        {
            Side.WEB: chosen.keyd_web_users,
            Side.WORK: chosen.keyd_work_users,
            Side.LOG: chosen.keyd_log_users,
            Side.ADMIN: chosen.keyd_admin_users,
        }
    )
    if not allowed.sides:
        raise SettingsError("BTI_KEYD_WEB_USERS: nobody may ask")
    engine = make_engine(side.database_url)
    event.listen(engine, "connect", _limit)
    stand_always(engine, EVERYWHERE)
    way = LogWay(chosen.audit_log == "sequenced", "keyd", Guard(chosen.signer_dir))
    rules = broker_rules(chosen)
    provider = key_provider(chosen)
    broker = LocalBroker(provider, clock, rules)
    handler = Handler(make_sessions(engine, **{WAY: way}), broker, clock, rules.limits, provider)
    try:
        server = Server(_socket(chosen), handler, allowed)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: server.stop())
        click.echo("The key broker answers.")
        server.run()
    finally:
        engine.dispose()


def _socket(chosen: Settings) -> socket.socket:
    """Return the socket that systemd has made, or make it."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=_FIRST_GIVEN)
    if chosen.keyd_listen is None:
        raise SettingsError("BTI_KEYD_LISTEN is not set, and systemd has given no socket")
    return listen(chosen.keyd_listen)


def _limit(connection: object, _record: object) -> None:
    # A request that waits for a lock must not wait longer than its caller does.
    cursor = connection.cursor()  # type: ignore[attr-defined]  # psycopg's own connection
    for name in ("statement_timeout", "lock_timeout"):
        cursor.execute(f"SET {name} = {_SECONDS * 1000}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = {2 * _SECONDS * 1000}")
    cursor.close()
    connection.commit()  # type: ignore[attr-defined]  # as above
