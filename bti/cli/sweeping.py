"""What requests and answers leave behind is given back within a moment, and so overwritten.

Python frees an object when nothing points at it; objects that point at each other wait for its collector,
which may come hours later. Requests, forms and database sessions are such circles, with what was typed in them.
And Waitress keeps the last answer of a connection until the next one, or until the browser goes away.
"""

from __future__ import annotations

import gc
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # it ships no annotations
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]  # see above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask, Response

AFTER: Final = (0.1, 1.0)
"""Seconds after an answer: soon, and once more when the worker has let go of it for certain."""
_REST: Final = 19
"""How many times as long as it took a sweep rests: under load it takes a twentieth of a processor."""


class Sweeper:
    """Collects when it was told that there is something to collect."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._due = threading.Event()
        self._ended = threading.Event()

    def tell(self) -> None:
        """Say that a request has come to its end."""
        self._due.set()

    def end(self) -> None:
        """Let ``run`` return."""
        self._ended.set()
        self._due.set()

    def run(self) -> None:
        """Collect after each request, or after some of them together, until ``end``."""
        spent = 0.0
        while self._due.wait() and not self._ended.is_set():
            self._due.clear()
            for pause in AFTER:
                self._ended.wait(max(pause, _REST * spent))
                began = time.perf_counter()
                gc.collect()
                spent = time.perf_counter() - began
                if self._due.is_set():
                    break


@contextmanager
def sweeping(app: Flask) -> Iterator[None]:
    """Sweep after each request of ``app`` while the block runs.

    What is there already is taken out of the collector's sight: it stays for as long as the process, and
    looking through it each time would cost more than a page.
    """
    sweeper = Sweeper()
    _tell_of_each(app, sweeper.tell)
    gc.collect()
    gc.freeze()
    thread = threading.Thread(target=sweeper.run, name="sweeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        sweeper.end()
        thread.join()
        gc.unfreeze()


def _tell_of_each(app: Flask, tell: Callable[[], None]) -> None:
    """Let ``tell`` know when a request is done with, and again when its answer was sent: that may take long."""

    def when_sent(answer: Response) -> Response:
        answer.call_on_close(tell)
        return answer

    app.teardown_request(lambda _fault: tell())
    app.after_request(when_sent)


def forget_what_was_sent() -> None:
    """Let every server of this process keep no answer that has gone out."""
    BaseWSGIServer.channel_class = _Channel


class _Channel(HTTPChannel):  # type: ignore[misc]  # no annotations
    """Waitress's own connection, which lets go of an answer when its last byte is sent."""

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT001, FBT002 - Waitress's own form
        sent: bool = super()._flush_some(do_close=do_close)
        if not self.total_outbufs_len:
            self.outbufs[-1].prune()
        return sent
