"""A demonstration to attack: loaded once, a fresh copy for each person, on 127.0.0.1 only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text

from bti.db.rights import Deployment, Process, entrance
from scan.visitor import Visitor, read
from tests.postgres_server import running_server, stop_server
from tests.walled import Walled, prepare, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import PostgresServer

#: Who is signed in, by the title under the name on the sign-in page; the sides are in the same process.
PEOPLE = ("teacher", "dpo", "administrator", "head", "team", "coordinator")
_FIRST_NAMES = {
    "teacher": "Ingrid",
    "head": "Siv",
    "team": "Hege",
    "dpo": "Anne",
    "administrator": "Asta",
}
#: Beside the copies of a person: what was answered to whom, see served.py.
ANSWERS = "answers.txt"
_TEMPLATE = "demonstration"
_ROOT = Path(__file__).parents[1]
#: On a machine that gives this what others leave.
_LOADED_WITHIN_S = 3600
_SERVED_WITHIN_S = 600
_LOAD = "from bti.cli.demo import prepare; from bti.cli.wiring import settings; prepare(settings())"


class DemonstrationError(Exception):
    """The demonstration does not start, or nobody can sign in to it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The municipality in a folder and, unless its database lies there too, in a server's template."""

    folder: Path
    server: PostgresServer | None = None


@contextmanager
def loaded(root: Path, dbms: str) -> Iterator[Loaded]:
    """Load the synthetic municipality with a database of this kind: SQLite or PostgreSQL.

    On PostgreSQL the pages have the role of an installation with one process, behind its walls.
    """
    folder = root / "loaded"
    if dbms == "SQLite":
        _load(folder, "")
        yield Loaded(folder)
        return
    run = root / "server"
    run.mkdir()
    try:
        server = running_server(run)
        server.template(_TEMPLATE, lambda url: _load_walled(folder, url))
        yield Loaded(folder, server)
    finally:
        stop_server(run)


def _load_walled(folder: Path, url: str) -> None:
    prepare(url, Deployment.ONE_PROCESS)
    # By the server's administrator, who may migrate; the pages are served in the role of the web.
    _load(folder, url)


def _load(folder: Path, url: str) -> None:
    subprocess.run(  # noqa: S603 - our own Python, our own line
        [sys.executable, "-c", _LOAD],
        env=_environment(folder, 5000, url),
        cwd=_ROOT,
        check=True,
        stderr=subprocess.DEVNULL,
        timeout=_LOADED_WITHIN_S,
    )


@contextmanager
def copy_of(made: Loaded, folder: Path) -> Iterator[int]:
    """Serve a copy for some lines; gives its port."""
    shutil.copytree(made.folder, folder)
    with ExitStack() as stack:
        url = ""
        if made.server is not None:
            admin = stack.enter_context(made.server.database(_TEMPLATE))
            with sql(admin) as connection:
                # Rights to the database itself are not copied with it.
                for statement in entrance(make_url(admin).database or ""):
                    connection.execute(text(statement))
            url = Walled(admin).url(Process.WEB)
        yield stack.enter_context(serving(["-m", "scan.served"], folder, url))
    shutil.rmtree(folder)


@contextmanager
def serving(command: list[str], folder: Path, url: str = "") -> Iterator[int]:
    """Run a Python command that listens on BTI_PORT, until the lines end."""
    port = free_port()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own Python, our own commands
            [sys.executable, *command],
            env=_environment(folder, port, url),
            cwd=_ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=300)


def signed_in(person: str, port: int) -> tuple[Visitor, str]:
    """Sign in with one click; return the visitor and where the person's pages begin."""
    visitor = Visitor(port)
    _, forms = read(visitor.get("/sign-in").body, "/sign-in")
    body = visitor.get("/sign-in").body
    if person == "coordinator":
        (form,) = [one for one in forms if one.action.startswith("/network/sign-in/demo")]
    else:
        before = body[: body.index(f"<span>{_FIRST_NAMES[person]} ")]
        place = before.count('action="/sign-in/demo') - 1
        form = [one for one in forms if one.action.startswith("/sign-in/demo")][place]
    answer = visitor.post(form.action, form.fields)
    if not answer.address:
        raise DemonstrationError(f"{person} cannot sign in: {answer.status}")
    if answer.address.endswith("/role") or "/role?" in answer.address:
        _, roles = read(visitor.get(answer.address).body, answer.address)
        (role,) = [one for one in roles if one.action.startswith("/role")]
        answer = visitor.post(role.action, role.fields)
    start = "/network/" if person == "coordinator" else "/"
    visitor.get(start)
    return visitor, start


def still_signed_in(visitor: Visitor, pages: tuple[str, ...]) -> bool:
    """Whether session and form token have lived to the end: a page of the person's still opens."""
    page = visitor.get(pages[0])
    forms = read(page.body, pages[0])[1]
    tokens = [value for form in forms for name, value in form.fields if name == "csrf_token"]
    staying = next((form.action for form in forms if form.action.endswith("/extend")), "/extend")
    if page.status != HTTPStatus.OK or not tokens:
        return False
    answer = visitor.post(staying, (("csrf_token", tokens[0]),))
    return answer.status == HTTPStatus.NO_CONTENT


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def _environment(folder: Path, port: int, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BTI_")}
    own = {"BTI_MODE": "demo", "BTI_VAR_DIR": str(folder), "BTI_PORT": str(port)}
    if url:
        own["BTI_DATABASE_URL"] = url
    own["SCAN_ANSWERS"] = str(folder.parent / ANSWERS)
    # A scan lasts longer than people are away.
    return kept | own | {"BTI_SESSION_IDLE_MINUTES": "120", "SCAN_PORT": str(port)}


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SERVED_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise DemonstrationError("The server has ended.")
        line = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            line.request("GET", "/healthz")
            line.getresponse().read()
        except OSError:
            time.sleep(0.2)
        else:
            return
        finally:
            line.close()
    raise DemonstrationError("The server does not answer.")
