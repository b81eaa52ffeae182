"""The stage the demonstration's stories are played on: people who act through the workflows, in time.

A story is a generator that yields the instant of its next act. All stories are played as one, in
the order of time, so that the access log grows as it would have.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from bti.clock import NORWAY, norwegian_date
from bti.db.models import Account
from bti.workflows import sign_in
from bti.workflows.actor import SystemActor
from bti.workflows.demo_sign_in import STRENGTH_DEMO
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable, Iterator

    from bti.bootstrap import Runtime
    from bti.clock import FixedClock
    from bti.workflows.actor import Actor
    from bti.workflows.context import Context
    from bti.workflows.sign_in import SignedIn

P = ParamSpec("P")
R = TypeVar("R")

DEMO: Final = SystemActor("demo")
_SATURDAY: Final = 5
# What happens on the last day has happened some hours ago; acts take a little while each.
_LAST_ACT: Final = timedelta(hours=2)
_BETWEEN_ACTS: Final = timedelta(seconds=5)


@dataclass(slots=True)
class Stage:
    """One municipality, its people by username, and the clock that is moved through the years."""

    runtime: Runtime
    clock: FixedClock
    now: datetime
    tenant_id: uuid.UUID
    units: dict[str, uuid.UUID]
    accounts: dict[str, uuid.UUID]
    _signed_in: dict[str, tuple[Actor, datetime]] = field(default_factory=dict)

    def act(
        self,
        who: str,
        workflow: Callable[Concatenate[Context, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Let somebody do something, a moment later than what was done before."""
        self.clock.advance(_BETWEEN_ACTS)
        return self.runtime.doorway.perform(workflow, self.actor(who), *args, **kwargs)

    def sign_in_anew(self, who: str) -> None:
        """Let somebody's next act begin with a sign-in, for acts that ask for fresh proof."""
        self._signed_in.pop(who, None)

    @property
    def today(self) -> date:
        """The day the demonstration is loaded for."""
        return norwegian_date(self.now)

    @property
    def last_hour(self) -> datetime:
        """The last instant at which a story may happen."""
        return self.now - _LAST_ACT

    def day(self, ago: int) -> date:
        """The day so many days ago; ahead when negative."""
        return self.today - timedelta(days=ago)

    def ago(self, days: int, hour: int = 10, minute: int = 0) -> datetime:
        """An instant so many days ago in working hours: a weekend is the Friday before."""
        day = self.day(days)
        day -= timedelta(days=max(0, day.weekday() - _SATURDAY + 1))
        return min(at_hour(day, hour, minute), self.last_hour)

    def actor(self, who: str) -> Actor:
        """Return somebody signed in, anew when their session has run out."""
        known = self._signed_in.get(who)
        idle = timedelta(minutes=self.runtime.settings.session_idle_minutes)
        if known is not None and self.clock.now() - known[1] < idle:
            return known[0]
        perform = self.runtime.doorway.perform
        signed = perform(_enter, DEMO, account_id=self.accounts[who])
        actor = perform(sign_in.identify, None, token=signed.token)
        if actor is None:
            raise NotFound
        self._signed_in[who] = (actor, self.clock.now())
        return actor


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    """An hour of a day in Norway, in UTC."""
    return datetime.combine(day, time(hour, minute), NORWAY).astimezone(UTC)


def play(
    clock: FixedClock,
    stories: Iterable[Iterator[datetime]],
    progress: Callable[[datetime], None],
) -> None:
    """Play all stories to their end in the order of time. The clock never goes back."""
    waiting: list[tuple[datetime, int, Iterator[datetime]]] = []
    for place, story in enumerate(stories):
        _wait_for_next(waiting, place, story)
    while waiting:
        when, place, story = heapq.heappop(waiting)
        clock.set(max(when, clock.now()))
        progress(clock.now())
        _wait_for_next(waiting, place, story)


def _wait_for_next(
    waiting: list[tuple[datetime, int, Iterator[datetime]]], place: int, story: Iterator[datetime]
) -> None:
    when = next(story, None)
    if when is not None:
        heapq.heappush(waiting, (when, place, story))


def _enter(context: Context, *, account_id: uuid.UUID) -> SignedIn:
    """Open a session without proof. Reachable from the loader only, never from a page."""
    account = context.session.get_one(Account, account_id)
    context.verbs.open_directory(account.tenant_id)
    outcome = sign_in.open_session(context, account, STRENGTH_DEMO)
    if not isinstance(outcome, sign_in.SignedIn):
        raise NotFound
    return outcome
