"""Real processes to be killed: each is one `bti` command, forked from here, that may carry its end in it.

A doomed process dies at its n-th step: before or after a statement, around a commit, an fsync or a rename.
Forking instead of starting anew spares the imports, so that hundreds of deaths take minutes.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from bti.cli import main
from bti.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = 60.0
_INPUT = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_NAME, _VALUE = re.compile(r'name="([^"]*)"'), re.compile(r'value="([^"]*)"')


class Doom:
    """Ends this process, as a power cut would, at its n-th step. Step 0 never comes."""

    def __init__(self, step: int) -> None:
        """Die at ``step``, counted from 1."""
        self._left = step

    def step(self, *_arguments: object, **_keywords: object) -> None:
        """Come one step nearer."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, act: Callable[..., object]) -> Callable[..., object]:
        """Return ``act`` with a step before and one after it."""

        def doomed(*arguments: object, **keywords: object) -> object:
            self.step()
            done = act(*arguments, **keywords)
            self.step()
            return done

        return doomed

    def haunt(self, engine: Engine) -> None:
        """Count statements, commits, fsyncs and renames of one engine."""
        self._haunt_files()
        event.listen(engine, "before_cursor_execute", self.step)
        event.listen(engine, "after_cursor_execute", self.step)
        dialect = engine.dialect
        dialect.do_commit = self.around(dialect.do_commit)  # type: ignore[method-assign,assignment]  # this process dies

    def haunt_all(self) -> None:
        """Count those of every engine that this process will make."""
        self._haunt_files()
        event.listen(Engine, "before_cursor_execute", self.step)
        event.listen(Engine, "after_cursor_execute", self.step)
        DefaultDialect.do_commit = self.around(DefaultDialect.do_commit)  # type: ignore[method-assign]  # as above

    def _haunt_files(self) -> None:
        os.fsync = self.around(os.fsync)  # type: ignore[assignment]  # as above
        Path.replace = self.around(Path.replace)  # type: ignore[method-assign,assignment]  # as above


@dataclass(slots=True)
class Process:
    """One `bti` command as a process of its own."""

    words: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    #: Added to the machine's time: the municipality lives in a month of its own.
    shift: timedelta
    pid: int = 0

    def start(self, step: int = 0) -> None:
        """Start it; with ``step`` it dies there."""
        self.pid = os.fork()
        if self.pid == 0:
            self._become(step)

    @property
    def dead(self) -> bool:
        """Whether it has been killed. Raises ``RuntimeError`` when it ended by itself."""
        if self.pid == 0:
            return True
        found, status = os.waitpid(self.pid, os.WNOHANG)
        if found == 0:
            return False
        self.pid = 0
        if not os.WIFSIGNALED(status):
            raise RuntimeError(f"{self.words} ended by itself: {self._last_words()}")
        return True

    def kill(self) -> None:
        """Kill it where it stands, if it still does."""
        if not self.dead:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def killed(self) -> bool:
        """Wait for a command that ends by itself, and tell whether it was killed before.

        Raises ``RuntimeError`` when it failed.
        """
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            raise RuntimeError(f"{self.words} failed: {self._last_words()}")
        return os.WIFSIGNALED(status)

    def _last_words(self) -> str:
        return self.log.read_text(encoding="utf-8")[-2000:]

    def _become(self, step: int) -> NoReturn:
        # Never back into the parent's code: its exit handlers would stop its database.
        status = 1
        try:
            out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for descriptor in (1, 2):
                os.dup2(out, descriptor)
            for name in [name for name in os.environ if name.startswith("BTI_")]:
                del os.environ[name]
            os.environ.update(self.environment)
            shift = self.shift
            SystemClock.now = lambda _self: datetime.now(UTC) + shift  # type: ignore[method-assign,assignment]  # this process is another's stand-in
            if step:
                Doom(step).haunt_all()
            main.main([*self.words], prog_name="bti")
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        finally:
            os._exit(status)


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Wait until something is so. Raises ``RuntimeError`` when it never is."""
    limit = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > limit:
            raise RuntimeError(f"it never came to be: {what}")
        time.sleep(0.02)


def listens(kind: socket.SocketKind, path: Path) -> bool:
    """Tell whether somebody answers at a socket file."""
    with socket.socket(socket.AF_UNIX, kind) as probe:
        return probe.connect_ex(str(path)) == 0


@dataclass(slots=True)
class Visitor:
    """A browser with somebody's session, over real HTTP. Raises ``OSError`` when nobody answers."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> tuple[int, str]:
        """Return status and page."""
        return self._ask("GET", address, "")

    def send(self, address: str, typed: Mapping[str, str]) -> int:
        """Fetch a form, fill it in and send it; returns the status of whichever answer came last."""
        status, page = self.get(address)
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            return status
        return self._ask("POST", address, _body(_hidden(page, address) | dict(typed)))[0]

    def _ask(self, method: str, address: str, body: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": f"http://127.0.0.1:{self.port}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request(method, address, body or None, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode()
        except http.client.HTTPException as fault:
            raise OSError(type(fault).__name__) from fault
        finally:
            with suppress(OSError):
                connection.close()


def _hidden(page: str, address: str) -> dict[str, str]:
    form = page.partition(f'action="{address}"')[2].partition("</form>")[0]
    found = {}
    for one in _INPUT.findall(form):
        name, value = _NAME.search(one), _VALUE.search(one)
        if name is not None:
            found[unescape(name[1])] = unescape(value[1]) if value is not None else ""
    return found


def _body(fields: Mapping[str, str]) -> str:
    return urlencode(fields)
