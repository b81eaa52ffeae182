"""The year as a calendar file (RFC 5545): whole days with a title, and nothing of what is said in a meeting.

A whole day has no time and so no summer time: it is the day in Norway that the rules worked out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask_babel import force_locale, gettext
from icalendar import Calendar, Event

from bti.slt.year_feed import Feed, FeedEntry
from bti.web.slt_body_labels import body_label

MIME: Final = "text/calendar"
FILE_NAME: Final = "stafett.ics"
#: How often a calendar is asked to look again.
_EVERY: Final = timedelta(hours=12)


def calendar_of(feed: Feed) -> bytes:
    """Return the file, in the language of whoever made the address."""
    with force_locale(feed.language):
        calendar = Calendar()
        calendar.add("prodid", "-//Stafett//NO")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", gettext("SLT in %(town)s", town=feed.municipality))
        calendar.add("refresh-interval", _EVERY, parameters={"VALUE": "DURATION"})
        for entry in feed.entries:
            calendar.add_component(_event(entry, feed))
        written: bytes = calendar.to_ical()
    return written


def _event(entry: FeedEntry, feed: Feed) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@stafett")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", feed.at)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", _title(entry))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _title(entry: FeedEntry) -> str:
    if entry.body_kind is not None:
        return str(gettext("Meeting: %(kind)s", kind=body_label(entry.body_kind, "kind")))
    return entry.title or str(gettext("A task of the year wheel"))
