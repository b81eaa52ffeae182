"""A municipality on PostgreSQL whose keys are with a real `bti keyd`, and a clock both go by."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.bootstrap import open_runtime
from bti.clock import FixedClock
from bti.crypto.file_provider import FileProvider
from bti.crypto.provider import TenantPurpose, unwrap_tenant_key
from bti.db.models import TenantKey
from bti.db.walls import EVERYWHERE, stand
from bti.keyd.client import Channel
from tests.world import CHEAP, World, build, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


class TellingClock(FixedClock):
    """Stands still until it is moved, and tells a file when it is."""

    def __init__(self, at: datetime, path: Path) -> None:
        super().__init__(at)
        self._path = path
        self._tell()

    def set(self, at: datetime) -> None:
        super().set(at)
        self._tell()

    def advance(self, by: timedelta) -> datetime:
        super().advance(by)
        self._tell()
        return self.now()

    def _tell(self) -> None:
        # Whole or not at all: the other process may be reading.
        new = self._path.with_suffix(".new")
        new.write_text(self.now().isoformat(), encoding="ascii")
        new.replace(self._path)


@dataclass(slots=True)
class Keyd:
    """A running key broker."""

    process: subprocess.Popen[bytes]
    socket: Path
    errors: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def said(self) -> str:
        """What it has written."""
        return self.errors.read_text(encoding="utf-8")


@dataclass(slots=True)
class RemoteWorld:
    """``world`` asks ``keyd``; ``embedded`` is the same municipality for the operator's commands."""

    world: World
    embedded: World
    keyd: Keyd
    settings: dict[str, str]
    clock_file: Path

    def restart(self) -> None:
        """Start the broker again after it was stopped."""
        self.keyd = start(self.settings, self.keyd.socket, self.clock_file)


def start(environment: dict[str, str], socket: Path, clock_file: Path | None) -> Keyd:
    """Start the broker and wait until it answers."""
    command = (
        [sys.executable, "-m", "bti", "keyd"]
        if clock_file is None
        else [sys.executable, str(ROOT / "tests" / "keyd_process.py"), str(clock_file)]
    )
    errors = socket.with_suffix(".log")
    with errors.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if b"answers" not in line:
        process.wait(timeout=10)
        raise AssertionError(f"bti keyd did not start: {line!r} {errors.read_text()}")
    return Keyd(process, socket, errors)


@contextmanager
def remote_world(
    directory: Path,
    url: str,
    *,
    moved: bool = True,
    keyd_url: str = "",
    web_url: str = "",
    audit_log: str = "inline",
    **limits: int,
) -> Iterator[RemoteWorld]:
    """Make the municipality, start the broker, and ask it. ``moved``: under the world's clock.

    ``keyd_url`` and ``web_url`` are for processes with roles of their own, in a database that has
    its tables.
    """
    folder = Path(
        tempfile.mkdtemp(prefix="keyd-")
    )  # short: a socket's name may have 107 characters
    folder.chmod(0o755)
    settings = settings_for(directory / "embedded", url, audit_log=audit_log, **limits)
    embedded = build(settings, migrated=bool(keyd_url))
    clock_file = folder / "clock"
    clock = TellingClock(embedded.clock.now() if moved else datetime.now().astimezone(), clock_file)
    embedded.runtime.close()
    embedded.runtime = open_runtime(settings, clock=clock, cost=CHEAP)
    embedded.clock = clock
    environment = {
        "BTI_MODE": "test",
        "BTI_VAR_DIR": str(directory / "embedded"),
        "BTI_DATABASE_URL": keyd_url or url,
        "BTI_KEYD_LISTEN": str(folder / "keyd.sock"),
        "BTI_KEYD_WEB_USERS": str(os.geteuid()),
        "BTI_AUDIT_LOG": audit_log,
        "BTI_SIGNER_DIR": str(directory / "keyd-signer"),
        "BTI_SESSION_IDLE_MINUTES": str(settings.session_idle_minutes),
        "BTI_SESSION_ABSOLUTE_MINUTES": str(settings.session_absolute_minutes),
        **{f"BTI_{name.upper()}": str(value) for name, value in limits.items()},
    }
    keyd = start(environment, folder / "keyd.sock", clock_file if moved else None)
    asking = settings_for(
        directory / "web",
        web_url or url,
        root_key_file=None,
        keyd_socket=folder / "keyd.sock",
        audit_log=audit_log,
    )
    world = World(
        open_runtime(asking, clock=clock, cost=CHEAP),
        clock,
        embedded.tenant_id,
        embedded.units,
        embedded.accounts,
        embedded.seeds,
    )
    made = RemoteWorld(world, embedded, keyd, environment, clock_file)
    try:
        yield made
    finally:
        world.close()
        embedded.close()
        if made.keyd.process.poll() is None:
            made.keyd.stop()
        shutil.rmtree(folder, ignore_errors=True)


def asked(remote: RemoteWorld, verb: str, credential: Any, **args: Any) -> dict[str, Any]:
    """What the broker answers to one request of this process, which has the web's user id."""
    channel = Channel(remote.keyd.socket)
    try:
        return channel.ask(verb, credential, args)
    finally:
        channel.close()


def wait_for(ready, seconds: float = 10) -> None:
    """Wait until something is so; fails when it never is."""
    limit = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < limit, "it never came to be"
        time.sleep(0.01)


def tenant_keys(remote: RemoteWorld) -> dict[TenantPurpose, bytes]:
    """The municipality's keys, as whoever has the root key file can open them."""
    provider = FileProvider(remote.embedded.runtime.settings.root_key_file)
    with remote.embedded.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        rows = session.scalars(select(TenantKey)).all()
        return {
            TenantPurpose(row.purpose): unwrap_tenant_key(
                provider,
                row.root_ref,
                row.tenant_id,
                TenantPurpose(row.purpose),
                row.generation,
                row.key_id,
                row.wrapped,
            ).secret_for_wrapping()
            for row in rows
        }
