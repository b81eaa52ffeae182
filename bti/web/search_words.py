"""What the access log can be searched by, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

from bti.workflows.insight_question import Ground, Group, Hours

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS: Final[Mapping[str, Any]] = {
    Group.READ: _l("Read"),
    Group.WROTE: _l("Wrote"),
    Group.PRINTED: _l("Printed or downloaded"),
    Group.EMERGENCY: _l("Emergency access"),
    Group.REFUSED: _l("Was refused"),
    Group.SIGN_IN: _l("Signed in or out"),
    Group.SYSTEM: _l("Keys, deadlines and checks"),
}
HOURS: Final[Mapping[str, Any]] = {
    Hours.WORKDAY: _l("Monday to Friday, 6 to 16"),
    Hours.OUTSIDE: _l("Outside Monday to Friday, 6 to 16"),
    Hours.EVENING: _l("In the evening, 16 to 22"),
    Hours.NIGHT: _l("At night, 22 to 6"),
    Hours.WEEKEND: _l("Saturday and Sunday"),
}
GROUNDS: Final[Mapping[str, Any]] = {
    Ground.WORK: _l("Works with the child"),
    Ground.CONSENT: _l("Consent"),
    Ground.ROLE: _l("The role alone"),
    Ground.TWO_PEOPLE: _l("Two people agreed"),
    Ground.EMERGENCY: _l("Emergency"),
    Ground.LAW: _l("Shared without consent"),
}
