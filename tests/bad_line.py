"""A line to a server on this machine that can be cut, go silent, or let bytes through one at a time."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Self


class BadLine:
    """Passes connections on to ``port`` as long as it is told to, from a port of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener: socket.socket | None = None
        self.port = 0
        self.connections = 0
        self.silent = False
        self._open: list[socket.socket] = []
        self.mend()

    @classmethod
    @contextlib.contextmanager
    def to(cls, port: int) -> Iterator[Self]:
        """A line that is closed afterwards."""
        line = cls(port)
        try:
            yield line
        finally:
            line.end()

    def mend(self) -> None:
        """Take connections (again), at the same port."""
        self.silent = False
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = int(self._listener.getsockname()[1])
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Close everything; new connections are refused."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                # Wakes whoever waits in accept; closing alone would not.
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.hang_up()

    end = cut

    def hang_up(self) -> None:
        """Close the connections there are; new ones are taken."""
        open_now, self._open = self._open, []
        for one in open_now:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                if not self.silent:
                    sink.sendall(content)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
