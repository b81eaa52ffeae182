"""Shares for a provider that starts closed: taken one by one, and what became of them entered.

While the provider is closed a log that is signed with its keys cannot be written. Then what is owed
to it is kept as a number in memory, told in the journal at once, and entered when it is open.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bti.audit.actions import Action
from bti.audit.guard import RolledBackError
from bti.audit.record import By, Reference
from bti.crypto.errors import ProviderUnavailable, SealError
from bti.db.models import Municipality
from bti.domain.errors import AccessDenied, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from bti.audit.record import Recorder
    from bti.crypto.unsealing_provider import Progress, UnsealingProvider
    from bti.keyd.peers import Peer
    from bti.keyd.wire import Request

_log: Final = logging.getLogger(__name__)

#: Refusals that are entered one by one; what is beyond them stands in the journal alone.
MOST_ENTERED: Final = 100
_BY: Final = By("system:unseal")
_RULE: Final = "unseal.share"


@dataclass(frozen=True, slots=True)
class Owed:
    """What the log does not have yet: shares that were refused, and that the keys were opened."""

    refused: int = 0
    opened: bool = False


class Unsealing:
    """Takes shares for one provider. Safe for several threads."""

    def __init__(self, provider: UnsealingProvider, enter: Callable[[Owed], None]) -> None:
        """Open ``provider``; ``enter`` writes what is owed into every municipality's log."""
        self._provider = provider
        self._enter = enter
        self._lock = threading.Lock()
        self._refused = 0
        self._opened = False

    def answer(self, peer: Peer, request: Request) -> dict[str, Any]:
        """Return the answer to `unseal` or `unsealing`; never which share of several was wrong."""
        if request.verb == "unsealing":
            return {"ok": told(self._provider.progress())}
        with self._lock:
            before = self._provider.progress()
            try:
                now = self._provider.offer_share(request.args["share"])
            except ProviderUnavailable as fault:
                _log.warning("shares could not be tried: %s", fault.reason)
                return {"ok": told(self._provider.progress()) | {"trouble": fault.reason}}
            wrong = now.refused - before.refused
            self._refused += wrong
            if wrong:
                _log.warning("uid %d gave a share that was refused", peer.uid)
            if now.opened and not before.opened:
                _log.warning("the keys were opened; the last share was given by uid %d", peer.uid)
                self._opened = True
        self.settle()
        return {"ok": told(now, refused_now=bool(wrong))}

    def settle(self) -> None:
        """Enter what is owed. What cannot be entered now stays owed."""
        with self._lock:
            owed = Owed(self._refused, self._opened)
            if owed == Owed():
                return
            try:
                self._enter(owed)
            except (SQLAlchemyError, SealError, AccessDenied, Unavailable, RolledBackError):
                return
            self._refused, self._opened = 0, False


class Door:
    """Answers on the small socket of a process that holds its own keys: shares and nothing else."""

    def __init__(self, unsealing: Unsealing) -> None:
        """Take shares for ``unsealing``."""
        self._unsealing = unsealing
        self.counts: Counter[str] = Counter()

    def answer(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        """Return the answer to a request that has the right form."""
        del shard
        if request.verb not in SHARES:
            self.counts["not_allowed"] += 1
            return {"no": {"code": "denied", "rule": "peer.verb", "case": None, "entered": False}}
        return self._unsealing.answer(peer, request)

    def sweep(self) -> int:
        """Enter what is still owed."""
        self._unsealing.settle()
        return 0


SHARES: Final = frozenset({"unseal", "unsealing"})
"""The verbs that need no open keys."""


def told(progress: Progress | None, *, refused_now: bool = False) -> dict[str, Any]:
    """Return how far it has come, as the wire has it; None where keys are never closed."""
    return {
        "opened": progress is None or progress.opened,
        "given": progress.given if progress else 0,
        "needed": progress.needed if progress else 0,
        "refused": progress.refused if progress else 0,
        "refused_now": refused_now,
        "trouble": "",
    }


def enter(session: Session, recorder: Recorder, owed: Owed) -> None:
    """Record what is owed in every municipality's log: the keys are those of all."""
    for tenant in session.scalars(select(Municipality.id).order_by(Municipality.id)):
        about = [Reference("tenant", tenant)]
        for _ in range(min(owed.refused, MOST_ENTERED)):
            recorder.record(
                Action.KEY_SHARE_REFUSE,
                tenant=tenant,
                by=_BY,
                about=about,
                allowed=False,
                rule=_RULE,
            )
        if owed.opened:
            recorder.record(Action.KEY_START_OPEN, tenant=tenant, by=_BY, about=about)
