"""Meetings of the demonstration's politiråd: one in spring that is finished, and one that is in progress."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bti.clock import norwegian_date
from bti.slt.body_stored import show_bodies
from bti.slt.meeting import ActionStatus
from bti.slt.meeting_after import FollowUp, follow_up
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
    from collections.abc import Iterator
    from datetime import datetime

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator


def story(network: SltRuntime, olav: Coordinator, now: datetime) -> Iterator[datetime]:
    """Hold a meeting ten weeks ago, follow one action up, and prepare the next one."""
    yield now - timedelta(weeks=10)
    council = next(
        one.id for one in show_bodies(network, olav) if one.body.code == "police_council"
    )
    held_on = norwegian_date(now - timedelta(weeks=10))
    first = prepare_meeting(
        network,
        olav,
        council,
        WriteMeeting(
            version=None,
            held_on=held_on,
            title="Politirådet, møte 3",
            agenda=("Status for SLT-planen", "Lys i parken", "Bruk av penger til russetiden"),
            present=("Ordfører", "Kommunedirektør", "Politikontakt", "SLT-koordinator"),
            guests=("Leder ungdomsklubben",),
            minutes="Planen følges. Parken er mørk om kvelden, og flere unge sier at de går utenom. "
            "Rådet bevilger 12 000 kroner til trafikkvakter i russetiden.",
            reason="",
        ),
    )
    for what, responsible, weeks in (
        ("Be teknisk etat om lys i parken", "Kommunedirektør", 8),
        ("Avtale trafikkvakter med russestyret", "SLT-koordinator", 20),
    ):
        due = held_on + timedelta(weeks=weeks)
        agree_action(network, olav, first, AgreeAction(what, responsible, due, ""))
    share_meeting(network, olav, first, 1)
    finish_meeting(network, olav, first, 2)
    yield now - timedelta(weeks=3)
    lights = show_meeting(network, olav, first).actions[0]
    told = FollowUp(ActionStatus.STARTED, "Teknisk etat har bestilt lampene.", None, "")
    follow_up(network, olav, lights.id, told)
    yield now - timedelta(days=4)
    following = prepare_meeting(
        network,
        olav,
        council,
        WriteMeeting(
            version=None,
            held_on=norwegian_date(now + timedelta(days=9)),
            title="Politirådet, møte 4",
            agenda=("Halvårstallene", "Planen for neste år"),
            present=(),
            guests=(),
            minutes="",
            reason="",
        ),
    )
    share_meeting(network, olav, following, 1)
