"""A meeting as a calendar file (RFC 5545) that says when, and nothing about whom.

What a calendar shows is seen over shoulders, on phones and by whoever shares it. So the title is the same for
every meeting, nobody is named, and the organiser is the municipality. METHOD is PUBLISH, since attendees are
not named (RFC 5546 3.2.1), and CANCEL for one that is called off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from icalendar import Calendar, Event, vCalAddress, vText

if TYPE_CHECKING:
    from bti.workflows.meeting_page import Invitation

MIME: Final = "text/calendar"
FILE_NAME: Final = "mote.ics"


def method_of(invitation: Invitation) -> str:
    """Return the iTIP method."""
    return "CANCEL" if invitation.cancelled else "PUBLISH"


def calendar_of(invitation: Invitation, *, title: str, text: str, address: str) -> bytes:
    """Return the file. Times are UTC, so that no calendar has to know our summer time.

    ``address`` is where this installation is; ``text`` where more is to be read.
    """
    event = Event()
    event.add("uid", f"{invitation.uid}@stafett")
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.stamp)
    event.add("dtstart", invitation.starts_at)
    event.add("dtend", invitation.starts_at + timedelta(minutes=invitation.minutes))
    event.add("summary", title)
    event.add("description", text)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if invitation.cancelled else "CONFIRMED")
    if invitation.place:
        event.add("location", invitation.place)
    organiser = vCalAddress(address)
    organiser.params["CN"] = vText(invitation.municipality)
    event.add("organizer", organiser)
    calendar = Calendar()
    calendar.add("prodid", "-//Stafett//NO")
    calendar.add("version", "2.0")
    calendar.add("method", method_of(invitation))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
