"""A TLS server on this machine that answers each request with what a test tells it to."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Reply = Callable[[bytes, ssl.SSLSocket], None]


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def saying(content: bytes) -> Reply:
    """Say this to every request."""
    return lambda _request, sock: sock.sendall(content)


@contextlib.contextmanager
def lying_server(folder: Path, reply: Reply) -> Iterator[tuple[int, list[bytes]]]:
    """The port, and the requests there were. ``folder`` has server.pem and server.key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def speak(raw: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as sock:
            while request := sock.recv(1_000_000):
                heard.append(request)
                reply(request, sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listener.accept()
                threading.Thread(target=speak, args=(raw,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1]), heard
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
