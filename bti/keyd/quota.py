"""How much one person, one peer and one municipality may open, counted in the database.

A stolen session, or a web process that was taken over, opens what its people may open; this is
what keeps it from opening all of it at once. Own records and the danger path are never counted
and never refused.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bti.db.models import BrokerCount, BrokerMark
from bti.domain.errors import AccessDenied
from bti.keyd.opening_count import count_opening

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.orm import Session

    from bti.clock import Clock

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
#: Wrong one-time codes an account may be given in a quarter of an hour.
WRONG_CODES: Final = 20
WRONG_CODES_WINDOW: Final = timedelta(minutes=15)
#: And all accounts together from one process: a code is looked at after a right password only, so
#: nobody comes near it through the page.
WRONG_CODES_PEER: Final = 120
_STEP: Final = 10  # seconds counted together


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most there may be. ``lists_day`` are distinct cases whose names were seen in lists."""

    cases_hour: int = 30
    cases_day: int = 100
    lists_day: int = 600
    index_minute: int = 10
    peer_minute: int = 300
    tenant_minute: int = 1200


class Meter:
    """Counts what one transaction of the broker releases. Raises ``AccessDenied("quota.…")``.

    ``peer`` names the process that asks, where there is another one; ``shard`` keeps threads
    that count the same from waiting for each other.
    """

    def __init__(
        self, session: Session, clock: Clock, limits: Limits, *, peer: str = "", shard: int = 0
    ) -> None:
        self._session = session
        self._clock = clock
        self._limits = limits
        self._peer = peer
        self._shard = shard

    def opening(self, tenant: uuid.UUID, account: uuid.UUID, case_id: uuid.UUID) -> None:
        """Count one case opened. A case one has opened within the hour counts once."""
        now = self._clock.now()
        told = {
            "account": account,
            "case": case_id,
            "peer": f"peer:{self._peer}" if self._peer else None,
            "tenant": f"tenant:{tenant}",
            "shard": self._shard,
            "since": _step(now),
            "now": now,
            "minute_ago": now - MINUTE,
            "hour_ago": now - HOUR,
            "day_ago": now - DAY,
            "most_hour": self._limits.cases_hour,
            "most_day": self._limits.cases_day,
            # Of a process that is not told of nothing is counted, and none is less than one.
            "most_peer": self._limits.peer_minute if self._peer else 1,
            "most_tenant": self._limits.tenant_minute,
        }
        rule = count_opening(self._session, told)
        if rule:
            raise AccessDenied(rule, case_id=case_id)

    def listing(
        self, tenant: uuid.UUID, account: uuid.UUID, case_ids: Collection[uuid.UUID]
    ) -> None:
        """Count a list: one request, and each case in it that no list of the day has shown."""
        others = self._distinct(account, "list", DAY, but=case_ids)
        if others + len(case_ids) > self._limits.lists_day:
            raise AccessDenied("quota.lists-day")
        self._requests(tenant, None)
        self._mark(account, "list", case_ids)

    def looking_up(self, account: uuid.UUID) -> None:
        """Count one look-up by national id."""
        self._within(f"index:{account}", self._limits.index_minute, "quota.index-minute", MINUTE)

    def naming(self) -> None:
        """Count one look-up of a user name, which needs no session."""
        if self._peer:
            most = self._limits.peer_minute
            self._within(f"name:{self._peer}", most, "quota.names-minute", MINUTE)

    def proving(self, account: uuid.UUID) -> None:
        """Raise when an account has been given too many wrong one-time codes."""
        if self._total(f"code:{account}", WRONG_CODES_WINDOW) >= WRONG_CODES:
            raise AccessDenied("quota.codes")
        if self._peer and self._total(f"codes:{self._peer}", WRONG_CODES_WINDOW) >= (
            WRONG_CODES_PEER
        ):
            raise AccessDenied("quota.codes-peer")

    def wrong_code(self, account: uuid.UUID) -> None:
        """Count a wrong one-time code."""
        self._add(f"code:{account}", WRONG_CODES_WINDOW)
        if self._peer:
            self._add(f"codes:{self._peer}", WRONG_CODES_WINDOW)

    def _requests(self, tenant: uuid.UUID, case_id: uuid.UUID | None) -> None:
        if self._peer:
            most = self._limits.peer_minute
            self._within(f"peer:{self._peer}", most, "quota.peer-minute", MINUTE, case_id)
        most = self._limits.tenant_minute
        self._within(f"tenant:{tenant}", most, "quota.tenant-minute", MINUTE, case_id)

    def _within(
        self,
        scope: str,
        most: int,
        rule: str,
        window: timedelta,
        case_id: uuid.UUID | None = None,
    ) -> None:
        if self._total(scope, window) >= most:
            raise AccessDenied(rule, case_id=case_id)
        self._add(scope, window)

    def _total(self, scope: str, window: timedelta) -> int:
        counted = self._session.scalars(
            select(func.coalesce(func.sum(BrokerCount.count), 0)).where(
                BrokerCount.scope == scope, BrokerCount.since > self._clock.now() - window
            )
        )
        return int(counted.one())

    def _add(self, scope: str, window: timedelta) -> None:
        now = self._clock.now()
        since = _step(now)
        self._session.execute(
            delete(BrokerCount).where(
                BrokerCount.scope == scope,
                BrokerCount.shard == self._shard,
                BrokerCount.since <= now - window,
            )
        )
        row = {"scope": scope, "since": since, "shard": self._shard, "count": 1}
        insert = _insert(self._session)(BrokerCount)
        self._session.execute(
            insert.on_conflict_do_update(
                index_elements=["scope", "since", "shard"],
                set_={"count": BrokerCount.count + 1},
            ),
            row,
        )

    def _distinct(
        self, account: uuid.UUID, kind: str, window: timedelta, *, but: Collection[uuid.UUID]
    ) -> int:
        counted = self._session.scalars(
            select(func.count())
            .select_from(BrokerMark)
            .where(
                BrokerMark.account_id == account,
                BrokerMark.kind == kind,
                BrokerMark.last_at > self._clock.now() - window,
                BrokerMark.object_id.not_in(but),
            )
        )
        return int(counted.one())

    def _mark(self, account: uuid.UUID, kind: str, objects: Collection[uuid.UUID]) -> None:
        mark(self._session, account, kind, objects, self._clock.now())


