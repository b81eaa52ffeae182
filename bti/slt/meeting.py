"""Meetings of bodies: agenda, minutes, agreed actions and what became of them. Pure.

A meeting is a private note of whoever prepares it, then in progress, then finished; it never goes back. What is finished
is corrected by an addition alone. A finished meeting's actions follow the body until they are done or dropped.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bti.slt.body import COUNCILS, Body
from bti.slt.role import NetworkRole


class MeetingState(StrEnum):
    """How far a meeting has come. Only what is finished is exported."""

    PRIVATE = "private"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"


class ActionStatus(StrEnum):
    """What has become of an agreed action."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    DROPPED = "dropped"


WAITING: Final = frozenset({ActionStatus.OPEN, ActionStatus.STARTED})
"""What is carried on to the next meeting."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a meeting agreed on: what, by which function, by when; and how it stands now."""

    id: uuid.UUID
    meeting_id: uuid.UUID
    what: str
    responsible: str
    due: date
    kept_because: str = ""
    status: ActionStatus = ActionStatus.OPEN
    note: str = ""
    #: Why a note was kept that looked as if it named somebody.
    note_kept_because: str = ""

    def is_late(self, today: date) -> bool:
        """Whether it waits and its day is past."""
        return self.status in WAITING and self.due < today


@dataclass(frozen=True, slots=True)
class Addition:
    """What was added to finished minutes, by whom and when; ``reason`` is why a name was kept."""

    account_id: uuid.UUID
    at: datetime
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting. ``present`` are functions of the body, ``guests`` those who do not sit in it."""

    id: uuid.UUID
    body_id: uuid.UUID
    author_id: uuid.UUID
    state: MeetingState
    held_on: date
    title: str
    agenda: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    minutes: str = ""
    #: Why texts were kept that looked as if they named somebody, a line each time.
    kept_because: tuple[str, ...] = ()
    finished_at: datetime | None = None
    finished_by: uuid.UUID | None = None


class MeetingFault(StrEnum):
    """Why a meeting cannot go on."""

    STATE = "meeting.state"
    AHEAD = "meeting.ahead"
    MINUTES = "meeting.minutes"
    PRESENT = "meeting.present"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for a meeting: the role, and the functions by which they sit in its body."""

    account_id: uuid.UUID
    role: NetworkRole
    functions: frozenset[str] = frozenset()


def may_read(reader: Reader, meeting: Meeting, body: Body) -> bool:
    """Whether minutes and actions are shown. A private note is its author's alone."""
    if meeting.state is MeetingState.PRIVATE:
        return reader.role is NetworkRole.COORDINATOR and reader.account_id == meeting.author_id
    if reader.role is NetworkRole.COORDINATOR:
        return True
    if reader.role is NetworkRole.MEMBER:
        return bool(reader.functions)
    return meeting.state is MeetingState.FINISHED and body.kind in COUNCILS


def may_write(reader: Reader, meeting: Meeting, body: Body) -> bool:
    """Whether agenda, minutes and actions may be changed, or the meeting be moved on."""
    open_ = meeting.state is not MeetingState.FINISHED
    coordinator = reader.role is NetworkRole.COORDINATOR
    return open_ and coordinator and may_read(reader, meeting, body)


def may_follow_up(reader: Reader, action: Action, meeting: Meeting, body: Body) -> bool:
    """Whether somebody may say what became of an action: the coordinator, or the function it was given to."""
    if meeting.state is not MeetingState.FINISHED or not may_read(reader, meeting, body):
        return False
    own = action.responsible.casefold() in {one.casefold() for one in reader.functions}
    return reader.role is NetworkRole.COORDINATOR or (reader.role is NetworkRole.MEMBER and own)


def finish_fault(meeting: Meeting, today: date) -> MeetingFault | None:
    """Why a meeting cannot be finished, or None."""
    if meeting.state is not MeetingState.IN_PROGRESS:
        return MeetingFault.STATE
    if meeting.held_on > today:
        return MeetingFault.AHEAD
    if not meeting.minutes:
        return MeetingFault.MINUTES
    if not (meeting.present or meeting.guests):
        return MeetingFault.PRESENT
    return None


def carried(actions: Iterable[Action], followed: frozenset[uuid.UUID]) -> tuple[Action, ...]:
    """Of earlier meetings' actions, what is on the agenda of this one: what waits, and what was told of here.

    ``followed`` are the actions that were followed up at this meeting. Ordered by the day they are due.
    """
    kept = (one for one in actions if one.status in WAITING or one.id in followed)
    return tuple(sorted(kept, key=lambda one: (one.due, one.what)))


def functions_of(body: Body) -> tuple[str, ...]:
    """Every function that can be present or responsible: members, and then their deputies."""
    members = [one.function for one in body.members]
    deputies = [one.deputy for one in body.members if one.deputy]
    return tuple(dict.fromkeys((*members, *deputies)))


def texts_of(meeting: Meeting) -> tuple[str, ...]:
    """What a person wrote in a meeting."""
    texts = (meeting.title, *meeting.agenda, *meeting.guests, meeting.minutes)
    return tuple(text for text in texts if text)
