"""The only wiring: settings in, a runtime with database, keys, clock and doorway out."""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bti.audit.guard import Guard
from bti.audit.way import WAY, LogWay
from bti.clock import SystemClock
from bti.db import migrate
from bti.db.engine import make_engine, make_sessions
from bti.db.rights import Deployment
from bti.db.row_forms import FormError
from bti.identity.password import Argon2Cost, Passwords
from bti.key_provider import key_provider
from bti.keyd.broker import Rules
from bti.keyd.local import LocalBroker
from bti.keyd.quota import Limits
from bti.keyd.remote import RemoteBroker
from bti.keyd.renewal import MacRenewal
from bti.settings import SettingsError
from bti.workflows.perform import Doorway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from bti.clock import Clock
    from bti.crypto.provider import KeyProvider
    from bti.db.row_forms import Change
    from bti.keyd.broker import Broker
    from bti.keyd.renewal import Refused
    from bti.settings import Settings

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process that serves cases works with."""

    settings: Settings
    clock: Clock
    engine: Engine
    doorway: Doorway
    #: What keeps the root key; None where another process has it.
    provider: KeyProvider | None = None

    def close(self) -> None:
        """Give back the connections to the database and, where it is another process, the broker."""
        self.engine.dispose()
        if isinstance(self.doorway.broker, RemoteBroker):
            self.doorway.broker.close()


def open_runtime(
    settings: Settings,
    *,
    clock: Clock | None = None,
    provider: KeyProvider | None = None,
    cost: Argon2Cost | None = None,
    writer: str = "bti",
) -> Runtime:
    """Open the case side: make the root key at first start, connect, and wire the doorway.

    ``writer`` names this kind of process in the access log: letters and digits.

    Raises ``KeyFileRefused`` when the key file is not safe and ``SettingsError`` when the key
    provider cannot be made. Does not migrate.
    """
    clock = clock or SystemClock()
    url = settings.case_database()
    _open_folder(settings.var_dir)
    engine = make_engine(url)
    broker: Broker
    if settings.keyd_socket is not None:
        broker = RemoteBroker(settings.keyd_socket)
    else:
        provider = provider or key_provider(settings)
        broker = LocalBroker(provider, clock, broker_rules(settings))
    passwords = Passwords(cost) if cost else Passwords()
    way = _way(settings, writer)
    doorway = Doorway(make_sessions(engine, **{WAY: way}), clock, broker, settings, passwords)
    return Runtime(settings, clock, engine, doorway, provider)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: the revision, rows by table that got a MAC of their new form, and rows that did not."""

    revision: str | None
    renewed: Mapping[str, int]
    refused: Sequence[Refused]


def upgrade_database(
    settings: Settings, *, provider: Callable[[], KeyProvider] | None = None
) -> Upgraded:
    """Bring the case database to the newest revision.

    ``provider`` gives the keys; it is asked only when rows under a MAC change. Raises ``SettingsError`` then
    where the keys are another process's, ``KeyFileRefused``, and ``SealError`` when they open nothing here.
    """
    _open_folder(settings.var_dir)
    engine = make_engine(settings.case_database())
    renewal = _Renewal(settings, provider or (lambda: key_provider(settings)))
    try:
        migrate.upgrade(engine, deployment=deployment_of(settings), renewal=renewal)
        done = renewal.made
        return Upgraded(
            migrate.current(engine), done.renewed if done else {}, done.refused if done else ()
        )
    finally:
        engine.dispose()


class _Renewal:
    """Opens the keys when a migration asks for them, and not before."""

    def __init__(self, settings: Settings, provider: Callable[[], KeyProvider]) -> None:
        self._settings = settings
        self._provider = provider
        self.made: MacRenewal | None = None

    def look(self, connection: Connection, changes: Sequence[Change]) -> None:
        """See which rows are good in the form they stand in."""
        if self._settings.keyd_socket is not None:
            raise SettingsError(
                "This version changes rows that grant authority, and needs the keys: run bti db upgrade with"
                " the key broker's settings."
            )
        clock = SystemClock()
        broker = LocalBroker(self._provider(), clock, broker_rules(self._settings))
        self.made = MacRenewal(broker, clock, _way(self._settings, "bti"))
        self.made.look(connection, changes)

    def renew(self, connection: Connection) -> Callable[[], None]:
        """Give each of them a MAC in its new form."""
        if self.made is None:
            raise FormError("nothing was looked at")
        return self.made.renew(connection)


def _way(settings: Settings, writer: str) -> LogWay:
    return LogWay(settings.audit_log == "sequenced", writer, Guard(settings.signer_dir))


def deployment_of(settings: Settings) -> Deployment:
    """Return how the processes are spread out: apart where a key broker of its own is asked."""
    apart = settings.keyd_socket is not None or settings.keyd_listen is not None
    return Deployment.APART if apart else Deployment.ONE_PROCESS


def _open_folder(path: Path) -> None:
    """Make the folder for the owner alone, or warn when others can already look into it.

    One that was there is not changed: an operator may have let a backup user in on purpose.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("%s has mode %04o: others can look into it; 0700 is safe", path, mode)


def broker_rules(settings: Settings) -> Rules:
    """Return what the settings decide about the key broker."""
    return Rules(
        idle_minutes=settings.session_idle_minutes,
        limits=Limits(
            cases_hour=settings.quota_cases_hour,
            cases_day=settings.quota_cases_day,
            lists_day=settings.quota_lists_day,
            index_minute=settings.quota_index_minute,
            peer_minute=settings.quota_peer_minute,
            tenant_minute=settings.quota_tenant_minute,
        ),
    )
