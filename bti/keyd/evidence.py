"""Who has just shown a one-time code, or taken a bait: without it no new session, or suspension, gets a MAC.

In memory only: whoever was signing in while the broker was started again signs in once more.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import uuid

LASTS: Final = timedelta(minutes=2)
#: A caller whose transaction lost a race tries again, and asks for another MAC.
MOST_USES: Final = 4


class Evidence:
    """Accounts with a fresh proof, for two minutes and a few MACs. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[uuid.UUID, tuple[datetime, int]] = {}
        self._taken: dict[uuid.UUID, datetime] = {}

    def show(self, account: uuid.UUID, at: datetime) -> None:
        """Remember that this account has shown a code."""
        with self._lock:
            self._shown = {one: kept for one, kept in self._shown.items() if kept[0] > at}
            self._shown[account] = (at + LASTS, MOST_USES)

    def take(self, account: uuid.UUID, at: datetime) -> None:
        """Remember that this account came near a bait case."""
        with self._lock:
            self._taken = {one: until for one, until in self._taken.items() if until > at}
            self._taken[account] = at + LASTS

    def has_taken(self, account: uuid.UUID, at: datetime) -> bool:
        """Tell whether it did just now."""
        with self._lock:
            return at < self._taken.get(account, at)

    def stands(self, account: uuid.UUID, at: datetime) -> bool:
        """Tell whether the proof still counts."""
        with self._lock:
            until, left = self._shown.get(account, (at, 0))
            return left > 0 and at < until

    def use(self, account: uuid.UUID, at: datetime) -> bool:
        """Use the proof for one session; tells whether there was one."""
        with self._lock:
            until, left = self._shown.get(account, (at, 0))
            if left <= 0 or at >= until:
                return False
            self._shown[account] = (until, left - 1)
            return True
