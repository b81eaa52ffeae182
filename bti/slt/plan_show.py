"""What the pages of a plan show. Looking at a plan is recorded, as looking at released numbers is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.models import PlanRow, SltAccount
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan import Indicator, PlanMeasure, Wanted
from bti.slt.plan_follow_up import FollowUp, follow_up
from bti.slt.plan_stored import (
    Change,
    Evaluation,
    StoredPlan,
    changes_of,
    evaluations_of,
    own_plan,
    stored_plan,
)
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """A plan in the list of plans."""

    id: uuid.UUID
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan with the measures that were asked for; ``stored`` is None where there is no plan yet."""

    stored: StoredPlan | None
    shown: tuple[PlanMeasure, ...]
    periods: tuple[PlanPeriod, ...]
    today: date


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """One measure with what is followed, found and changed. ``names`` are coordinators by account."""

    stored: StoredPlan
    measure_id: uuid.UUID
    measure: PlanMeasure
    version: int
    indicators: tuple[Indicator, ...]
    evaluations: tuple[Evaluation, ...]
    changes: tuple[Change, ...]
    names: Mapping[uuid.UUID, str]
    today: date


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """A year of a plan, and the years it has."""

    stored: StoredPlan
    follow_up: FollowUp
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Everything that was changed in a plan, newest first."""

    stored: StoredPlan
    changes: tuple[Change, ...]
    names: Mapping[uuid.UUID, str]


def show_plan(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID | None, wanted: Wanted
) -> PlanPage:
    """A plan of the coordinator's municipality, the newest if none is named. Raises AccessDenied."""
    return perform(runtime, _plan, who, plan_id, wanted)


def show_measure(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, measure_id: uuid.UUID
) -> MeasurePage:
    """One measure. Raises AccessDenied."""
    return perform(runtime, _measure, who, plan_id, measure_id)


def show_follow_up(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, year: int
) -> FollowUpPage:
    """A year within the plan's period. Raises AccessDenied for another year."""
    return perform(runtime, _follow_up, who, plan_id, year)


def show_history(runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID) -> HistoryPage:
    """What was changed. Raises AccessDenied."""
    return perform(runtime, _history, who, plan_id)


def _plan(
    context: Context, who: Coordinator, plan_id: uuid.UUID | None, wanted: Wanted
) -> PlanPage:
    rows = context.session.scalars(
        select(PlanRow)
        .where(PlanRow.municipality_number == who.municipality_number)
        .order_by(PlanRow.first_day.desc())
    ).all()
    today = norwegian_date(context.at)
    # The one that is in force; before it begins and after it has ended, the nearest there is.
    begun = [one for one in rows if one.first_day <= today]
    chosen = next(iter(begun or rows[::-1]), None)
    row = chosen if plan_id is None else own_plan(context, who, plan_id)
    if row is None:
        return PlanPage(None, (), (), today)
    stored = _read(context, who, row)
    shown = tuple(one for one in stored.plan.measures if wanted.takes(one))
    periods = tuple(PlanPeriod(one.id, one.first_day, one.last_day) for one in rows)
    return PlanPage(stored, shown, periods, today)


def _measure(
    context: Context, who: Coordinator, plan_id: uuid.UUID, measure_id: uuid.UUID
) -> MeasurePage:
    stored = _read(context, who, own_plan(context, who, plan_id))
    number = stored.number_of(measure_id)
    if not number:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    return MeasurePage(
        stored=stored,
        measure_id=measure_id,
        measure=stored.measure(number),
        version=stored.versions[number],
        indicators=tuple(one for one in stored.plan.indicators if one.measure == number),
        evaluations=tuple(
            one for one in evaluations_of(context, plan_id) if one.measure_id == measure_id
        ),
        changes=tuple(one for one in changes_of(context, plan_id) if one.measure_id == measure_id),
        names=_names(context, who),
        today=norwegian_date(context.at),
    )


def _follow_up(context: Context, who: Coordinator, plan_id: uuid.UUID, year: int) -> FollowUpPage:
    stored = _read(context, who, own_plan(context, who, plan_id))
    years = tuple(range(stored.plan.first_day.year, stored.plan.last_day.year + 1))
    if year not in years:
        raise AccessDenied("plan.year", account_id=who.account_id)
    found = follow_up(stored, evaluations_of(context, plan_id), changes_of(context, plan_id), year)
    return FollowUpPage(stored, found, years)


def _history(context: Context, who: Coordinator, plan_id: uuid.UUID) -> HistoryPage:
    stored = _read(context, who, own_plan(context, who, plan_id))
    return HistoryPage(stored, changes_of(context, plan_id), _names(context, who))


def _read(context: Context, who: Coordinator, row: PlanRow) -> StoredPlan:
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=row.key)
    return stored_plan(context, row)


def _names(context: Context, who: Coordinator) -> dict[uuid.UUID, str]:
    """Coordinators of the same municipality, also those who have left."""
    same = SltAccount.municipality_number == who.municipality_number
    found = context.session.execute(select(SltAccount.id, SltAccount.display_name).where(same))
    return {row.id: row.display_name for row in found}
