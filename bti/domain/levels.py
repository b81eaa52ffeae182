"""Levels 0-3, closing and reopening: which moves exist and what must be in place before each.

A refused move is explained: every rule returns requirements, met and unmet, with the legal basis.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.codes import ClosingCause, ContactWithGuardians, TalkedWithChild, Who
from bti.domain.consent import OPENING, ConsentStatus
from bti.domain.errors import RuleBroken
from bti.domain.events import CaseClosed, CaseReopened, LevelChanged
from bti.domain.local_rules import ProfileRules
from bti.domain.measures import MeasureFacts, MeasureState, Standing


class Level(IntEnum):
    """How many services it takes. Labels come from the profile."""

    WONDER = 0
    OWN_SERVICE = 1
    SEVERAL_SERVICES = 2
    TEAM = 3


class CaseStatus(StrEnum):
    """Whether work goes on."""

    OPEN = "open"
    CLOSED = "closed"


class LogStatus(StrEnum):
    """Where the shared log stands. A case can go on without one."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Direction(StrEnum):
    """The kind of a move."""

    UP = "up"
    DOWN = "down"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Step:
    """A move. None stands for closed."""

    from_level: Level | None
    to_level: Level | None

    @property
    def direction(self) -> Direction:
        """What kind of move this is. Raises ``RuleBroken("level.no_such_step")``."""
        try:
            return ALLOWED[self.from_level, self.to_level]
        except KeyError:
            raise RuleBroken(
                "level.no_such_step", from_level=self.from_level, to_level=self.to_level
            ) from None


ALLOWED: Final[Mapping[tuple[Level | None, Level | None], Direction]] = MappingProxyType(
    {
        (Level.WONDER, Level.OWN_SERVICE): Direction.UP,
        # A wonder may show at once that another service is needed.
        (Level.WONDER, Level.SEVERAL_SERVICES): Direction.UP,
        (Level.OWN_SERVICE, Level.SEVERAL_SERVICES): Direction.UP,
        (Level.SEVERAL_SERVICES, Level.TEAM): Direction.UP,
        (Level.TEAM, Level.SEVERAL_SERVICES): Direction.DOWN,
        (Level.TEAM, Level.OWN_SERVICE): Direction.DOWN,
        (Level.SEVERAL_SERVICES, Level.OWN_SERVICE): Direction.DOWN,
        (Level.WONDER, None): Direction.CLOSE,
        (Level.OWN_SERVICE, None): Direction.CLOSE,
        (Level.SEVERAL_SERVICES, None): Direction.CLOSE,
        (Level.TEAM, None): Direction.CLOSE,
        # A closed case opens at the level where one service works alone; consents have lapsed.
        (None, Level.WONDER): Direction.REOPEN,
        (None, Level.OWN_SERVICE): Direction.REOPEN,
    }
)
"""Every move there is. From level 1 the team is reached through level 2: its gate is why not."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something a move needs. ``basis`` is a legal-basis code; ``facts`` fill the explanation."""

    code: str
    met: bool
    basis: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitedService:
    """A service that is to be brought in, and where its consent stands."""

    unit_id: uuid.UUID
    consent: ConsentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case as the level rules see it. Whether words were written, never the words."""

    level: Level
    status: CaseStatus
    level_since: date
    concern_written: bool = False
    danger_assessed_on: date | None = None
    guardian_contact: ContactWithGuardians | None = None
    guardian_reason_written: bool = False
    child_contact: TalkedWithChild | None = None
    child_reason_written: bool = False
    leader_informed_on: date | None = None
    log_status: LogStatus = LogStatus.NONE
    opening_consent: ConsentStatus | None = None
    holder_id: uuid.UUID | None = None
    goal_ids: frozenset[uuid.UUID] = frozenset()
    measures: tuple[MeasureFacts, ...] = ()
    standings: tuple[Standing, ...] = ()
    invited: tuple[InvitedService, ...] = ()
    #: The family has been told of coordinator, child coordinator and individual plan.
    rights_told: bool = False
    #: What the one who acts is in this case.
    acting_as: frozenset[Who] = frozenset()
    #: A reason for this move was given.
    reason_written: bool = False


GATES: Final = frozenset(
    {
        "level.child_heard",
        "level.concern_written",
        "level.consent_per_service",
        "level.danger_assessed_again",
        "level.goal",
        "level.guardians_informed",
        "level.holder",
        "level.leader_informed",
        "level.measure",
        "level.measures_evaluated",
        "level.opening_consent",
        "level.rights_told",
    }
)
"""What a step of the action guide may wait for. A profile names them; what they ask is said here."""


def requirements_for(step: Step, facts: CaseFacts, rules: ProfileRules) -> tuple[Requirement, ...]:
    """Everything the move needs, in the order a page shows it.

    Raises ``RuleBroken("level.no_such_step")`` for a move that does not exist.
    """
    if step.direction is Direction.CLOSE:
        return (_may_close(facts, rules), _reason(facts))
    if step.direction is not Direction.UP:
        return (_reason(facts),)
    if step.to_level is Level.OWN_SERVICE:
        return leaving_wonder(facts)
    in_place = (
        [*leaving_wonder(facts)]
        if step.from_level is Level.WONDER
        else [*level_1_in_place(facts), *_conversations(facts)]
    )
    if needs_log(step, rules):
        in_place += log_in_place(facts)
    if step.to_level is Level.SEVERAL_SERVICES:
        return (*in_place, _invited(facts), _reason(facts))
    if facts.invited:
        in_place.append(_invited(facts))
    not_enough = Requirement("level.cooperation_not_enough", facts.reason_written, "guide")
    return (*in_place, _danger_again(facts), not_enough)


def gates(facts: CaseFacts) -> Mapping[str, Requirement]:
    """How every gate stands in a case, by its code."""
    told = Requirement("level.rights_told", facts.rights_told, "hol-7-2a")
    asked = (
        *leaving_wonder(facts),
        *log_in_place(facts),
        *level_1_in_place(facts),
        _invited(facts),
        _danger_again(facts),
        told,
    )
    return MappingProxyType({one.code: one for one in asked})


def leaving_wonder(facts: CaseFacts) -> tuple[Requirement, ...]:
    """What must be in place before level 0 is left upwards."""
    return (
        Requirement("level.concern_written", facts.concern_written, "guide"),
        *_conversations(facts),
    )


def log_in_place(facts: CaseFacts) -> tuple[Requirement, ...]:
    """What an open log needs: the family's consent and one holder."""
    standing = facts.opening_consent
    return (
        Requirement("level.opening_consent", standing in OPENING, "fvl-13a", {"status": standing}),
        Requirement("level.holder", facts.holder_id is not None, "guide"),
    )


