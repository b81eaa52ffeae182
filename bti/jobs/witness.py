"""A witness over HTTP, and the asking of one: the wire of C2SP tlog-witness, nothing more."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bti.audit.asking import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from bti.audit.witness import Witness

    App = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

PATH: Final = "/add-checkpoint"
TIMEOUT: Final = 10.0
_REASONS: Final = http.client.responses


def witness_app(witness: Witness) -> App:
    """Return the web application of a witness: one address, one method."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return reply(start_response, 404, "not here\n")
        if environ.get("REQUEST_METHOD") != "POST":
            return reply(start_response, 405, "POST only\n")
        answer = witness.add_checkpoint(body_from(environ))
        return reply(start_response, answer.status, answer.body, answer.content_type)

    return app


def body_from(environ: WSGIEnvironment) -> bytes:
    """Return the body, never much more than one may be long."""
    return bytes(environ["wsgi.input"].read(MOST_BYTES + 1))


def reply(
    start_response: StartResponse,
    status: int,
    body: str,
    content_type: str = "text/plain; charset=utf-8",
) -> Iterable[bytes]:
    """Answer with a text."""
    encoded = body.encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(encoded))),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
    start_response(f"{status} {_REASONS.get(status, '')}", headers)
    return [encoded]


def post(address: str, body: bytes) -> tuple[int, str]:
    """Send a body; return status and text. Raises ``OSError`` when nobody answers in time.

    Redirects are not followed: a witness is where it was said to be.
    """
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8"})
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES).decode("utf-8", "replace")
    except http.client.HTTPException as fault:
        raise OSError(f"no answer in HTTP: {type(fault).__name__}") from fault
    finally:
        connection.close()
