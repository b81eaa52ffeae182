"""Forged addresses and requests whose ends are unclear, against the server as it is run."""

import re
import socket

import pytest

from bti.web.app import create_app
from tests.serving import served
from tests.web.critic import CriticClient

EVIL = "evil.example"


@pytest.fixture
def answering(world):
    """The product on a real server; gives a way to send bytes and read all that comes back."""
    with served(world) as address:

        def send(raw: bytes) -> bytes:
            with socket.create_connection(address, timeout=10) as line:
                line.sendall(raw)
                return b"".join(iter(lambda: line.recv(65536), b""))

        yield send


def statuses(answer):
    """The status of every answer in a stream of them."""
    return re.findall(rb"HTTP/1\.[01] (\d{3})", answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": EVIL},
        {"X-Forwarded-Host": EVIL},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": EVIL, "X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": f"host={EVIL};proto=https"},
        {"X-Original-URL": "/insight", "X-Rewrite-URL": "/insight"},
    ],
    ids="+".join,
)
@pytest.mark.parametrize("path", ["/", "/sign-in", "/my-day", "/no-such-page"])
def test_a_forged_host_never_comes_back_and_changes_nothing(world, path, headers):
    client = CriticClient(create_app(world.runtime.settings, runtime=world.runtime))
    plain = client.get(path)
    forged = client.get(path, headers=headers)

    assert forged.status == plain.status
    assert EVIL not in forged.response.get_data(as_text=True)
    assert not any(EVIL in value for _, value in forged.response.headers)
    assert forged.response.headers.get("Location") == plain.response.headers.get("Location")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length : 5\r\n",
        b"X: a\r\n b\r\nContent-Length: -1\r\n",
    ],
    ids=[
        "two lengths",
        "two codings",
        "unknown coding",
        "signed length",
        "list of lengths",
        "space before the colon",
        "negative length",
    ],
)
def test_a_request_whose_end_is_unclear_is_refused_and_nothing_hides_behind_it(answering, head):
    hidden = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = answering(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n" + hidden)

    assert statuses(answer), answer
    assert statuses(answer)[0] in {b"400", b"501"}, answer
    assert len(statuses(answer)) == 1, "what was hidden behind the request was answered too"


def test_a_length_beside_chunks_is_not_believed(answering):
    # RFC 9112, 6.3: the coding wins. The hidden request lies within the body, and stays there.
    body = b"1d\r\nGET /healthz HTTP/1.1\r\nA: b\r\n\r\n0\r\n\r\n"
    answer = answering(
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body
    )

    assert len(statuses(answer)) == 1, answer
    assert statuses(answer)[0] == b"400"


def test_two_sound_requests_on_one_line_get_two_answers(answering):
    first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    answer = answering(first + b"\r\n" + first + b"Connection: close\r\n\r\n")

    assert statuses(answer) == [b"200", b"200"]
