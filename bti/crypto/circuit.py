"""Spares a provider that fails, and those who wait for it: after some failures it is left alone a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from bti.crypto.errors import ProviderUnavailable, Trouble

FAILURES: Final = 3
REST_SECONDS: Final = 5.0


class Circuit:
    """Counts failures in a row. While it rests, every call is refused at once with the last trouble.

    After the rest one call is let through to try; its outcome decides for the others. Has no lock on purpose:
    a lock held during a fork would never open again in the child, and the worst a race does here is one
    try more.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Use ``clock`` (seconds, never back) to measure the rest."""
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0
        self._last = Trouble.UNREACHABLE

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let one call through, or raise ProviderUnavailable; learn from how it ends."""
        if self._failures >= FAILURES:
            now = self._clock()
            if now < self._rests_until:
                raise ProviderUnavailable(self._last)
            # The others go on resting while this call tries.
            self._rests_until = now + REST_SECONDS
        answered = True
        try:
            yield
        except ProviderUnavailable as fault:
            answered = False
            self._failed(fault.trouble)
            raise
        finally:
            # A refusal is an answer too.
            if answered:
                self._failures = 0

    def _failed(self, trouble: Trouble) -> None:
        if trouble is Trouble.SEALED:
            # It answered, and quickly. It may be opened any moment, and is then used at once.
            self._failures = 0
            return
        self._last = trouble
        self._failures += 1
        self._rests_until = self._clock() + REST_SECONDS
