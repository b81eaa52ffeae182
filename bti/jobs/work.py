"""`bti work`: takes the jobs that are due, one after another, until it is told to stop."""

from __future__ import annotations

import gc
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bti.bootstrap import Runtime
    from bti.jobs.claims import Claim, Claims
    from bti.jobs.table import Job

EVERY: Final = 15.0
"""Seconds between two looks when nothing is due."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Worker:
    """Does jobs of one runtime. Several, also in other processes, share the work."""

    runtime: Runtime
    jobs: Sequence[Job]
    claims: Claims
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until ``stopped``; the job in hand is done first. A database that is away is waited for."""
        while not self.stopped.is_set():
            try:
                if any(self.round()):
                    gc.collect()  # what a job has left in circles is given back, and overwritten
            except SQLAlchemyError as fault:
                _log.error("the work waits: %s", type(fault).__name__)
            self.stopped.wait(EVERY)

    def round(self) -> tuple[int, int]:
        """Do what is due now; returns how many jobs were done and how many failed."""
        by_name = {job.name: job for job in self.jobs}
        now = self._now
        self.claims.know({name: job.when.after(now) for name, job in by_name.items()}, now)
        done = failed = 0
        while not self.stopped.is_set():
            claim = self.claims.take(by_name, self._now)
            if claim is None:
                break
            if self._do(by_name[claim.name], claim):
                done += 1
            else:
                failed += 1
        return done, failed

    @property
    def _now(self) -> datetime:
        return self.runtime.clock.now()

    def _do(self, job: Job, claim: Claim) -> bool:
        try:
            job.does(self.runtime)
        except Exception as fault:  # noqa: BLE001 - one job that fails must not stop the others
            kind = type(fault).__name__
            # The kind alone: what a fault says may hold what a person wrote.
            _log.error(
                "%s failed for the %d. time in a row: %s", job.name, claim.failures + 1, kind
            )
            self.claims.failed(claim, self._now, kind)
            return False
        now = self._now
        self.claims.done(claim, now, job.when.after(now))
        return True
