"""Sharing without consent: only by a gate the law names, with necessity and proportionality written.

A gate lifts confidentiality for what is needed and no more: the case's own service tells one other
service some kinds of information for a short time. It is never a way around a family's no when
there is time to ask. The duty to report a child in danger is no gate: it needs none
(barnevernsloven § 13-2). Which act each rests on is data, see ``bti/profiles/legal_bases.toml``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from bti.domain.ages import day_in_norway
from bti.domain.codes import SHAREABLE, InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef

#: A sentence, and not a word: somebody else must be able to judge it afterwards.
LEAST_REASON: Final = 40

#: Stored as what has been asked about, where nobody was asked.
BY_LAW: Final = "by_law"
OPENED: Final = "opened"
STOPPED: Final = "stopped"


class Gate(StrEnum):
    """What in the law allows it."""

    OTHER_BODY = "other_body"
    PURPOSE = "purpose"
    LIFE_HEALTH = "life_health"
    CRIME = "crime"
    CHILD_WELFARE_TASK = "child_welfare_task"
    HEALTH_CARE = "health_care"
    HEALTH_KIN = "health_kin"
    HEALTH_WEIGHTY = "health_weighty"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """What a gate is held to.

    ``basis`` is a legal-basis code. ``givers`` and ``takers`` are kinds of services. With
    ``two_people`` the leader of the service opens what somebody else has written down. With
    ``child_told`` it is written which day the child was told and heard. ``longest`` is how long
    a flow may be open; none at all where the receiver is outside and is told by other means.
    """

    basis: str
    givers: frozenset[Sector]
    takers: frozenset[Sector]
    two_people: bool = False
    child_told: bool = False
    longest: timedelta = timedelta(days=90)


_SERVICES: Final = frozenset(Sector) - {Sector.ADMINISTRATION}
_HEALTH: Final = frozenset({Sector.HEALTH})
_WELFARE: Final = frozenset({Sector.CHILD_WELFARE})

GATES: Final[Mapping[Gate, GateRule]] = MappingProxyType(
    {
        # For the giver's own task, never for the receiver's wish to know.
        Gate.OTHER_BODY: GateRule(
            basis="gate-other-body", givers=_SERVICES - _WELFARE - _HEALTH, takers=_SERVICES
        ),
        # Mainly within one body; towards others somebody else must agree that it is so.
        Gate.PURPOSE: GateRule(
            basis="gate-purpose",
            givers=_SERVICES - _WELFARE - _HEALTH,
            takers=_SERVICES,
            two_people=True,
        ),
        # It cannot wait for anybody, and ends soon.
        Gate.LIFE_HEALTH: GateRule(
            basis="gate-life-health",
            givers=_SERVICES,
            takers=_SERVICES,
            longest=timedelta(days=7),
        ),
        # To the police, by the head of the body; not open to child welfare (bvl § 13-1).
        Gate.CRIME: GateRule(
            basis="gate-crime",
            givers=_SERVICES - _WELFARE - _HEALTH,
            takers=frozenset(),
            two_people=True,
            longest=timedelta(0),
        ),
        Gate.CHILD_WELFARE_TASK: GateRule(
            basis="gate-child-welfare-task", givers=_WELFARE, takers=_SERVICES, child_told=True
        ),
        Gate.HEALTH_CARE: GateRule(basis="gate-health-care", givers=_HEALTH, takers=_HEALTH),
        Gate.HEALTH_KIN: GateRule(basis="gate-health-kin", givers=_HEALTH, takers=_SERVICES),
        # Exceptional by its own words.
        Gate.HEALTH_WEIGHTY: GateRule(
            basis="gate-health-weighty", givers=_HEALTH, takers=_SERVICES, two_people=True
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestion:
    """What somebody wants to share, and why. ``taker`` is None for the police."""

    gate: Gate
    giver: Sector
    taker: Sector | None
    cells: frozenset[CellRef]
    necessity: str
    proportionality: str
    told_on: date | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingFacts:
    """A sharing without consent that is written down, and what came of it (instants in UTC)."""

    gate: Gate
    cells: frozenset[CellRef]
    written_at: datetime
    written_by: uuid.UUID
    until: datetime
    opened_at: datetime | None = None
    stopped_at: datetime | None = None


def gates_for(giver: Sector) -> tuple[Gate, ...]:
    """The gates a service has."""
    return tuple(gate for gate, rule in GATES.items() if giver in rule.givers)


def write_down(question: GateQuestion, *, at: datetime) -> datetime:
    """Check a sharing that is to be written down; returns until when it may be open.

    Raises ``RuleBroken`` with gate.not_for_service, gate.not_to_service, gate.no_cells,
    gate.no_necessity, gate.no_proportionality, gate.child_not_told, gate.until_past or
    gate.until_far.
    """
    rule = GATES[question.gate]
    _check_whom(question, rule)
    _check_words(question)
    told = question.told_on
    if rule.child_told and (told is None or told > day_in_norway(at)):
        raise RuleBroken("gate.child_not_told")
    if not rule.takers:
        return at
    if question.until <= at:
        raise RuleBroken("gate.until_past")
    if question.until > at + rule.longest:
        raise RuleBroken("gate.until_far", days=rule.longest.days)
    return question.until


def _check_whom(question: GateQuestion, rule: GateRule) -> None:
    if question.giver not in rule.givers:
        raise RuleBroken("gate.not_for_service")
    # None is the police, who is no service here: the receiver of a gate that has no other.
    if question.taker not in (rule.takers or {None}):
        raise RuleBroken("gate.not_to_service")
    if rule.takers and not question.cells:
        raise RuleBroken("gate.no_cells")
    if any(cell.info_type not in SHAREABLE for cell in question.cells):
        raise RuleBroken("consent.own_not_shareable")


def _check_words(question: GateQuestion) -> None:
    if len(question.necessity.strip()) < LEAST_REASON:
        raise RuleBroken("gate.no_necessity", least=LEAST_REASON)
    if len(question.proportionality.strip()) < LEAST_REASON:
        raise RuleBroken("gate.no_proportionality", least=LEAST_REASON)


def check_open(sharing: SharingFacts, *, by: uuid.UUID, leads: bool, at: datetime) -> None:
    """Check that this person may open it now. ``leads`` tells whether they lead the service.

    Raises ``RuleBroken`` with gate.opened, gate.over, gate.needs_leader or gate.same_person.
    """
    rule = GATES[sharing.gate]
    if sharing.opened_at is not None:
        raise RuleBroken("gate.opened")
    if sharing.stopped_at is not None or (rule.takers and at >= sharing.until):
        raise RuleBroken("gate.over")
    if rule.two_people and not leads:
        raise RuleBroken("gate.needs_leader")
    if rule.two_people and by == sharing.written_by:
        raise RuleBroken("gate.same_person")


def sharing_meta(
    sharing: SharingFacts, *, owner: uuid.UUID, to_unit: uuid.UUID | None
) -> dict[str, Any]:
    """Return a sharing as it is stored, in the place of a question to a family."""
    return {
        "scope": BY_LAW,
        "gate": sharing.gate.value,
        "owner": owner,
        "to_unit": to_unit,
        "types": sorted({cell.info_type.value for cell in sharing.cells}),
        "asked_at": sharing.written_at,
        "by": sharing.written_by,
        "valid_to": sharing.until,
    }


def sharing_from(
    meta: Mapping[str, Any], marks: Mapping[str, datetime] | None = None
) -> SharingFacts:
    """Return a sharing from what is stored. ``marks`` are when it was OPENED and STOPPED."""
    owner, known = uuid.UUID(meta["owner"]), marks or {}
    to_unit = uuid.UUID(meta["to_unit"]) if meta["to_unit"] else None
    types = [InfoType(one) for one in meta["types"]] if to_unit is not None else []
    return SharingFacts(
        gate=Gate(meta["gate"]),
        cells=frozenset(CellRef(owner, to_unit, one) for one in types if to_unit is not None),
        written_at=datetime.fromisoformat(meta["asked_at"]),
        written_by=uuid.UUID(meta["by"]),
        until=datetime.fromisoformat(meta["valid_to"]),
        opened_at=known.get(OPENED),
        stopped_at=known.get(STOPPED),
    )
