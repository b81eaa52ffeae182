"""The bodies of SLT work: politiråd, coordinating group, network and the groups that do the work. Pure.

A body is functions and never persons: a member is the function that sits there and the function that steps in. What a
document does not say is empty, and each thing that is said knows where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class BodyLevel(StrEnum):
    """The three levels of the SLT model."""

    STEERING = "steering"
    COORDINATING = "coordinating"
    EXECUTING = "executing"


class BodyKind(StrEnum):
    """What a body is, in our words; its own name stands beside."""

    POLICE_COUNCIL = "police_council"
    REGIONAL_POLICE_COUNCIL = "regional_police_council"
    STEERING_GROUP = "steering_group"
    COORDINATING_GROUP = "coordinating_group"
    NETWORK = "network"
    EXECUTING_GROUP = "executing_group"
    #: Has a purpose and a last day, and is dissolved when it has done what it was made for.
    WORKING_GROUP = "working_group"


LEVELS: Final[Mapping[BodyKind, BodyLevel]] = {
    BodyKind.POLICE_COUNCIL: BodyLevel.STEERING,
    BodyKind.REGIONAL_POLICE_COUNCIL: BodyLevel.STEERING,
    BodyKind.STEERING_GROUP: BodyLevel.STEERING,
    BodyKind.COORDINATING_GROUP: BodyLevel.COORDINATING,
    BodyKind.NETWORK: BodyLevel.COORDINATING,
    BodyKind.EXECUTING_GROUP: BodyLevel.EXECUTING,
    BodyKind.WORKING_GROUP: BodyLevel.EXECUTING,
}
COUNCILS: Final = frozenset({BodyKind.POLICE_COUNCIL, BodyKind.REGIONAL_POLICE_COUNCIL})
"""Those whose finished minutes a politiråd reader may read. They handle no single case, whatever a document says."""

LONGEST_FUNCTION: Final = 200
_BETWEEN: Final = ";"


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of one thing, line by line, and where it stands. No place: it was decided here."""

    lines: tuple[str, ...] = ()
    place: str = ""

    def rewritten(self, lines: tuple[str, ...]) -> Said:
        """The same with other lines: what is changed here no longer stands in the document."""
        return self if lines == self.lines else Said(lines)


@dataclass(frozen=True, slots=True)
class Member:
    """A function that sits in a body, and the one that steps in for it."""

    function: str
    deputy: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A body of a municipality. Empty is unknown; amounts are whole Norwegian kroner."""

    code: str
    name: str
    kind: BodyKind
    language: str = "nb"
    purpose: str = ""
    mandate: Said = Said()
    #: A line each: the function, and after a semicolon its deputy. See ``members``.
    seats: Said = Said()
    leader: Said = Said()
    limits: Said = Said()
    #: It decides itself about money up to this, and about what is above that.
    decides_to: int | None = None
    decides_above: int | None = None
    frequency: Said = Said()
    meetings_a_year: int | None = None
    individuals: Said = Said()
    #: None: no document says. A council is forbidden them all the same.
    individuals_forbidden: bool | None = None
    #: Of a regional politiråd: the other municipalities.
    neighbours: tuple[str, ...] = ()
    #: Of a working group: the last day it is meant to work.
    ends: date | None = None
    #: What the facts are from.
    document: str = ""

    @property
    def level(self) -> BodyLevel:
        """Where in the model it is."""
        return LEVELS[self.kind]

    @property
    def members(self) -> tuple[Member, ...]:
        """The functions that sit there."""
        parted = (line.partition(_BETWEEN) for line in self.seats.lines)
        return tuple(Member(one.strip(), deputy.strip()) for one, _, deputy in parted)

    @property
    def forbids_cases(self) -> bool:
        """Whether it may discuss no single case: by its own rule, or because it is a council."""
        return self.individuals_forbidden is True or self.kind in COUNCILS


FACTS: Final = ("mandate", "seats", "leader", "limits", "frequency", "individuals")
"""What is said with a place."""


class BodyFault(StrEnum):
    """Why a body cannot be as it is wanted."""

    PURPOSE = "body.purpose"
    LAST_DAY = "body.ends"
    MEMBER = "body.member"
    CASES = "body.cases"


def fault_of(body: Body) -> BodyFault | None:
    """The first thing that is wrong with a body, or None."""
    if body.kind is BodyKind.WORKING_GROUP and not body.purpose:
        return BodyFault.PURPOSE
    if (body.kind is BodyKind.WORKING_GROUP) != (body.ends is not None):
        return BodyFault.LAST_DAY
    functions = [one.function.casefold() for one in body.members]
    named = (name for one in body.members for name in (one.function, one.deputy))
    too_long = any(len(name) > LONGEST_FUNCTION for name in named)
    if too_long or "" in functions or len(set(functions)) < len(functions):
        return BodyFault.MEMBER
    if body.kind in COUNCILS and body.individuals_forbidden is False:
        return BodyFault.CASES
    return None


def is_over(body: Body, today: date, dissolved_on: date | None) -> bool:
    """Whether no meeting is planned any more: it was dissolved, or its last day is past."""
    return dissolved_on is not None or (body.ends is not None and body.ends < today)


def texts_of(body: Body) -> tuple[str, ...]:
    """Every text of a body that a person may have written."""
    said = (line for fact in FACTS for line in getattr(body, fact).lines)
    texts: Iterable[str] = (body.name, body.purpose, *said, *body.neighbours)
    return tuple(text for text in texts if text)
