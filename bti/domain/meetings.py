"""Meetings about one child: when, who, what the child wants said, what was agreed, and who approved it there.

A meeting is about one case only, and so are its minutes. Sources: the BTI action guides (what a meeting is for,
an adult talks with the child before it); barnelova § 31 and barnevernsloven § 1-4 (heard from 7, weight from 12).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from bti.domain.ages import NORWAY, day_in_norway
from bti.domain.codes import NotHeardReason
from bti.domain.errors import RuleBroken

MOST_INVITED: Final = 200
MOST_POINTS: Final = 20
MINUTES_LENGTH: Final = 10_000
"""Signs of the minutes' free text. What was agreed stands in the points."""

HEARD_FROM: Final = 7
"""From this age a child is heard, so that being too young is no reason (barnelova § 31)."""

_SHORTEST: Final = 5
_LONGEST: Final = 480
_AHEAD: Final = timedelta(days=731)


class MeetingKind(StrEnum):
    """What a meeting is for."""

    COOPERATION = "cooperation"
    EVALUATION = "evaluation"
    TEAM = "team"


class MeetingState(StrEnum):
    """Where a meeting stands."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class MeetingEvent(StrEnum):
    """What was decided about a meeting, in one entry."""

    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"


class AbsenceReason(StrEnum):
    """Why somebody invited was not there. Never why they could not: that may be about their health."""

    TOLD_BEFORE = "told_before"
    NOT_TOLD = "not_told"
    NOT_WANTED = "not_wanted"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPlan:
    """When a meeting is, for how many minutes, and how many are invited."""

    starts_at: datetime
    minutes: int
    invited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPrepared:
    """Who talks with the child before the meeting, or why nobody does."""

    by_whom: bool
    on: date | None
    missing: NotHeardReason | None


@dataclass(frozen=True, slots=True)
class AgreedPoint:
    """Something agreed on. With a responsible and a deadline it can become a measure."""

    text: str = field(repr=False)
    responsible: str = field(repr=False)
    deadline: date | None

    @property
    def can_be_measure(self) -> bool:
        """Whether it says who, and by when."""
        return bool(self.responsible.strip()) and self.deadline is not None


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether somebody invited was there, or why not, and whether they approved the minutes."""

    present: bool
    reason: AbsenceReason | None
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesFacts:
    """Minutes as they were read out in the meeting. ``disagreement``: what somebody did not agree to."""

    has_text: bool
    points: Sequence[AgreedPoint]
    attendance: Mapping[str, Attendance]
    keeper: str
    disagreement: bool
    next_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingFact:
    """One entry about a meeting, as worklists see it: the newest ``sequence`` of a meeting counts."""

    meeting_id: uuid.UUID
    sequence: int
    event: MeetingEvent
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class MinutesFact:
    """That the minutes of a meeting are approved, and the next date agreed on there."""

    meeting_id: uuid.UUID
    at: datetime
    next_on: date | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One meeting's time: the next one in a case's sealed state, or one on the team's agenda."""

    meeting_id: uuid.UUID
    kind: MeetingKind
    starts_at: datetime
    minutes: int

    def to_json(self) -> dict[str, object]:
        """Return the sealed form."""
        return {
            "id": self.meeting_id,
            "kind": self.kind.value,
            "starts_at": self.starts_at,
            "minutes": self.minutes,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Slot:
        """Read the sealed form back."""
        return cls(
            uuid.UUID(value["id"]),
            MeetingKind(value["kind"]),
            datetime.fromisoformat(value["starts_at"]),
            value["minutes"],
        )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is ahead in a case: the meeting that comes, and the day another should be by."""

    meeting: MeetingFact | None
    wanted_by: date | None


def starts_at(day: date, clock: time) -> datetime:
    """Return the instant (UTC) of a Norwegian day and time.

    Raises ``RuleBroken("meeting.no_such_time")`` for the hour that summer time leaves out. Of the hour that
    comes twice in autumn the first is meant.
    """
    local = datetime.combine(day, clock, NORWAY)
    instant = local.astimezone(UTC)
    if instant.astimezone(NORWAY).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise RuleBroken("meeting.no_such_time")
    return instant


def check_plan(plan: MeetingPlan, *, now: datetime) -> None:
    """Check when and how long a meeting is. One that began earlier today may still be written down.

    Raises ``RuleBroken`` with meeting.past, meeting.too_far, meeting.length, meeting.nobody_invited,
    meeting.too_many.
    """
    today, day = day_in_norway(now), day_in_norway(plan.starts_at)
    if day < today:
        raise RuleBroken("meeting.past", today=today)
    if day > today + _AHEAD:
        raise RuleBroken("meeting.too_far")
    if not _SHORTEST <= plan.minutes <= _LONGEST:
        raise RuleBroken("meeting.length", least=_SHORTEST, most=_LONGEST)
    if plan.invited == 0:
        raise RuleBroken("meeting.nobody_invited")
    if plan.invited > MOST_INVITED:
        raise RuleBroken("meeting.too_many", most=MOST_INVITED)


def check_prepared(prepared: ChildPrepared, *, age: int) -> None:
    """Check what is planned for the child. ``age`` in whole years on the day.

    Raises ``RuleBroken`` with meeting.child_missing, meeting.child_day_missing, meeting.heard_from.
    """
    if not prepared.by_whom:
        if prepared.missing is None:
            raise RuleBroken("meeting.child_missing")
        if prepared.missing is NotHeardReason.TOO_YOUNG and age >= HEARD_FROM:
            raise RuleBroken("meeting.heard_from", age=HEARD_FROM)
    elif prepared.on is None:
        raise RuleBroken("meeting.child_day_missing")


def check_minutes(minutes: MinutesFacts, *, meeting_on: date, today: date) -> None:
    """Check minutes before they are locked. Afterwards nothing is changed, only added beside.

    Raises ``RuleBroken`` with meeting.not_yet, meeting.nothing_agreed, meeting.too_many_points,
    meeting.point_empty, meeting.point_past, meeting.absence_reason, meeting.keeper_absent,
    meeting.not_approved, meeting.next_past.
    """
    if today < meeting_on:
        raise RuleBroken("meeting.not_yet", on=meeting_on)
    check_points(minutes.points, has_text=minutes.has_text, meeting_on=meeting_on)
    if any(not one.present and one.reason is None for one in minutes.attendance.values()):
        raise RuleBroken("meeting.absence_reason")
    keeper = minutes.attendance.get(minutes.keeper)
    if keeper is None or not keeper.present:
        raise RuleBroken("meeting.keeper_absent")
    present = [one for one in minutes.attendance.values() if one.present]
    if not minutes.disagreement and not all(one.approved for one in present):
        raise RuleBroken("meeting.not_approved")
    if minutes.next_on is not None and minutes.next_on <= meeting_on:
        raise RuleBroken("meeting.next_past", on=meeting_on)


def check_points(points: Sequence[AgreedPoint], *, has_text: bool, meeting_on: date) -> None:
    """Check what was agreed, before it is read out: where it is approved nobody can mend it.

    Minutes in which nothing was agreed say so in their text. Raises ``RuleBroken`` with
    meeting.nothing_agreed, meeting.too_many_points, meeting.point_empty, meeting.point_past.
    """
    if not points and not has_text:
        raise RuleBroken("meeting.nothing_agreed")
    if len(points) > MOST_POINTS:
        raise RuleBroken("meeting.too_many_points", most=MOST_POINTS)
    for point in points:
        if not point.text.strip():
            raise RuleBroken("meeting.point_empty")
        if point.deadline is not None and point.deadline < meeting_on:
            raise RuleBroken("meeting.point_past", on=meeting_on)


def state_of(newest: MeetingFact, minutes: Iterable[MinutesFact]) -> MeetingState:
    """Return where a meeting stands, from its newest entry and the minutes of the case."""
    if any(one.meeting_id == newest.meeting_id for one in minutes):
        return MeetingState.HELD
    cancelled = newest.event is MeetingEvent.CANCELLED
    return MeetingState.CANCELLED if cancelled else MeetingState.PLANNED


def newest_of(facts: Iterable[MeetingFact]) -> dict[uuid.UUID, MeetingFact]:
    """Return the entry that counts of each meeting."""
    found: dict[uuid.UUID, MeetingFact] = {}
    for one in facts:
        if one.meeting_id not in found or one.sequence > found[one.meeting_id].sequence:
            found[one.meeting_id] = one
    return found


def ahead(facts: Sequence[MeetingFact], minutes: Sequence[MinutesFact]) -> Ahead:
    """Return the earliest meeting that waits to be held, and the day a next one is wanted by.

    A next date that was agreed on is met by any meeting that is planned.
    """
    newest = newest_of(facts).values()
    planned = [one for one in newest if state_of(one, minutes) is MeetingState.PLANNED]
    meeting = min(planned, key=lambda one: one.starts_at, default=None)
    last = max(minutes, key=lambda one: one.at, default=None)
    return Ahead(meeting, last.next_on if last is not None and meeting is None else None)


def slots(planned: Sequence[Slot]) -> tuple[datetime, ...]:
    """Return when each meeting on an agenda can begin: as planned, or when the one before is done.

    ``planned`` is in the order they are held, by ``starts_at``. Instants in UTC.
    """
    begins: list[datetime] = []
    free: datetime | None = None
    for one in planned:
        begin = one.starts_at if free is None else max(one.starts_at, free)
        begins.append(begin)
        free = begin + timedelta(minutes=one.minutes)
    return tuple(begins)
