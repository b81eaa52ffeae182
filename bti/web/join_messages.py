"""What is said when two logs about one child cannot be put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

JOIN: Final[Mapping[str, Any]] = {
    "join.continued_here": _l(
        "Another log is continued in this one. It is closed or taken back first."
    ),
    "join.day_in_future": _l("Talk with the family first: the day lies ahead."),
    "join.no_log": _l("There is no open log here to put together with another."),
    "join.not_set_aside": _l("This log is not set aside."),
    "join.not_talked": _l("Write which day you talked with the family about it."),
    "join.over": _l("The other log cannot go on with this one any more."),
    "join.protected": _l("An address is protected here. The two logs are not put together."),
    "join.set_aside": _l("This log is set aside already."),
    "join.waiting": _l(
        "Something waits in this log: an offer of the baton, the team, or a planned meeting. Finish it first."
    ),
}