def level_1_in_place(facts: CaseFacts) -> tuple[Requirement, ...]:
    """What level 1 needs: a goal, a whole measure, and that what was tried has been evaluated."""
    waiting = tuple(one.measure_id for one in facts.standings if one.state is MeasureState.OVERDUE)
    tried = any(one.evaluations for one in facts.standings)
    return (
        Requirement("level.goal", bool(facts.goal_ids), "guide"),
        Requirement("level.measure", _has_whole_measure(facts), "guide"),
        Requirement(
            "level.measures_evaluated", tried and not waiting, "guide", {"waiting": waiting}
        ),
    )


def needs_log(step: Step, rules: ProfileRules) -> bool:
    """Whether the log must be open before this move: it passes the level where the log opens."""
    return step.to_level is not None and step.to_level > rules.log_opens_at_level


def change_level(
    facts: CaseFacts,
    to_level: Level,
    *,
    rules: ProfileRules,
    at: datetime,
    by: uuid.UUID,
) -> LevelChanged:
    """Move an open case up or down.

    Raises ``RuleBroken`` with level.case_closed, level.no_such_step, or level.requirements with
    ``unmet``: the requirements that are not in place.
    """
    if facts.status is CaseStatus.CLOSED:
        raise RuleBroken("level.case_closed")
    _check(Step(facts.level, to_level), facts, rules)
    return LevelChanged(at=at, by=by, from_level=facts.level, to_level=to_level)


def close_case(
    facts: CaseFacts, cause: ClosingCause, *, rules: ProfileRules, at: datetime, by: uuid.UUID
) -> CaseClosed:
    """Close an open case for a cause, with a reason.

    Raises as ``change_level``, and ``RuleBroken("closing.plan_beside_log")`` for an individual plan as the cause where
    the municipality lets the log go on beside one.
    """
    if facts.status is CaseStatus.CLOSED:
        raise RuleBroken("level.case_closed")
    if cause is ClosingCause.INDIVIDUAL_PLAN and not rules.plan_ends_log:
        raise RuleBroken("closing.plan_beside_log")
    _check(Step(facts.level, None), facts, rules)
    return CaseClosed(at=at, by=by, level=facts.level, cause=cause)


def reopen_case(
    facts: CaseFacts, to_level: Level, *, rules: ProfileRules, at: datetime, by: uuid.UUID
) -> CaseReopened:
    """Open a closed case again, with a reason.

    Raises ``RuleBroken`` with level.case_open, level.no_such_step or level.requirements.
    """
    if facts.status is CaseStatus.OPEN:
        raise RuleBroken("level.case_open")
    _check(Step(None, to_level), facts, rules)
    return CaseReopened(at=at, by=by, level=to_level)


def _check(step: Step, facts: CaseFacts, rules: ProfileRules) -> None:
    unmet = tuple(one for one in requirements_for(step, facts, rules) if not one.met)
    if unmet:
        raise RuleBroken("level.requirements", unmet=unmet)


def _conversations(facts: CaseFacts) -> tuple[Requirement, ...]:
    with_guardians = facts.guardian_contact in {
        ContactWithGuardians.BOTH,
        ContactWithGuardians.ONE,
    }
    with_child = facts.child_contact is TalkedWithChild.YES
    return (
        Requirement(
            "level.guardians_informed", with_guardians or facts.guardian_reason_written, "guide"
        ),
        Requirement("level.child_heard", with_child or facts.child_reason_written, "barnelova-31"),
        Requirement("level.leader_informed", facts.leader_informed_on is not None, "guide"),
    )


def _has_whole_measure(facts: CaseFacts) -> bool:
    return any(
        one.goal_id in facts.goal_ids
        and bool(one.responsible.strip())
        and one.start_on is not None
        and one.evaluate_on is not None
        for one in facts.measures
    )


def _invited(facts: CaseFacts) -> Requirement:
    waiting = tuple(one.unit_id for one in facts.invited if one.consent not in OPENING)
    return Requirement(
        "level.consent_per_service",
        bool(facts.invited) and not waiting,
        "fvl-13a",
        {"waiting": waiting, "invited": len(facts.invited)},
    )


def _danger_again(facts: CaseFacts) -> Requirement:
    again = facts.danger_assessed_on is not None and facts.danger_assessed_on >= facts.level_since
    return Requirement("level.danger_assessed_again", again, "bvl-13-2")


def _may_close(facts: CaseFacts, rules: ProfileRules) -> Requirement:
    allowed = bool(facts.acting_as & rules.may_close)
    return Requirement("level.may_close", allowed, "guide", {"by": rules.may_close})


def _reason(facts: CaseFacts) -> Requirement:
    return Requirement("level.reason", facts.reason_written, "guide")