def _step(now: datetime) -> datetime:
    return now.replace(second=now.second - now.second % _STEP, microsecond=0)


def mark(
    session: Session, account: uuid.UUID, kind: str, objects: Collection[uuid.UUID], at: datetime
) -> None:
    """Write when an account last had to do with each of these, and forget what is a day old."""
    session.execute(
        delete(BrokerMark).where(
            BrokerMark.account_id == account,
            BrokerMark.kind == kind,
            BrokerMark.last_at <= at - DAY,
        )
    )
    if not objects:
        return
    insert = _insert(session)(BrokerMark)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["account_id", "kind", "object_id"],
            set_={"last_at": insert.excluded.last_at},
        ),
        [
            {"account_id": account, "kind": kind, "object_id": one, "last_at": at}
            # In one order everywhere, so that two lists never wait for each other in a circle.
            for one in sorted(objects)
        ],
    )


def alarm_is_due(session: Session, account: uuid.UUID, rule: str, at: datetime) -> bool:
    """Tell whether this is the first within an hour of its kind, and remember that it was told.

    Whoever hammers on a closed door must not be able to bury the alarm in alarms.
    """
    kind = uuid.uuid5(uuid.NAMESPACE_OID, rule)
    told = session.get(BrokerMark, (account, "alarm", kind))
    if told is not None and told.last_at > at - HOUR:
        return False
    mark(session, account, "alarm", [kind], at)
    return True


def _insert(session: Session) -> Callable[..., Any]:
    """Return the dialect's own insert: only theirs can fold into a row that is there."""
    name = session.get_bind().dialect.name
    return postgresql.insert if name == "postgresql" else sqlite.insert
