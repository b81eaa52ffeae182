"""What a refused rule about a meeting says to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

MEETING: Final[Mapping[str, Any]] = {
    "meeting.absence_reason": _l("Choose why each one who was invited was not here."),
    "meeting.attendance": _l(
        "Somebody was invited or taken off the list meanwhile. Open the minutes again."
    ),
    "meeting.child_day_missing": _l("Write which day somebody talks with the child."),
    "meeting.child_missing": _l("Write who talks with the child, or why nobody does."),
    "meeting.heard_from": _l(
        "From 7 years a child is heard. Find a way that suits the child, or another reason."
    ),
    "meeting.keeper_absent": _l("You keep the minutes. Tick that you are here."),
    "meeting.length": _l("A meeting lasts from 5 minutes to 8 hours."),
    "meeting.next_past": _l("The next meeting must be after this one."),
    "meeting.no_such_time": _l(
        "There is no such time: the clock is moved forward that night. Choose another."
    ),
    "meeting.nobody_invited": _l("Tick at least one who is invited."),
    "meeting.not_approved": _l(
        "Everybody who is here approves, or it says to what somebody does not agree."
    ),
    "meeting.not_in_case": _l("Only those who have a place in the case can be invited."),
    "meeting.not_planned": _l("This meeting has been held or called off."),
    "meeting.not_yet": _l("The meeting is not held yet. Move it if you meet another day."),
    "meeting.nothing_agreed": _l(
        "Write at least one point you agreed on. If you agreed on nothing, write that under «In short»."
    ),
    "meeting.past": _l("The meeting cannot be on a day that has passed."),
    "meeting.point_empty": _l("Write what you agreed on in each row, or leave the row empty."),
    "meeting.point_incomplete": _l("Only a point that says who and by when becomes a measure."),
    "meeting.point_past": _l("What is agreed cannot be due before the meeting."),
    "meeting.point_used": _l("This point is a measure already."),
    "meeting.point_wider": _l(
        "Another service reads your measures and may not read these minutes. Ask whoever kept them to make the measure."
    ),
    "meeting.too_far": _l("Choose a day within two years."),
    "meeting.too_many": _l("At most 200 people can be invited."),
    "meeting.too_many_points": _l("At most 20 points can be agreed on in one meeting."),
}
