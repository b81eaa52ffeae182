"""`bti logd`: places pending entries in the tree, over and over, until it is told to stop.

It has the log's database rights and the signer, and no key of a case, a tenant or a person.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from bti.audit.late import LATE, oldest_pending
from bti.audit.sequence import BATCH, Sequencer
from bti.db.walls import everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY: Final = 0.1
"""Seconds between two looks when there is nothing to do."""
AFTER_FAULT: Final = 1.0
WITNESS_EVERY: Final = 60.0

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class LogDaemon:
    """Runs a sequencer, and beside it, in a thread of its own, the asking of witnesses."""

    sequencer: Sequencer
    ask_witnesses: Callable[[], object] | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    _late: bool = False

    def run(self) -> None:
        """Work until ``stopped``. A database that is away is waited for."""
        if self.ask_witnesses is not None:
            # A witness may be slow or gone; entries do not wait for it.
            threading.Thread(target=self._ask, args=(self.ask_witnesses,), daemon=True).start()
        while not self.stopped.is_set():
            try:
                placed = self.sequencer.turn()
                self._alarm()
            except (SQLAlchemyError, OSError) as fault:
                _log.error("the log waits: %s", type(fault).__name__)
                self.stopped.wait(AFTER_FAULT)
                continue
            if placed < BATCH:
                self.stopped.wait(EVERY)

    def _ask(self, ask: Callable[[], object]) -> None:
        while not self.stopped.wait(WITNESS_EVERY):
            try:
                ask()
            except (SQLAlchemyError, OSError) as fault:
                _log.error("witnesses were not asked: %s", type(fault).__name__)

    def _alarm(self) -> None:
        """Say once when entries begin to be late, and once when they no longer are."""
        with everywhere(self.sequencer.engine) as connection:
            oldest = oldest_pending(connection)
        late = oldest is not None and self.sequencer.clock.now() - oldest > LATE
        if late and not self._late:
            _log.critical("entries of the access log wait for longer than %s", LATE)
        elif self._late and not late:
            _log.warning("no entry of the access log waits any more")
        self._late = late
