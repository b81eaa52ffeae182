"""What is asked of the access log, and the same as two people agree to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bti.clock import NORWAY
from bti.domain.gates import BY_LAW, Gate

if TYPE_CHECKING:
    from bti.audit.leaf import Leaf
    from bti.domain.approval import Params


class Group(StrEnum):
    """What the search may be narrowed to."""

    READ = "read"
    WROTE = "wrote"
    PRINTED = "printed"
    EMERGENCY = "emergency"
    REFUSED = "refused"
    SIGN_IN = "sign_in"
    SYSTEM = "system"


class Hours(StrEnum):
    """A time of day, by the clock in Norway. Public holidays are days like others."""

    WORKDAY = "workday"
    EVENING = "evening"
    NIGHT = "night"
    WEEKEND = "weekend"
    OUTSIDE = "outside"

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        local = at.astimezone(NORWAY)
        weekend = local.weekday() >= _SATURDAY
        day, evening = _MORNING <= local.hour < _AFTERNOON, _AFTERNOON <= local.hour < _NIGHT
        match self:
            case Hours.WORKDAY:
                return day and not weekend
            case Hours.EVENING:
                return evening
            case Hours.NIGHT:
                return not day and not evening
            case Hours.WEEKEND:
                return weekend
            case Hours.OUTSIDE:
                return weekend or not day


_BY_LAW: Final = frozenset({BY_LAW, *Gate})


class Ground(StrEnum):
    """Why it was allowed."""

    WORK = "work"
    CONSENT = "consent"
    ROLE = "role"
    TWO_PEOPLE = "two_people"
    EMERGENCY = "emergency"
    #: Shared without consent, by a gate of the law.
    LAW = "law"

    def holds(self, ground: str) -> bool:
        """Whether a ground, as the log writes it, is of this kind."""
        kind, _, rest = ground.partition(":")
        emergency = kind == "gate" and rest == "emergency"
        by_law = kind == "gate" and rest in _BY_LAW
        match self:
            case Ground.WORK:
                return bool(ground) and not rest
            case Ground.CONSENT:
                return kind == "cell"
            case Ground.ROLE:
                return kind == "role"
            case Ground.TWO_PEOPLE:
                return kind == "gate" and not emergency and not by_law
            case Ground.EMERGENCY:
                return emergency
            case Ground.LAW:
                return by_law


_SATURDAY: Final = 5
_MORNING: Final = 6
_AFTERNOON: Final = 16
#: As the monthly control counts it.
_NIGHT: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the data protection officer asks for. Days are Norwegian, both included."""

    number: str = ""
    who: str = ""
    group: Group | None = None
    #: The code of one act.
    act: str = ""
    from_day: date | None = None
    to_day: date | None = None
    hours: Hours | None = None
    ground: Ground | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing narrows the search."""
        return self == Question()

    @property
    def reads_leaves(self) -> bool:
        """Whether something is asked that only the entry itself tells, and no column."""
        return self.hours is not None or self.ground is not None

    def fits(self, leaf: Leaf) -> bool:
        """Whether an entry fits what no column tells."""
        at_hours = self.hours is None or self.hours.holds(datetime.fromisoformat(leaf.t))
        return at_hours and (self.ground is None or self.ground.holds(leaf.grd))


def params_of(question: Question) -> Params:
    """Return a selection as two people agree to it: what was filled in, and nothing else."""
    filled = {
        "number": question.number,
        "who": question.who,
        "group": question.group,
        "act": question.act,
        "hours": question.hours,
        "ground": question.ground,
        "from_day": question.from_day and question.from_day.isoformat(),
        "to_day": question.to_day and question.to_day.isoformat(),
    }
    return {name: str(value) for name, value in filled.items() if value}


def question_of(params: Params) -> Question:
    """Return the selection that two people agreed to."""
    held = {name: str(value) for name, value in params.items()}
    return Question(
        number=held.get("number", ""),
        who=held.get("who", ""),
        group=Group(held["group"]) if "group" in held else None,
        act=held.get("act", ""),
        hours=Hours(held["hours"]) if "hours" in held else None,
        ground=Ground(held["ground"]) if "ground" in held else None,
        from_day=date.fromisoformat(held["from_day"]) if "from_day" in held else None,
        to_day=date.fromisoformat(held["to_day"]) if "to_day" in held else None,
    )
