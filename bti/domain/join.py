"""Two logs about one child put together: one is continued in the other, and is set aside.

The simplest that can be true. Nothing is copied and nothing is opened: what is written stays where it is, under its own
keys and its own consent, and is read by those who could read it. A log that is set aside takes nothing new, so one log
is worked with and one baton acts. Taken back, it is what it was; what was written in the other meanwhile stays there.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from bti.domain.approval import Params
from bti.domain.deadlines import Due, DueKind
from bti.domain.doubles import LogOfChild
from bti.domain.errors import RuleBroken

CONTINUED: Final = "continued"
"""What the state of a case keeps a continuation under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """That a log is continued in another case, ``into``, from ``since`` until it was taken back (instants in UTC).

    ``talked_on``: the day the family was talked with about it (Norwegian). The last one is kept when it is over, so
    that the yes it began with begins no other.
    """

    into: uuid.UUID
    since: datetime
    talked_on: date
    until: datetime | None = None

    @property
    def lasts(self) -> bool:
        """Whether the log is set aside."""
        return self.until is None

    def to_json(self) -> dict[str, Any]:
        """Return the sealed form."""
        return {
            "into": self.into,
            "since": self.since,
            "talked_on": self.talked_on,
            "until": self.until,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Continuation:
        """Read the sealed form back. Raises as ``fromisoformat`` and ``UUID`` for what is none."""
        until = value["until"]
        found = cls(
            into=uuid.UUID(value["into"]),
            since=datetime.fromisoformat(value["since"]),
            talked_on=date.fromisoformat(value["talked_on"]),
            until=None if until is None else datetime.fromisoformat(until),
        )
        if found.since.tzinfo is None or (found.until is not None and found.until.tzinfo is None):
            raise ValueError("an instant needs a time zone")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """What waits for somebody in a log: an offer of the baton, the team, a planned meeting."""

    offer: bool
    referral: bool
    meeting: bool
    #: Another log is continued in this one: what was handed on to one place is not handed on again.
    continued_here: bool


def check_own(mine: LogOfChild, waiting: Hanging) -> None:
    """Raise ``RuleBroken`` unless a log may be continued in another.

    Codes: join.set_aside, join.no_log, join.protected, join.continued_here, and join.waiting where something would be
    left hanging.
    """
    if mine.set_aside:
        raise RuleBroken("join.set_aside")
    if not mine.is_there:
        raise RuleBroken("join.no_log")
    if mine.protected:
        raise RuleBroken("join.protected")
    if waiting.continued_here:
        raise RuleBroken("join.continued_here")
    if waiting.offer or waiting.referral or waiting.meeting:
        raise RuleBroken("join.waiting")


def fits(mine: LogOfChild, other: LogOfChild) -> bool:
    """Whether a log can be continued in the other, which is about the same child.

    One is worked with afterwards, so the other is worked with now; and nobody is told of a protected address.
    """
    return mine.case_id != other.case_id and other.is_there and not other.protected


def check_fits(mine: LogOfChild, other: LogOfChild | None) -> None:
    """Raise ``RuleBroken("join.over")`` unless the other log, agreed to before, can still go on with this one."""
    if other is None or not fits(mine, other):
        raise RuleBroken("join.over")


def left_due(
    *, talk: date | None, decision: date | None, evaluation: date | None
) -> tuple[Due, ...]:
    """Return what was due in a log when it was set aside, soonest first: kinds and days, no words."""
    found = [(talk, DueKind.TALK), (decision, DueKind.DECISION), (evaluation, DueKind.EVALUATION)]
    return tuple(sorted(Due(day, kind) for day, kind in found if day is not None))


def is_handed_on(due: Due, today: date, *, soon_days: int) -> bool:
    """Whether a day of a log that was set aside reminds whoever goes on: from ``soon_days`` before to as long after.

    Nobody writes in the log that it is done, so it goes by itself; the day stands on the page as long as the log is
    set aside.
    """
    return abs((due.on - today).days) <= soon_days


def check_talked(talked_on: date | None, *, today: date) -> date:
    """Return the day. Raises ``RuleBroken`` with join.not_talked or join.day_in_future."""
    if talked_on is None:
        raise RuleBroken("join.not_talked")
    if talked_on > today:
        raise RuleBroken("join.day_in_future")
    return talked_on


def begun(
    before: Continuation | None, into: uuid.UUID, talked_on: date, *, at: datetime
) -> Continuation:
    """Return that a log is continued in ``into`` from ``at``, when two people's yes was used up.

    Raises ``RuleBroken("join.set_aside")`` where it is continued already, or by the same yes as before.
    """
    if before is not None and (before.until is None or at <= before.until):
        raise RuleBroken("join.set_aside")
    return Continuation(into=into, since=at, talked_on=talked_on)


def ended(before: Continuation | None, *, at: datetime) -> Continuation:
    """Return that it was taken back at ``at``. Raises ``RuleBroken("join.not_set_aside")``."""
    if before is None or not before.lasts or at <= before.since:
        raise RuleBroken("join.not_set_aside")
    return replace(before, until=at)


def join_params(log: uuid.UUID, into: uuid.UUID, talked_on: date) -> Params:
    """Return what two people agree to when a log is continued in another."""
    return {"log": str(log), "into": str(into), "talked_on": talked_on.isoformat()}


def part_params(log: uuid.UUID, standing: Continuation) -> Params:
    """Return what two people agree to when it is taken back: that one continuation, and no later one."""
    return {"log": str(log), "into": str(standing.into), "since": standing.since.isoformat()}
