"""Who does which job when: claims on rows of `work_jobs`, safe for several workers at once.

A claim is a lease: it ends by itself, so that a worker that was killed loses no job. One that was
killed in between has its job done once more; every job may be done twice.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bti.db.models import WorkJob

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Executable

LEASE: Final = timedelta(minutes=15)
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in hand: ``holder`` is this worker's word for it, ``failures`` how often it failed."""

    name: str
    holder: str
    failures: int


@dataclass(frozen=True, slots=True)
class Stands:
    """How a job stands, for `bti work status`."""

    name: str
    due_at: datetime
    owed_at: datetime
    held_until: datetime | None
    failures: int
    fault: str
    done_at: datetime | None


def wait_after(failures: int) -> timedelta:
    """Return how long a job waits that has failed so many times in a row: it doubles, to an hour."""
    return min(FIRST_WAIT * (1 << min(failures - 1, _MOST_DOUBLINGS)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Claims:
    """The table of jobs of one database. Each call is one short transaction."""

    engine: Engine
    lease: timedelta = LEASE

    def know(self, latest: Mapping[str, datetime], now: datetime) -> None:
        """Give every job that has none its row; a new one is due at once.

        ``latest`` tells of each when it is due again if it is done now. One that is put off for longer, or held for longer
        than a lease, was put off by nobody at work: it is due at once too. An hour is left to clocks, and to what failed.
        """
        with self.engine.begin() as connection:
            known = set(connection.scalars(select(WorkJob.name)))
            fresh = [_fresh(name, now) for name in sorted(latest) if name not in known]
            if fresh:
                connection.execute(_insert(connection), fresh)
            for name in sorted(latest.keys() & known):
                far = or_(
                    WorkJob.due_at > latest[name] + LONGEST_WAIT,
                    WorkJob.owed_at > latest[name] + LONGEST_WAIT,
                    WorkJob.held_until > now + self.lease + LONGEST_WAIT,
                )
                put_back = {"due_at": now, "owed_at": now, "holder": "", "held_until": None}
                connection.execute(
                    update(WorkJob).where(WorkJob.name == name, far).values(put_back)
                )

    def take(self, names: Collection[str], now: datetime) -> Claim | None:
        """Take the job among these that has been due longest, or None when none is."""
        free = or_(WorkJob.held_until.is_(None), WorkJob.held_until <= now)
        wanted = (
            select(WorkJob.name, WorkJob.failures)
            .where(WorkJob.name.in_(names), WorkJob.due_at <= now, free)
            .order_by(WorkJob.due_at, WorkJob.name)
            .limit(1)
            # SQLite has no row locks and needs none: its transactions begin with the whole file.
            .with_for_update(skip_locked=True)
        )
        holder = uuid.uuid4().hex
        with self.engine.begin() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            connection.execute(
                update(WorkJob)
                .where(WorkJob.name == row.name)
                .values(holder=holder, held_until=now + self.lease)
            )
        return Claim(row.name, holder, row.failures)

    def done(self, claim: Claim, now: datetime, again: datetime) -> bool:
        """Say that a job is done and when it is due again; False when another has it by now."""
        return self._end(claim, due_at=again, owed_at=again, done_at=now, failures=0, fault="")

    def failed(self, claim: Claim, now: datetime, fault: str) -> bool:
        """Say that a job failed: it is tried again, later each time, and stays owed."""
        failures = claim.failures + 1
        return self._end(
            claim, due_at=now + wait_after(failures), failures=failures, fault=fault[:60]
        )

    def all(self) -> tuple[Stands, ...]:
        """Return how every job stands, by name."""
        columns = (getattr(WorkJob, name) for name in Stands.__slots__)
        with self.engine.begin() as connection:
            rows = connection.execute(select(*columns).order_by(WorkJob.name)).all()
        return tuple(Stands(*row) for row in rows)

    def _end(self, claim: Claim, **values: object) -> bool:
        with self.engine.begin() as connection:
            done = connection.execute(
                update(WorkJob)
                .where(WorkJob.name == claim.name, WorkJob.holder == claim.holder)
                .values(holder="", held_until=None, **values)
            )
        return done.rowcount == 1


def _fresh(name: str, now: datetime) -> dict[str, object]:
    return {
        "name": name,
        "due_at": now,
        "owed_at": now,
        "holder": "",
        "held_until": None,
        "failures": 0,
        "fault": "",
        "done_at": None,
    }


def _insert(connection: Connection) -> Executable:
    """Return an insert that leaves a row alone which another worker has just made."""
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return made(WorkJob).on_conflict_do_nothing(index_elements=["name"])
