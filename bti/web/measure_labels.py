"""Where, what sort of measure it is and whose it is, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

from bti.domain.codes import Arena, MeasureType, Party
from bti.domain.goals import GoalStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

ARENA: Final[Mapping[Arena, Any]] = {
    Arena.HOME: _l("At home"),
    Arena.KINDERGARTEN: _l("In kindergarten"),
    Arena.SCHOOL: _l("At school"),
    Arena.LEISURE: _l("In leisure time"),
    Arena.HEALTH: _l("In the health service"),
    Arena.OTHER: _l("Somewhere else"),
}

MEASURE_TYPE: Final[Mapping[MeasureType, Any]] = {
    MeasureType.ADULT: _l("A steady adult"),
    MeasureType.ADAPTATION: _l("Adapting the day"),
    MeasureType.PRACTICE: _l("Practising something"),
    MeasureType.CONVERSATION: _l("Conversations"),
    MeasureType.BELONGING: _l("Friends and belonging"),
    MeasureType.GUIDANCE: _l("Guidance to grown-ups"),
    MeasureType.HEALTH: _l("Health follow-up"),
    MeasureType.ASSESSMENT: _l("Finding out more"),
    MeasureType.OTHER: _l("Something else"),
}

PARTY: Final[Mapping[Party, Any]] = {
    Party.STAFF: _l("A service"),
    Party.GUARDIAN: _l("A guardian"),
    Party.YOUTH: _l("The young person"),
    Party.VOLUNTEER: _l("A volunteer body"),
}

GOAL_STATUS: Final[Mapping[GoalStatus, Any]] = {
    GoalStatus.UNDER_WAY: _l("We go on towards it"),
    GoalStatus.REACHED: _l("The goal is reached"),
    GoalStatus.LEFT: _l("We leave it: something else matters more now"),
}
