"""Plans written to the database. Nothing is decided here, and nothing is committed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from bti.slt.history import add_line
from bti.slt.models import (
    PlanAreaRow,
    PlanChangeRow,
    PlanIndicatorRow,
    PlanMeasureRow,
    PlanReadingRow,
    PlanRow,
)
from bti.slt.perform import Context
from bti.slt.plan import (
    Indicator,
    Mapped,
    Plan,
    PlanMeasure,
    Reading,
)

_LISTS = ("challenges", "goals", "approach", "knowledge", "appendices")
_PLAIN = (
    "key",
    "municipality",
    "title",
    "language",
    "first_day",
    "last_day",
    "drafted",
    "adopted",
    "adopted_by",
    "youngest",
    "oldest",
    "revision",
)


def lines(texts: Sequence[str]) -> str:
    """A list of lines as one text."""
    return "\n".join(texts)


def split(text: str) -> tuple[str, ...]:
    """The lines of a text."""
    return tuple(text.split("\n")) if text else ()


def hundredths(value: Decimal | None) -> int | None:
    """A number with two decimals as a whole one."""
    return None if value is None else int(value * 100)


def of_hundredths(value: int | None) -> Decimal | None:
    """The number again."""
    return None if value is None else Decimal(value) / 100


def add_plan(
    context: Context, plan: Plan, number: str, previous_id: uuid.UUID | None = None
) -> PlanRow:
    """Write a whole plan for the municipality with a number; nothing of it may be there before."""
    row = PlanRow(
        municipality_number=number,
        numbering=plan.numbering,
        previous_id=previous_id,
        created_at=context.at,
        **{name: getattr(plan, name) for name in _PLAIN},
        **{name: lines(getattr(plan, name)) for name in _LISTS},
    )
    context.session.add(row)
    context.session.flush()
    for at, area in enumerate(plan.areas):
        context.session.add(
            PlanAreaRow(
                plan_id=row.id,
                position=at,
                code=area.code,
                name=area.name,
                challenges=lines(area.challenges),
                goals=lines(area.goals),
                approach=lines(area.approach),
                place=area.place,
            )
        )
    ids = {
        one.number: add_measure(context, row.id, one, at).id for at, one in enumerate(plan.measures)
    }
    for at, indicator in enumerate(plan.indicators):
        add_indicator(context, row.id, indicator, ids.get(indicator.measure), at)
    return row


def add_measure(
    context: Context,
    plan_id: uuid.UUID,
    measure: PlanMeasure,
    position: int,
    once: uuid.UUID | None = None,
) -> PlanMeasureRow:
    """Write one measure, under an id that is given or a new one."""
    row = PlanMeasureRow(
        id=once or uuid.uuid4(),
        plan_id=plan_id,
        position=position,
        number=measure.number,
        same_as=" ".join(measure.same_as),
        place=measure.place,
        area=measure.area,
        need=measure.need,
        target=measure.target,
        carried="",
    )
    put(row, measure)
    context.session.add(row)
    context.session.flush()
    return row


def put(row: PlanMeasureRow, measure: PlanMeasure) -> None:
    """Write what may change in a measure on its row."""
    row.title, row.description = measure.title, measure.description
    row.actions, row.responsible = lines(measure.actions), lines(measure.responsible)
    row.timing = measure.when
    for name in ("status", "level", "strand"):
        mapped: Mapped[StrEnum] = getattr(measure, name)
        setattr(row, name, " ".join(mapped.values))
        setattr(row, f"{name}_own", mapped.own)
        setattr(row, f"{name}_inferred", mapped.inferred)


def add_indicator(
    context: Context,
    plan_id: uuid.UUID,
    indicator: Indicator,
    measure_id: uuid.UUID | None,
    position: int,
) -> None:
    """Write an indicator with its readings."""
    row = PlanIndicatorRow(
        id=uuid.uuid4(),
        plan_id=plan_id,
        measure_id=measure_id,
        position=position,
        code=indicator.code,
        name=indicator.name,
        measured_in=indicator.unit,
        group=indicator.group,
        source=indicator.source,
        baseline=hundredths(indicator.baseline),
        target=hundredths(indicator.target),
        place=indicator.place,
    )
    context.session.add(row)
    context.session.flush()
    for one in indicator.readings:
        add_reading(context, row.id, one)


def add_reading(context: Context, indicator_id: uuid.UUID, reading: Reading) -> None:
    """Write what was measured."""
    context.session.add(
        PlanReadingRow(
            indicator_id=indicator_id,
            read_on=reading.on,
            value=hundredths(reading.value),
            country=hundredths(reading.national),
        )
    )


def add_change(
    context: Context,
    plan_id: uuid.UUID,
    part: str,
    new: str,
    *,
    old: str = "",
    measure_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
    reason: str = "",
) -> None:
    """Add to the history, in the same transaction as what it tells of."""
    row = PlanChangeRow(
        plan_id=plan_id,
        measure_id=measure_id,
        account_id=account_id,
        part=part,
        old=old,
        new=new,
        reason=reason,
    )
    add_line(context, row, PlanChangeRow.plan_id, PlanRow.id)
