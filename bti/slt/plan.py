"""An SLT plan: what a municipality means to do, measure by measure. Pure; no database, no child.

Municipalities use different words. What is mapped to a vocabulary of ours keeps their own word beside it and says
whether the mapping is theirs or ours; what a plan does not say is left empty (ADR 0050).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Generic, TypeVar


class PreventionLevel(StrEnum):
    """Whom a measure is for: everybody, groups at risk, single persons, or the services themselves."""

    UNIVERSAL = "universal"
    SELECTIVE = "selective"
    INDICATED = "indicated"
    SYSTEM = "system"


class Strand(StrEnum):
    """What kind of prevention it is, in the words of the SLT handbook; general is about cooperation itself."""

    GENERAL = "general"
    BUILDING = "building"
    PREVENTING = "preventing"
    CRIME_PREVENTING = "crime_preventing"


class MeasureStatus(StrEnum):
    """How far a measure has come. What nobody has said is no status at all."""

    PLANNED = "planned"
    TO_BE_DEVELOPED = "to_be_developed"
    STARTED = "started"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Unit(StrEnum):
    """What an indicator counts in."""

    PERCENT = "percent"
    COUNT = "count"
    DAYS = "days"


class Numbering(StrEnum):
    """Who numbered the measures: the plan itself, or the order in which it names them."""

    SOURCE = "source"
    ORDER = "order"


class EvaluationKind(StrEnum):
    """What an evaluation asks: did it work, was it done as meant, what is it becoming."""

    EFFECT = "effect"
    PROCESS = "process"
    DEVELOPMENTAL = "developmental"


class Decision(StrEnum):
    """What an evaluation, or the beginning of a new period, leads to."""

    CARRY_ON = "carry_on"
    CHANGE = "change"
    END = "end"


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Mapped(Generic[V]):
    """A value of ours beside the municipality's own word for it.

    Empty where the plan says nothing. ``inferred``: the value is how we read the plan, not what it says.
    """

    values: tuple[V, ...] = ()
    own: str = ""
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A focus area."""

    code: str
    name: str
    challenges: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    approach: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class PlanMeasure:
    """One measure. ``place`` is where in the municipality's own document it stands.

    ``same_as`` are numbers of measures that seem to be the same work; always how we read it.
    """

    number: str
    title: str
    area: str = ""
    need: str = ""
    description: str = ""
    actions: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    target: str = ""
    when: str = ""
    status: Mapped[MeasureStatus] = Mapped()
    level: Mapped[PreventionLevel] = Mapped()
    strand: Mapped[Strand] = Mapped()
    same_as: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured. ``on`` is a year, a month or a day; ``national`` is the country's number then."""

    on: str
    value: Decimal
    national: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number that is followed: for one measure, or for the plan where ``measure`` is empty.

    ``baseline`` is where it began and ``target`` where it should end; None where nobody has said so.
    """

    code: str
    name: str
    unit: Unit
    measure: str = ""
    group: str = ""
    source: str = ""
    baseline: Decimal | None = None
    target: Decimal | None = None
    readings: tuple[Reading, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. Days that the document does not give are None; so are ages."""

    key: str
    municipality: str
    title: str
    language: str
    first_day: date
    last_day: date
    numbering: Numbering = Numbering.SOURCE
    drafted: date | None = None
    adopted: date | None = None
    adopted_by: str = ""
    youngest: int | None = None
    oldest: int | None = None
    revision: str = ""
    challenges: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    approach: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    appendices: tuple[str, ...] = ()
    areas: tuple[Area, ...] = ()
    measures: tuple[PlanMeasure, ...] = ()
    indicators: tuple[Indicator, ...] = ()


#: A year, a month or a day, as in ISO 8601.
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_OLDEST_READING, _NEWEST_READING = 1990, 2100


def is_partial_date(text: str) -> bool:
    """Whether a text is a year, a month or a day between 1990 and 2099."""
    match = _PARTIAL.fullmatch(text)
    if match is None:
        return False
    year, month, day = (int(part) if part else 1 for part in match.groups())
    if not _OLDEST_READING <= year < _NEWEST_READING:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_said(mapped: Mapped[V]) -> bool:
    """Whether the mapping can stand: a value without the municipality's own word is ours, and says so."""
    if not mapped.values:
        return not mapped.inferred
    return bool(mapped.own) or mapped.inferred


def ordered(numbers: Iterable[str]) -> tuple[str, ...]:
    """Numbers such as 2, 10 and 1.3 in the order people read them."""
    return tuple(sorted(numbers, key=number_key))


def number_key(number: str) -> tuple[tuple[int, str], ...]:
    """What to sort a number by: its parts as numbers where they are."""
    return tuple((int(p), "") if p.isdecimal() else (0, p) for p in number.split("."))


def next_number(plan: Plan, area: str, used: Iterable[str]) -> str:
    """The number of a new measure: one no plan in the line has used, in the way the plan counts.

    Where measures are numbered area by area (2.1, 2.2), it goes on within the area.
    """
    taken = [number_key(number) for number in used]
    heads = {one.number.partition(".")[0] for one in plan.measures if one.area == area}
    dotted = any("." in one.number for one in plan.measures)
    if not dotted:
        return str(max((key[0][0] for key in taken), default=0) + 1)
    head = min(heads, key=number_key) if heads else area if area.isdecimal() else "0"
    within = [key[1][0] for key in taken if len(key) > 1 and key[0] == (int(head), "")]
    return f"{head}.{max(within, default=0) + 1}"


def texts_of(one: Plan | Area | PlanMeasure | Indicator) -> tuple[str, ...]:
    """Every text that people read in a part, without its codes and numbers."""
    found: list[str] = []
    for field in fields(one):
        value = getattr(one, field.name)
        if field.name in {"key", "code", "number", "area", "measure", "same_as", "language"}:
            continue
        if isinstance(value, StrEnum):
            continue
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Mapped):
            found.append(value.own)
        elif isinstance(value, tuple):
            found += [text for text in value if isinstance(text, str)]
    return tuple(text for text in found if text)


def all_texts(plan: Plan) -> tuple[str, ...]:
    """Every text in a plan, its areas, measures and indicators."""
    parts: tuple[Plan | Area | PlanMeasure | Indicator, ...]
    parts = (plan, *plan.areas, *plan.measures, *plan.indicators)
    return tuple(text for part in parts for text in texts_of(part))


#: Asks for what is not said.
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which measures a list shows: one value of each kind, ``unknown`` for what is not said, empty for all."""

    area: str = ""
    status: str = ""
    level: str = ""
    strand: str = ""
    responsible: str = ""

    def takes(self, measure: PlanMeasure) -> bool:
        """Whether the list shows a measure."""
        said = (
            (self.area, (measure.area,) if measure.area else ()),
            (self.status, measure.status.values),
            (self.level, measure.level.values),
            (self.strand, measure.strand.values),
            (self.responsible, measure.responsible),
        )
        return all(_asked(wanted, values) for wanted, values in said)


def _asked(wanted: str, values: tuple[str, ...]) -> bool:
    if not wanted:
        return True
    return not values if wanted == UNKNOWN else wanted in values


def decided(before: Mapped[V], values: tuple[V, ...], *, confirmed: bool) -> Mapped[V]:
    """What a mapping becomes when the coordinator has chosen ``values``.

    A new choice is the municipality's own, and the word of its document no longer stands for it. The same
    choice leaves everything, unless the coordinator says that what was inferred is right.
    """
    if values != before.values:
        return Mapped(values)
    if confirmed and before.inferred:
        return Mapped(values, before.own)
    return before
