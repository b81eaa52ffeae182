"""A plan as rules and worklists see it: dates, codes and whether something was written.

Folded from the entries' metas, which the ops key opens; never from the words themselves.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import Entry
from bti.domain import goals
from bti.domain import measures as rules
from bti.domain.codes import Arena, Decision, MeasureResult, MeasureType, Party
from bti.domain.goals import GoalEvaluation, GoalStanding, GoalStatus
from bti.domain.measures import EvaluationFacts, MeasureFacts, Standing, View
from bti.workflows.case_file import Kind, Record, entries, of_kind, to_date
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.workflows.context import Context

#: Stands for words that the reader of a meta may not see but the rules must know exist.
WRITTEN: Final = "…"
_GIVEN: Final = View(given=True)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan as the level rules see it."""

    goal_ids: frozenset[uuid.UUID]
    measures: tuple[MeasureFacts, ...]
    standings: tuple[Standing, ...]


def plan_facts(context: Context, records: tuple[Record, ...]) -> PlanFacts:
    """Return the plan for the level rules."""
    return PlanFacts(
        goal_ids=frozenset(record.id for record in of_kind(records, Kind.GOAL)),
        measures=tuple(measure_facts(record) for record in of_kind(records, Kind.MEASURE)),
        standings=standings_in(context, records),
    )


def standings_in(context: Context, records: tuple[Record, ...]) -> tuple[Standing, ...]:
    """Return where each measure stands today; ``records`` oldest first."""
    evaluations = evaluations_in(records)
    return tuple(
        rules.standing(
            measure_facts(record),
            evaluations,
            context.today,
            soon_days=context.profile.soon_days,
        )
        for record in of_kind(records, Kind.MEASURE)
    )


def standings_of(context: Context, case_id: uuid.UUID) -> tuple[Standing, ...]:
    """Return where each measure of a case stands; opens no words."""
    return standings_in(context, entries(context, case_id))


def broken_follow_up(context: Context, active: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return which of these cases with an active log have no coming evaluation (oppfølgingsbrudd).

    One query for all of them. The ids must be of cases the person may list.
    """
    if not active:
        return frozenset()
    plans: dict[uuid.UUID, list[Record]] = {case_id: [] for case_id in active}
    rows = list(context.session.scalars(select(Entry).where(Entry.case_id.in_(active))))
    for row in rows:
        if row.meta["kind"] in _PLAN_KINDS:
            plans[row.case_id].append(_unread(row))
    return frozenset(
        case_id
        for case_id, records in plans.items()
        if rules.is_follow_up_broken(
            log_active=True,
            standings=standings_in(context, tuple(sorted(records, key=lambda one: one.at))),
            at=context.now,
        )
    )


_PLAN_KINDS: Final = frozenset({Kind.MEASURE.value, Kind.EVALUATION.value})


def _unread(row: Entry) -> Record:
    meta = row.meta
    return Record(
        id=row.id,
        kind=Kind(meta["kind"]),
        compartment=row.compartment,
        at=datetime.fromisoformat(meta["at"]),
        by=uuid.UUID(meta["by"]),
        unit_id=uuid.UUID(meta["unit"]),
        meta=meta,
        body={},
        readable=False,
    )


def measure_facts(record: Record) -> MeasureFacts:
    """Return a measure as the rules see it; its words are only told to exist."""
    meta = record.meta
    return MeasureFacts(
        measure_id=record.id,
        goal_id=uuid.UUID(meta["goal"]),
        title=WRITTEN if meta["has_title"] else "",
        arena=Arena(meta["arena"]),
        kind=MeasureType(meta["kind_of_measure"]),
        party=Party(meta["party"]),
        responsible=WRITTEN if meta["has_responsible"] else "",
        start_on=to_date(meta["start_on"]),
        evaluate_on=to_date(meta["evaluate_on"]),
    )


def evaluations_in(records: tuple[Record, ...]) -> tuple[EvaluationFacts, ...]:
    """Return the evaluations as the rules see them, in the order they were written.

    A stored evaluation was checked when it was made; its views are closed text and count as given.
    """
    return tuple(
        EvaluationFacts(
            measure_id=uuid.UUID(record.meta["measure"]),
            on=date.fromisoformat(record.meta["on"]),
            result=MeasureResult(record.meta["result"]),
            child=_GIVEN,
            guardians=_GIVEN,
            professional=_GIVEN,
            decision=Decision(record.meta["decision"]),
            next_evaluation_on=to_date(record.meta["next_on"]),
        )
        for record in of_kind(records, Kind.EVALUATION)
    )


def goal_in(records: tuple[Record, ...], goal_id: uuid.UUID) -> Record:
    """Return a goal one may read. Raises ``NotFound``."""
    for record in of_kind(records, Kind.GOAL):
        if record.id == goal_id and record.readable:
            return record
    raise NotFound


def goal_standings_in(records: tuple[Record, ...]) -> tuple[GoalStanding, ...]:
    """Return where each goal stands; ``records`` oldest first, also those whose words are closed."""
    evaluations = [
        GoalEvaluation(
            goal_id=uuid.UUID(one.meta["goal"]),
            on=date.fromisoformat(one.meta["on"]),
            status=GoalStatus(one.meta["status"]),
            child=_GIVEN,
            guardians=_GIVEN,
            seen=True,
            reach_by=to_date(one.meta["reach_by"]),
        )
        for one in of_kind(records, Kind.GOAL_EVALUATION)
    ]
    return tuple(
        # A goal written before goals had a day of their own has none.
        goals.standing(one.id, to_date(one.meta.get("reach_by")), evaluations)
        for one in of_kind(records, Kind.GOAL)
    )


def next_day_of(context: Context, records: tuple[Record, ...]) -> date | None:
    """Return the first day that a measure or a goal is to be looked at again."""
    return next_look_of(context, records)[0]


def next_look_of(context: Context, records: tuple[Record, ...]) -> tuple[date | None, goals.Looked]:
    """Return the same day, and which of the two it is for."""
    return goals.next_look(
        rules.next_evaluation_on(standings_in(context, records)),
        goals.next_day(goal_standings_in(records)),
    )
