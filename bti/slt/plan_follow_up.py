"""A year of a plan, measure by measure: what was measured, evaluated and changed, and what is missing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bti.slt.plan import Decision, Indicator, MeasureStatus, PlanMeasure, Reading
from bti.slt.plan_stored import Change, Evaluation, StoredPlan

_RUNNING = frozenset({MeasureStatus.STARTED, MeasureStatus.PLANNED, MeasureStatus.TO_BE_DEVELOPED})


class Missing(StrEnum):
    """What is not in place for a measure in a year."""

    RESPONSIBLE = "no_responsible"
    STATUS = "no_status"
    EVALUATION = "no_evaluation"
    READING = "no_reading"
    #: Decided to end, and still under way.
    NOT_ENDED = "not_ended"


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """One measure in a year. ``readings`` is the last of the year for each indicator that has one."""

    measure: PlanMeasure
    readings: tuple[tuple[Indicator, Reading], ...]
    evaluations: tuple[Evaluation, ...]
    changes: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The year: rows by number, and how many measures have each status (None: not said)."""

    year: int
    rows: tuple[FollowUpRow, ...]
    by_status: Mapping[MeasureStatus | None, int]

    @property
    def evaluated(self) -> int:
        """How many measures were evaluated in the year."""
        return sum(bool(row.evaluations) for row in self.rows)


def follow_up(
    stored: StoredPlan, evaluations: Sequence[Evaluation], changes: Sequence[Change], year: int
) -> FollowUp:
    """What a year looks like for every measure of a plan."""
    plan = stored.plan
    rows = []
    for measure in plan.measures:
        own = stored.measure_ids[measure.number]
        every = [one for one in evaluations if one.measure_id == own]
        in_year = tuple(one for one in every if one.on.year == year)
        indicators = [one for one in plan.indicators if one.measure == measure.number]
        readings = tuple(
            (one, last) for one in indicators if (last := _last_in(one, year)) is not None
        )
        rows.append(
            FollowUpRow(
                measure=measure,
                readings=readings,
                evaluations=in_year,
                changes=sum(one.measure_id == own and one.at.year == year for one in changes),
                missing=_missing(measure, every, in_year, len(indicators) > len(readings)),
            )
        )
    counted = Counter(next(iter(one.status.values), None) for one in plan.measures)
    order: tuple[MeasureStatus | None, ...] = (*MeasureStatus, None)
    return FollowUp(year, tuple(rows), {one: counted[one] for one in order if counted[one]})


def _last_in(indicator: Indicator, year: int) -> Reading | None:
    return next((r for r in reversed(indicator.readings) if r.on[:4] == str(year)), None)


def _missing(
    measure: PlanMeasure,
    every: Sequence[Evaluation],
    in_year: Sequence[Evaluation],
    without_reading: bool,  # noqa: FBT001 - one of four facts about a measure
) -> tuple[Missing, ...]:
    running = not measure.status.values or bool(_RUNNING & set(measure.status.values))
    ended = bool(every) and every[-1].decision is Decision.END
    found = (
        (Missing.RESPONSIBLE, not measure.responsible),
        (Missing.STATUS, not measure.status.values),
        (Missing.EVALUATION, running and not in_year),
        (Missing.READING, running and without_reading),
        (Missing.NOT_ENDED, running and ended),
    )
    return tuple(one for one, holds in found if holds)
