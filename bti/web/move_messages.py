"""What is said when a case cannot go to another service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

MOVE: Final[Mapping[str, Any]] = {
    "move.day_in_future": _l("Talk with the family first: the day lies ahead."),
    "move.no_home": _l("A case cannot lie in this kind of service."),
    "move.not_owner": _l("Only the service that has the case can move it."),
    "move.not_talked": _l("Write which day you talked with the family about it."),
    "move.over": _l("The case has been moved already."),
    "move.reason_missing": _l("Write why you say no, so that they know what must be in place."),
    "move.same_service": _l("Choose another service than the one that has the case."),
}
