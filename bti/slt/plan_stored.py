"""Plans as they lie in the database, read back as the objects they were written from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select

from bti.slt.history import rows_of
from bti.slt.models import (
    PlanAreaRow,
    PlanChangeRow,
    PlanEvaluationRow,
    PlanIndicatorRow,
    PlanMeasureRow,
    PlanReadingRow,
    PlanRow,
)
from bti.slt.perform import AccessDenied, Context
from bti.slt.plan import (
    Area,
    Decision,
    EvaluationKind,
    Indicator,
    Mapped,
    MeasureStatus,
    Numbering,
    Plan,
    PlanMeasure,
    PreventionLevel,
    Reading,
    Strand,
    Unit,
    number_key,
)
from bti.slt.plan_rows import of_hundredths, split
from bti.slt.sign_in import Coordinator, only_coordinator

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation as it was written down."""

    measure_id: uuid.UUID
    kind: EvaluationKind
    on: date
    finding: str
    decision: Decision
    why: str
    account_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became another. ``part`` is what it is about, such as ``status``."""

    measure_id: uuid.UUID | None
    account_id: uuid.UUID | None
    at: datetime
    part: str
    old: str
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan that lies in the database; ids and versions by measure number, indicators by code."""

    id: uuid.UUID
    previous_id: uuid.UUID | None
    plan: Plan
    measure_ids: Mapping[str, uuid.UUID]
    versions: Mapping[str, int]
    indicator_ids: Mapping[str, uuid.UUID]
    carried: Mapping[str, str]

    def number_of(self, measure_id: uuid.UUID | None) -> str:
        """The number of a measure by its id, empty for none."""
        return next((n for n, one in self.measure_ids.items() if one == measure_id), "")

    def measure(self, number: str) -> PlanMeasure:
        """The measure with a number of this plan."""
        return next(one for one in self.plan.measures if one.number == number)


def own_plan(context: Context, who: Coordinator, plan_id: uuid.UUID) -> PlanRow:
    """The row of a plan of the coordinator's municipality; AccessDenied for any other, or none."""
    row = context.session.get(PlanRow, plan_id)
    if row is None or row.municipality_number != who.municipality_number:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    return row


def plan_to_change(context: Context, who: Coordinator, plan_id: uuid.UUID) -> PlanRow:
    """As ``own_plan``, for whoever may change it; AccessDenied for those who only read."""
    only_coordinator(who)
    return own_plan(context, who, plan_id)


def stored_plan(context: Context, row: PlanRow) -> StoredPlan:
    """The whole plan of a row."""
    session = context.session
    measures = sorted(
        session.scalars(select(PlanMeasureRow).where(PlanMeasureRow.plan_id == row.id)),
        key=lambda one: number_key(one.number),
    )
    numbers = {one.id: one.number for one in measures}
    of_plan = PlanIndicatorRow.plan_id == row.id
    indicators = session.scalars(
        select(PlanIndicatorRow).where(of_plan).order_by(PlanIndicatorRow.position)
    ).all()
    readings: dict[uuid.UUID, list[Reading]] = {one.id: [] for one in indicators}
    found = select(PlanReadingRow).join(
        PlanIndicatorRow, PlanIndicatorRow.id == PlanReadingRow.indicator_id
    )
    for one in session.scalars(found.where(of_plan).order_by(PlanReadingRow.read_on)):
        reading = Reading(one.read_on, Decimal(one.value) / 100, of_hundredths(one.country))
        readings[one.indicator_id].append(reading)
    areas = session.scalars(
        select(PlanAreaRow).where(PlanAreaRow.plan_id == row.id).order_by(PlanAreaRow.position)
    )
    plan = Plan(
        key=row.key,
        municipality=row.municipality,
        title=row.title,
        language=row.language,
        first_day=row.first_day,
        last_day=row.last_day,
        drafted=row.drafted,
        adopted=row.adopted,
        adopted_by=row.adopted_by,
        youngest=row.youngest,
        oldest=row.oldest,
        revision=row.revision,
        challenges=split(row.challenges),
        goals=split(row.goals),
        approach=split(row.approach),
        knowledge=split(row.knowledge),
        appendices=split(row.appendices),
        numbering=Numbering(row.numbering),
        areas=tuple(area_of(one) for one in areas),
        measures=tuple(measure_of(one) for one in measures),
        indicators=tuple(
            _indicator(
                one, numbers.get(one.measure_id) if one.measure_id else None, readings[one.id]
            )
            for one in indicators
        ),
    )
    return StoredPlan(
        id=row.id,
        previous_id=row.previous_id,
        plan=plan,
        measure_ids={one.number: one.id for one in measures},
        versions={one.number: one.version for one in measures},
        indicator_ids={one.code: one.id for one in indicators},
        carried={one.number: one.carried for one in measures},
    )


def measure_of(row: PlanMeasureRow) -> PlanMeasure:
    """The measure of a row."""
    return PlanMeasure(
        number=row.number,
        title=row.title,
        area=row.area,
        need=row.need,
        description=row.description,
        actions=split(row.actions),
        responsible=split(row.responsible),
        target=row.target,
        when=row.timing,
        status=_mapped(MeasureStatus, row.status, row.status_own, inferred=row.status_inferred),
        level=_mapped(PreventionLevel, row.level, row.level_own, inferred=row.level_inferred),
        strand=_mapped(Strand, row.strand, row.strand_own, inferred=row.strand_inferred),
        same_as=tuple(row.same_as.split()),
        place=row.place,
    )


def evaluations_of(context: Context, plan_id: uuid.UUID) -> tuple[Evaluation, ...]:
    """Every evaluation in a plan, oldest first."""
    rows = context.session.scalars(
        select(PlanEvaluationRow)
        .join(PlanMeasureRow, PlanMeasureRow.id == PlanEvaluationRow.measure_id)
        .where(PlanMeasureRow.plan_id == plan_id)
        .order_by(PlanEvaluationRow.evaluated_on, PlanEvaluationRow.at)
    )
    return tuple(
        Evaluation(
            measure_id=one.measure_id,
            kind=EvaluationKind(one.kind),
            on=one.evaluated_on,
            finding=one.finding,
            decision=Decision(one.decision),
            why=one.why,
            account_id=one.account_id,
        )
        for one in rows
    )


def changes_of(context: Context, plan_id: uuid.UUID) -> tuple[Change, ...]:
    """The history of a plan, newest first."""
    rows = rows_of(context, PlanChangeRow, PlanChangeRow.plan_id, plan_id)
    return tuple(
        Change(
            measure_id=one.measure_id,
            account_id=one.account_id,
            at=one.at,
            part=one.part,
            old=one.old,
            new=one.new,
            reason=one.reason,
        )
        for one in rows
    )


def area_of(row: PlanAreaRow) -> Area:
    """The area of a row."""
    return Area(
        code=row.code,
        name=row.name,
        challenges=split(row.challenges),
        goals=split(row.goals),
        approach=split(row.approach),
        place=row.place,
    )


def _mapped(codes: type[E], values: str, own: str, *, inferred: bool) -> Mapped[E]:
    return Mapped(tuple(codes(value) for value in values.split()), own, inferred)


def _indicator(row: PlanIndicatorRow, number: str | None, readings: list[Reading]) -> Indicator:
    return Indicator(
        code=row.code,
        name=row.name,
        unit=Unit(row.measured_in),
        measure=number or "",
        group=row.group,
        source=row.source,
        baseline=of_hundredths(row.baseline),
        target=of_hundredths(row.target),
        readings=tuple(readings),
        place=row.place,
    )
