"""Calls into a library that may hang or may not be called by two threads at once: one thread makes them all."""

import os
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from bti.crypto.errors import ProviderUnavailable, Trouble

T = TypeVar("T")


class OneThread:
    """Runs calls one after another; nobody waits longer than asked, whatever the library does."""

    def __init__(self, name: str) -> None:
        """Start no thread before the first call, so that a process may still fork."""
        self._name = name
        self._start_afresh()
        this = weakref.ref(self)

        def in_child() -> None:
            if (thread := this()) is not None:
                thread._start_afresh()  # noqa: SLF001 - its own hook

        # Threads do not come along into a child.
        os.register_at_fork(after_in_child=in_child)

    def do(self, work: Callable[[], T], seconds: float) -> T:
        """Return what ``work`` returns, or raise what it raises; ProviderUnavailable after ``seconds``."""
        future = self._executor.submit(work)
        try:
            return future.result(seconds)
        except NotYet:
            # What has not begun is never done: nobody waits for it any more.
            future.cancel()
            raise ProviderUnavailable(Trouble.TOO_SLOW) from None

    def _start_afresh(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._name)
