"""Three meetings of a body on the network side: a private note, one that can be finished, one that is finished."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from bti.clock import norwegian_date
from bti.slt.meeting_change import (
    AgreeAction,
    WriteMeeting,
    agree_action,
    finish_meeting,
    prepare_meeting,
    share_meeting,
)
from bti.slt.meeting_stored import show_meeting

if TYPE_CHECKING:
    import uuid

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator


def a_meeting(held_on: date, **changes: object) -> WriteMeeting:
    """A meeting that can be finished, as it is typed."""
    given = {
        "version": None,
        "held_on": held_on,
        "title": "Høstmøtet",
        "agenda": ("Status for planen", "Russetiden"),
        "present": ("Ordfører", "SLT-koordinator"),
        "guests": (),
        "minutes": "Vi gikk gjennom planen og ble enige om russetiden.",
        "reason": "",
    }
    return WriteMeeting(**{**given, **changes})


def an_action(due: date, **changes: object) -> AgreeAction:
    """What is agreed on."""
    given = {"what": "Spørre russestyret", "responsible": "SLT-koordinator", "due": due}
    return AgreeAction(**{**given, "reason": "", **changes})


def finished(runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID) -> None:
    """Finish a meeting that is in progress."""
    version = show_meeting(runtime, who, meeting_id).version
    finish_meeting(runtime, who, meeting_id, version)


def three_meetings(
    runtime: SltRuntime, who: Coordinator, body_id: uuid.UUID
) -> dict[str, uuid.UUID]:
    """Their ids: ``body_meeting_id`` is the private one, ``action_id`` is of the finished one."""
    held_on = norwegian_date(runtime.clock.now()) - timedelta(days=30)
    made = [prepare_meeting(runtime, who, body_id, a_meeting(held_on)) for _ in range(3)]
    private, under_way, ended = made
    agree_action(runtime, who, ended, an_action(held_on))
    for one in (under_way, ended):
        share_meeting(runtime, who, one, 1)
    finished(runtime, who, ended)
    action = show_meeting(runtime, who, ended).actions[0]
    return {
        "body_meeting_id": private,
        "under_way": under_way,
        "ended": ended,
        "action_id": action.id,
    }
