"""The monthly control of look-ups: rules that point out what a person should look at.

A rule accuses nobody. Each has a floor, so that ordinary work gives no findings, and says what it
saw. What is read here are codes, times and ids; whose child it is, is told as a bare yes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from bti.domain.ages import NORWAY

NIGHT_BEGINS: Final = 22
NIGHT_ENDS: Final = 6
#: So many different cases, in one night or refused in one month, are more than a slip.
MORE_THAN_A_SLIP: Final = 3
#: Nobody is an outlier below this many cases in a month, however quiet their colleagues are.
FLOOR_OF_VOLUME: Final = 25
TIMES_THE_MEDIAN: Final = 3
#: With fewer colleagues the municipality is the measure.
FEWEST_COLLEAGUES: Final = 3

# The most common surnames in Norway (SSB, names 2024). Sharing one of them says nothing.
COMMON_SURNAMES: Final = frozenset(
    {
        *("hansen", "johansen", "olsen", "larsen", "andersen", "pedersen", "nilsen"),
        *("kristiansen", "jensen", "karlsen", "johnsen", "pettersen", "eriksen", "berg"),
        *("haugen", "hagen", "johannessen", "andreassen", "jacobsen", "dahl"),
    }
)


class ControlRule(StrEnum):
    """Why something is pointed out, gravest first."""

    REGISTERED_CHILD = "registered_child"
    OWN_CHILD = "own_child"
    SAME_SURNAME = "same_surname"
    NO_RELATION = "no_relation"
    AFTER_HOURS = "after_hours"
    VOLUME = "volume"


class Kin(StrEnum):
    """How somebody stands to those in a case: by national id, or by their name."""

    REGISTERED = "registered"
    GUARDIAN = "guardian"
    SURNAME = "surname"


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """One look at one case (``at`` in UTC), or, with ``refused``, one try."""

    at: datetime
    account_id: uuid.UUID
    unit_id: uuid.UUID
    case_id: uuid.UUID
    act: str
    ground: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something to look at: whose, by which rule, and the looks it rests on, oldest first.

    ``cases`` is how many different cases; ``usual`` what colleagues have, for VOLUME.
    """

    account_id: uuid.UUID
    unit_id: uuid.UUID
    rule: ControlRule
    looks: tuple[Look, ...]
    cases: int
    usual: int = 0


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as the control may compare them: a folded name, and keyed tokens of national ids.

    Of somebody whose national id nobody has registered there is none; more than one where it was registered anew.
    """

    name: tuple[str, ...] = field(repr=False)
    tokens: frozenset[bytes] = field(default=frozenset(), repr=False)


def kin_of(
    employee: Somebody,
    guardians: Iterable[Somebody],
    child: Collection[str],
    *,
    one_key: bool = True,
) -> frozenset[Kin]:
    """How an employee stands to a case's guardians, and to the child's folded name.

    Where both national ids are known they decide, whatever the names are: a namesake is told apart
    from a guardian. Otherwise the same full name is taken for the guardian. A rare surname in common
    is kin. Without ``one_key`` tokens may have been made under two: that they differ says nothing. Every number
    that was registered of an employee counts: registering another one hides nobody's child.
    """
    found = set()
    others = tuple(guardians)
    words = employee.name
    for one in others:
        known = employee.tokens and one.tokens
        if employee.tokens & one.tokens:
            found.add(Kin.REGISTERED)
        elif not (known and one_key) and len(words) > 1 and words == one.name:
            found.add(Kin.GUARDIAN)
    surname = words[-1] if words else ""
    last = {name[-1] for name in (*(one.name for one in others), tuple(child)) if name}
    if surname in last and surname not in COMMON_SURNAMES:
        found.add(Kin.SURNAME)
    return frozenset(found)


def suspicions(
    looks: Iterable[Look],
    kin: Mapping[tuple[uuid.UUID, uuid.UUID], frozenset[Kin]],
) -> tuple[Suspicion, ...]:
    """Return what is worth a look in one month, gravest rule first, the same every time."""
    by_person: dict[tuple[uuid.UUID, uuid.UUID], list[Look]] = defaultdict(list)
    for look in sorted(looks):
        by_person[look.account_id, look.unit_id].append(look)
    usual = _usual(by_person)
    found = []
    for (account, unit), mine in by_person.items():
        by_rule = {
            ControlRule.REGISTERED_CHILD: _kin(mine, kin, Kin.REGISTERED),
            ControlRule.OWN_CHILD: _kin(mine, kin, Kin.GUARDIAN),
            ControlRule.SAME_SURNAME: _kin(mine, kin, Kin.SURNAME),
            ControlRule.NO_RELATION: _many([one for one in mine if one.refused]),
            ControlRule.AFTER_HOURS: _at_night(mine),
            ControlRule.VOLUME: _volume(mine, usual[account, unit]),
        }
        found += [
            Suspicion(
                account,
                unit,
                rule,
                tuple(seen),
                _cases(seen),
                usual[account, unit] if rule is ControlRule.VOLUME else 0,
            )
            for rule, seen in by_rule.items()
            if seen
        ]
    order = list(ControlRule)
    return tuple(sorted(found, key=lambda one: (order.index(one.rule), str(one.account_id))))


def night_of(at: datetime) -> date | None:
    """Return the evening whose night an instant belongs to, None in the daytime (Norway)."""
    local = at.astimezone(NORWAY)
    if local.hour >= NIGHT_BEGINS:
        return local.date()
    return local.date() - timedelta(days=1) if local.hour < NIGHT_ENDS else None


def month_before(at: datetime) -> str:
    """Return the last whole Norwegian month before an instant, as 2026-11."""
    first = at.astimezone(NORWAY).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _cases(looks: Iterable[Look]) -> int:
    return len({one.case_id for one in looks})


def _many(looks: list[Look]) -> list[Look]:
    return looks if _cases(looks) >= MORE_THAN_A_SLIP else []


def _kin(
    looks: list[Look],
    kin: Mapping[tuple[uuid.UUID, uuid.UUID], frozenset[Kin]],
    which: Kin,
) -> list[Look]:
    """Return the looks at cases in which ``which`` is the nearest that the person is."""
    order = list(Kin)
    return [
        one
        for one in looks
        if which == min(kin.get((one.account_id, one.case_id), ()), key=order.index, default=None)
    ]


def _at_night(looks: list[Look]) -> list[Look]:
    nights: dict[date, list[Look]] = defaultdict(list)
    for one in looks:
        night = night_of(one.at)
        # Whoever is on call works at night; each emergency access is reviewed by itself.
        if night is not None and not one.refused and one.ground != "gate:emergency":
            nights[night].append(one)
    return [one for seen in nights.values() for one in _many(seen)]


def _volume(looks: list[Look], usual: int) -> list[Look]:
    opened = [one for one in looks if not one.refused]
    most = max(FLOOR_OF_VOLUME, TIMES_THE_MEDIAN * usual)
    return opened if _cases(opened) > most else []


def _usual(
    by_person: Mapping[tuple[uuid.UUID, uuid.UUID], list[Look]],
) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    """Return for each person how many cases their colleagues looked at, as a median."""
    counts = {
        who: _cases(one for one in looks if not one.refused) for who, looks in by_person.items()
    }
    found = {}
    for who in by_person:
        unit = [number for other, number in counts.items() if other[1] == who[1] and other != who]
        everybody = [number for other, number in counts.items() if other != who]
        measure = unit if len(unit) >= FEWEST_COLLEAGUES else everybody
        found[who] = int(median(measure)) if measure else 0
    return found
