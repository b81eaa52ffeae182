"""Opened tenant keys in the broker's memory: few, and not longer than somebody uses them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from bti.crypto.envelope import DataKey

IDLE_SECONDS: Final = 15 * 60
MOST_KEYS: Final = 64


class KeyCache:
    """Keeps opened keys by id until they have not been asked for in ``idle_seconds``.

    At most ``most`` are kept; the one longest unused makes room. ``tick`` is a clock in seconds
    that never runs backwards. Safe for several threads.
    """

    def __init__(
        self,
        idle_seconds: float = IDLE_SECONDS,
        most: int = MOST_KEYS,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty."""
        self._idle = idle_seconds
        self._most = most
        self._tick = tick
        self._lock = threading.Lock()
        # Longest unused first.
        self._kept: OrderedDict[bytes, tuple[DataKey, float]] = OrderedDict()

    def get(self, key_id: bytes) -> DataKey | None:
        """Return the key, which counts as use; None when it is not kept or was idle too long."""
        with self._lock:
            self._sweep()
            found = self._kept.pop(key_id, None)
            if found is None:
                return None
            self._kept[key_id] = (found[0], self._tick())
            return found[0]

    def put(self, key: DataKey) -> None:
        """Keep an opened key."""
        with self._lock:
            self._sweep()
            self._kept.pop(key.key_id, None)
            self._kept[key.key_id] = (key, self._tick())
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, key_id: bytes) -> None:
        """Drop one key: it was destroyed."""
        with self._lock:
            self._kept.pop(key_id, None)

    def sweep(self) -> int:
        """Drop what was idle too long and return how many are kept.

        Every use does this; a process that nobody uses calls it by its own timer.
        """
        with self._lock:
            self._sweep()
            return len(self._kept)

    def clear(self) -> None:
        """Drop every key."""
        with self._lock:
            self._kept.clear()

    def __repr__(self) -> str:
        """Show how many keys are kept, none of them."""
        return f"<KeyCache of {len(self._kept)}>"

    def _sweep(self) -> None:
        limit = self._tick() - self._idle
        while self._kept:
            key_id, (_, used) = next(iter(self._kept.items()))
            if used > limit:
                return
            del self._kept[key_id]
