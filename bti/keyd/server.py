"""The broker's socket: who may connect, how many, how large and how long. Reads no rights itself.

One thread per connection, and no more connections than the database has for the broker: a
request that waits for the head of the log must never keep the one from being answered that
holds it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from bti.crypto.errors import SealError
from bti.domain.errors import AccessDenied, Unavailable
from bti.keyd.wire import MOST_BYTES, BadMessage, message_of, parse_request

if TYPE_CHECKING:
    from collections import Counter

    from bti.keyd.peers import AllowList, Peer
    from bti.keyd.wire import Request

_log: Final = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 24
#: A connection that asks nothing for so long is closed; callers connect again.
IDLE_SECONDS: Final = 60
#: How long one answer may take to be read.
SEND_SECONDS: Final = 5
SWEEP_SECONDS: Final = 60
_BACKLOG: Final = 64
_BAD: Final = message_of({"no": {"code": "bad", "rule": "", "case": None, "entered": False}})
_BUSY: Final = message_of({"no": {"code": "busy", "rule": "", "case": None, "entered": False}})


class SocketRefusedError(Exception):
    """The socket cannot be made there safely."""


def listen(path: Path, *, mode: int = 0o660) -> socket.socket:
    """Make the broker's socket. Takes the place of one nobody listens on any more.

    Raises ``SocketRefusedError`` when something else is there, or the folder lets others write.
    """
    folder = path.parent
    if not folder.is_dir() or folder.stat().st_mode & 0o002:
        raise SocketRefusedError(f"{folder} must be there, and not for everybody to write in")
    if path.exists() or path.is_symlink():
        if path.is_symlink() or not path.is_socket() or _answers(path):
            raise SocketRefusedError(f"{path} is in use")
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o777 & ~mode)
    try:
        made.bind(str(path))
    finally:
        os.umask(before)
    path.chmod(mode)
    made.listen(_BACKLOG)
    return made


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.connect(str(path))
        except OSError as fault:
            return fault.errno not in {errno.ECONNREFUSED, errno.ENOENT}
    return True


class Answers(Protocol):
    """What answers requests that have the right form."""

    counts: Counter[str]

    def answer(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        """Return the answer to one request."""

    def sweep(self) -> int:
        """Do what is to be done once a minute."""


class Server:
    """Accepts connections until it is stopped."""

    def __init__(
        self,
        made: socket.socket,
        handler: Answers,
        allowed: AllowList,
        *,
        most: int = MOST_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Serve ``handler`` on a listening socket."""
        self._socket = made
        self._handler = handler
        self._allowed = allowed
        self._idle = idle_seconds
        self._free = list(range(most))
        self._guard = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._threads: set[threading.Thread] = set()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until ``stop``; then let requests that have begun come to their end."""
        sweeper = threading.Thread(target=self._sweep, name="sweeper")
        sweeper.start()
        try:
            while not self._stopped.is_set():
                try:
                    connection, _ = self._socket.accept()
                except OSError:
                    if self._stopped.is_set():
                        break
                    raise
                self._admit(connection)
        finally:
            self.stop()
            for thread in (*self._threads, sweeper):
                thread.join()

    def stop(self) -> None:
        """Take no new requests. May be called from a signal handler."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        # Wakes accept(); closing alone would not.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in list(self._open.values()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def _admit(self, connection: socket.socket) -> None:
        peer = self._allowed.peer(connection)
        if peer is None:
            self._handler.counts["strangers"] += 1
            connection.close()
            return
        with self._guard:
            shard = self._free.pop() if self._free else None
            if shard is not None:
                self._open[shard] = connection
        if shard is None:
            self._handler.counts["turned_away"] += 1
            with contextlib.suppress(OSError):
                connection.settimeout(0)
                connection.send(_BUSY)
            connection.close()
            return
        thread = threading.Thread(
            target=self._serve, args=(connection, peer, shard), name=f"peer-{shard}"
        )
        with self._guard:
            self._threads.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, peer: Peer, shard: int) -> None:
        try:
            with connection:
                while not self._stopped.is_set():
                    connection.settimeout(self._idle)
                    message = connection.recv(MOST_BYTES + 1)
                    if not message:
                        return
                    connection.settimeout(SEND_SECONDS)
                    if not self._answer(connection, peer, shard, message):
                        return
        except OSError:
            return  # gone, or silent for too long
        finally:
            with self._guard:
                self._open.pop(shard, None)
                self._free.append(shard)
                self._threads.discard(threading.current_thread())

    def _answer(self, connection: socket.socket, peer: Peer, shard: int, message: bytes) -> bool:
        """Answer one message; tells whether to go on listening to this peer."""
        try:
            request = parse_request(message)
            answer = message_of(self._handler.answer(peer, request, shard))
        except BadMessage:
            self._handler.counts["bad"] += 1
            _log.warning("uid %d sent what is no request", peer.uid)
            connection.send(_BAD)
            return False
        connection.send(answer)
        return True

    def _sweep(self) -> None:
        while not self._stopped.wait(SWEEP_SECONDS):
            try:
                self._handler.sweep()
            except (SQLAlchemyError, SealError, AccessDenied, Unavailable):
                _log.exception("what was left behind could not be swept")
