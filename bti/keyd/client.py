"""Connections to the broker's process, kept open between requests and never longer than it wants."""

from __future__ import annotations

import select
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from bti.domain.errors import KeysUnavailable
from bti.keyd.wire import MOST_BYTES, BadMessage, parse_answer, request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bti.keyd.broker import Credential

#: Longer than the broker's own limit for a request, so that it is the one to say why.
ANSWER_SECONDS: Final = 12
_MOST_KEPT: Final = 8


class Channel:
    """Asks the broker. Safe for several threads; one request at a time on each connection."""

    def __init__(self, path: Path, *, seconds: float = ANSWER_SECONDS) -> None:
        """Connect to ``path`` when first asked."""
        self._path = path
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: list[socket.socket] = []

    def ask(self, verb: str, credential: Credential, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the broker's answer. Raises ``KeysUnavailable`` when there is none."""
        message = request(verb, credential, args)
        connection = self._take()
        try:
            connection.send(message)
            received = connection.recv(MOST_BYTES + 1)
            answer = parse_answer(received)
        except (OSError, BadMessage):
            connection.close()
            raise KeysUnavailable("broker") from None
        self._give_back(connection)
        return answer

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            kept, self._kept = self._kept, []
        for connection in kept:
            connection.close()

    def _take(self) -> socket.socket:
        while True:
            with self._lock:
                connection = self._kept.pop() if self._kept else None
            if connection is None:
                return self._connect()
            if _is_alive(connection):
                return connection
            connection.close()

    def _connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            made.settimeout(self._seconds)
            made.connect(str(self._path))
        except OSError:
            made.close()
            raise KeysUnavailable("broker") from None
        return made

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            if len(self._kept) < _MOST_KEPT:
                self._kept.append(connection)
                return
        connection.close()


def _is_alive(connection: socket.socket) -> bool:
    """Tell whether a kept connection is still open; nothing waits on it between requests."""
    asked = select.poll()
    asked.register(connection, select.POLLIN | select.POLLHUP)
    return not asked.poll(0)
