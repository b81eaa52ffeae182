"""Breaks in follow-up (oppfølgingsbrudd) for the leader of a unit: how many, of what, and whose.

Counts and colleagues, never a child, a case number or anything that is written. A case whose
address is protected counts only for a leader who is named in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain import deadlines
from bti.domain.access import Action
from bti.domain.deadlines import Due, DueKind
from bti.workflows import directory
from bti.workflows.due import CaseDates, dates_in
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from bti.domain.relations import Subject
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class BreakLine:
    """Dates of one kind that have passed in a unit.

    ``for_leader`` of the ``count`` have passed by so many days that the leader should act;
    ``holders`` are names with how many each has, "" where nobody has the case; ``days_over`` is the
    longest.
    """

    kind: DueKind
    count: int
    for_leader: int
    holders: tuple[tuple[str, int], ...]
    days_over: int


@dataclass(frozen=True, slots=True)
class UnitBreaks:
    """The breaks of one unit, in the order of how much it hurts that they lie."""

    unit_name: str
    open_cases: int
    lines: tuple[BreakLine, ...]

    @property
    def total(self) -> int:
        """How many dates have passed."""
        return sum(one.count for one in self.lines)

    @property
    def for_leader(self) -> int:
        """How many of them are the leader's to act on."""
        return sum(one.for_leader for one in self.lines)


def of_unit(context: Context) -> UnitBreaks:
    """Return the breaks in the leader's unit. Raises ``AccessDenied`` for everybody else."""
    subject = require(context, Action.SEE_FOLLOW_UP)
    told = _told(context, subject)
    passed: dict[DueKind, list[tuple[CaseDates, Due]]] = {}
    for case, due in _passed(context, told):
        passed.setdefault(due.kind, []).append((case, due))
    context.record(Act.FOLLOW_UP_UNIT_READ, Reference("unit", subject.unit_id))
    return UnitBreaks(
        unit_name=context.person.unit_name,
        open_cases=len(told),
        lines=tuple(_line(context, kind, passed[kind]) for kind in DueKind if kind in passed),
    )


def count_for_leader(context: Context, subject: Subject) -> int:
    """Return how many passed dates the leader should act on now; for their worklist."""
    told = _told(context, subject)
    return sum(
        deadlines.is_for_leader(due.on, context.today, case.rules)
        for case, due in _passed(context, told)
    )


def _told(context: Context, subject: Subject) -> tuple[CaseDates, ...]:
    found = dates_in(context, subject.tenant_id, context.profile, unit_id=subject.unit_id)
    return tuple(case for case in found if case.may_be_told_to(subject.account_id))


def _passed(context: Context, cases: tuple[CaseDates, ...]) -> Iterator[tuple[CaseDates, Due]]:
    for case in cases:
        for due in case.dates:
            if deadlines.days_over(due.on, context.today):
                yield case, due


def _line(context: Context, kind: DueKind, passed: list[tuple[CaseDates, Due]]) -> BreakLine:
    today = context.today
    holders: Counter[uuid.UUID | None] = Counter(case.acts for case, _ in passed)
    named = [
        (directory.name_of(context, one) if one is not None else "", count)
        for one, count in holders.items()
    ]
    return BreakLine(
        kind=kind,
        count=len(passed),
        for_leader=sum(deadlines.is_for_leader(due.on, today, case.rules) for case, due in passed),
        holders=tuple(sorted(named)),
        days_over=max(deadlines.days_over(due.on, today) for _, due in passed),
    )
