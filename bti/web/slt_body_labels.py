"""The vocabularies of bodies as people read them; loaded with the network side alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from flask import Flask
from flask_babel import lazy_gettext as _l

from bti.slt.body import BodyKind, BodyLevel
from bti.slt.meeting import ActionStatus, MeetingState

KIND: Final[Mapping[StrEnum, Any]] = {
    BodyKind.POLICE_COUNCIL: _l("Politiråd"),
    BodyKind.REGIONAL_POLICE_COUNCIL: _l("Regional politiråd"),
    BodyKind.STEERING_GROUP: _l("Steering group"),
    BodyKind.COORDINATING_GROUP: _l("Coordinating group"),
    BodyKind.NETWORK: _l("Network"),
    BodyKind.EXECUTING_GROUP: _l("Executing group"),
    BodyKind.WORKING_GROUP: _l("Working group"),
}

LEVEL: Final[Mapping[StrEnum, Any]] = {
    BodyLevel.STEERING: _l("Steering level"),
    BodyLevel.COORDINATING: _l("Coordinating level"),
    BodyLevel.EXECUTING: _l("Executing level"),
}

STATE: Final[Mapping[StrEnum, Any]] = {
    MeetingState.PRIVATE: _l("Private note"),
    MeetingState.IN_PROGRESS: _l("In progress"),
    MeetingState.FINISHED: _l("Finished"),
}

ACTION: Final[Mapping[StrEnum, Any]] = {
    ActionStatus.OPEN: _l("Not begun"),
    ActionStatus.STARTED: _l("Begun"),
    ActionStatus.DONE: _l("Done"),
    ActionStatus.DROPPED: _l("Dropped"),
}

#: What a line of the history is about.
PART: Final[Mapping[str, Any]] = {
    "name": _l("Name"),
    "kind": _l("What it is"),
    "purpose": _l("Purpose"),
    "mandate": _l("Mandate"),
    "seats": _l("Members"),
    "leader": _l("Who leads it"),
    "limits": _l("Limits for decisions"),
    "decides_to": _l("Decides about money up to, in kroner"),
    "decides_above": _l("Decides about money above, in kroner"),
    "frequency": _l("How often it meets"),
    "meetings_a_year": _l("Meetings a year"),
    "individuals": _l("About single cases"),
    "individuals_forbidden": _l("Are single cases forbidden?"),
    "neighbours": _l("Other municipalities"),
    "ends": _l("Last day"),
    "dissolved": _l("Dissolved"),
    "body": _l("New body"),
    "imported": _l("Brought in from a file"),
    "title": _l("What the meeting is called"),
    "held_on": _l("Day"),
    "agenda": _l("Agenda"),
    "present": _l("Present"),
    "guests": _l("Others who were present"),
    "minutes": _l("Minutes"),
    "action": _l("New action"),
    "state": _l("How far it has come"),
}
_YES_NO: Final[Mapping[str, Any]] = {"yes": _l("Yes"), "no": _l("No")}
_IN_CODES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "kind": KIND,
    "individuals_forbidden": _YES_NO,
    "state": STATE,
}
VOCABULARIES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "kind": KIND,
    "level": LEVEL,
    "state": STATE,
    "action": ACTION,
    "part": PART,
}


def choices(vocabulary: str) -> list[tuple[str, Any]]:
    """Pairs of value and label for a form, in the order of the vocabulary."""
    return [(str(code), text) for code, text in VOCABULARIES[vocabulary].items()]


def body_label(value: str, vocabulary: str) -> str:
    """The label of a code: the template filter ``code|body_label("kind")``."""
    return str(VOCABULARIES[vocabulary][value])


def body_change(value: str, part: str) -> str:
    """What stands in a line of the history: codes in words, texts as they are."""
    return str(_IN_CODES.get(part, {}).get(value, value))


def register(app: Flask) -> None:
    """Add the filters."""
    app.add_template_filter(body_label)
    app.add_template_filter(body_change)
