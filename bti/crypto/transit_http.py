"""JSON over HTTPS to one server, for a key service: verified, bounded in time and size, connections kept.

On the standard library: no proxy of the environment, no redirect and no cookie comes between us and the
service, and a whole call has one deadline, also against a server that sends a byte now and then.
"""

import io
import json
import os
import socket
import ssl
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from bti.crypto.errors import ProviderUnavailable, Trouble

_IDLE_KEPT: Final = 8
_MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. ``body`` is empty when it said nothing."""

    status: int
    body: dict[str, Any]

    def data(self) -> dict[str, Any]:
        """The member ``data``, or nothing."""
        found = self.body.get("data")
        return found if isinstance(found, dict) else {}

    def errors(self) -> list[str]:
        """The texts of the member ``errors``."""
        found = self.body.get("errors")
        return [str(one) for one in found] if isinstance(found, list) else []


class _TimedSocket:
    """A connected socket whose every wait is cut to what is left of the call's time."""

    def __init__(self, sock: ssl.SSLSocket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # http.client reads bytes, and reads only
        return io.BufferedReader(_TimedReader(self._sock, self._left))

    def close(self) -> None:
        self._sock.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: ssl.SSLSocket, left: Callable[[], float]) -> None:
        super().__init__()
        self._sock = sock
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer, as io has it
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)


class _Connection(HTTPSConnection):
    """A connection with a deadline that is set anew for each call."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, context=tls)
        self._tls = tls
        self.deadline = 0.0

    def connect(self) -> None:
        raw = socket.create_connection((self.host, self.port), self._left())
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.settimeout(self._left())
            wrapped = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise
        self.sock = _TimedSocket(wrapped, self._left)

    def _left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class KeyServer:
    """One https server. May be used by many threads, and after a fork."""

    def __init__(self, url: str, ca_file: Path | None, seconds: float) -> None:
        """Call ``url`` (https://host[:port], nothing more), trusting ``ca_file`` or else the system's CAs.

        ValueError for another address; OSError when the CA file cannot be read.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(
                "The key service's address must be https://host[:port] and nothing more."
            )
        self._host, self._port = parts.hostname, parts.port or 443
        self._seconds = seconds
        self._context = ssl.create_default_context(cafile=ca_file)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._idle: list[_Connection] = []
        weakref.finalize(self, _close_all, self._idle)
        this = weakref.ref(self)

        def in_child() -> None:
            if (server := this()) is not None:
                # The parent goes on speaking on these connections.
                server._idle.clear()  # noqa: SLF001 - its own hook

        os.register_at_fork(after_in_child=in_child)

    def call(
        self, method: str, path: str, payload: dict[str, Any] | None, token: str | None
    ) -> Answer:
        """Send one request and read the answer. ProviderUnavailable within the time that was set."""
        body = b"" if payload is None else json.dumps(payload).encode()
        headers = {"Content-Type": "application/json", "X-Vault-Request": "true"}
        if token is not None:
            headers["X-Vault-Token"] = token
        deadline = monotonic() + self._seconds
        try:
            return self._send(method, f"/v1/{path}", body, headers, deadline)
        except ssl.SSLCertVerificationError:
            raise ProviderUnavailable(Trouble.NOT_TRUSTED) from None
        except TimeoutError:
            raise ProviderUnavailable(Trouble.TOO_SLOW) from None
        except (OSError, HTTPException, ValueError, RecursionError):
            raise ProviderUnavailable(Trouble.UNREACHABLE) from None

    def close(self) -> None:
        """Close the connections that are kept."""
        _close_all(self._idle)

    def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str], deadline: float
    ) -> Answer:
        with suppress(IndexError):
            kept = self._idle.pop()
            try:
                return self._exchange(kept, method, path, body, headers, deadline)
            except TimeoutError:
                raise
            except (OSError, HTTPException):
                # The server closes connections that were idle for long. Every call here may be repeated.
                pass
        fresh = _Connection(self._host, self._port, self._context)
        return self._exchange(fresh, method, path, body, headers, deadline)

    def _exchange(
        self,
        connection: _Connection,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        deadline: float,
    ) -> Answer:
        connection.deadline = deadline
        done = False
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read(_MAX_ANSWER_BYTES + 1)
            if len(text) > _MAX_ANSWER_BYTES:
                raise ValueError
            answer = Answer(response.status, _json_object(text))
            done = not response.will_close and len(self._idle) < _IDLE_KEPT
        finally:
            if done:
                self._idle.append(connection)
            else:
                connection.close()
        return answer


def _close_all(connections: list[_Connection]) -> None:
    while connections:
        connections.pop().close()


def _json_object(text: bytes) -> dict[str, Any]:
    """The object in the text; empty for no text. ValueError for anything else."""
    found = json.loads(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - for the caller it is an answer that cannot be read
    return found
