"""What makes a plan grow while it is in force: a new measure, a new focus area, and other words in one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from bti.slt.models import PlanAreaRow, PlanMeasureRow, PlanRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan import Area, Mapped, PlanMeasure, next_number, texts_of
from bti.slt.plan_change import ChangeMeasure, PlanRefusedError, check_names
from bti.slt.plan_file import MOST_PARTS
from bti.slt.plan_rows import add_change, add_measure, lines
from bti.slt.plan_stored import StoredPlan, area_of, own_plan, plan_to_change, stored_plan
from bti.slt.positions import made_before
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


@dataclass(frozen=True, slots=True)
class WriteArea:
    """A focus area as the coordinator wants it; ``code`` is empty for a new one."""

    code: str
    version: int | None
    name: str
    challenges: tuple[str, ...]
    goals: tuple[str, ...]
    approach: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AreaPage:
    """A plan, and the area that is changed; None for a new one."""

    stored: StoredPlan
    area: Area | None
    version: int | None


def show_area(runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, code: str) -> AreaPage:
    """A plan with one of its areas, or with none where ``code`` is empty. Raises AccessDenied."""
    return perform(runtime, _show, who, plan_id, code)


def add_own_measure(
    runtime: SltRuntime,
    who: Coordinator,
    plan_id: uuid.UUID,
    area: str,
    command: ChangeMeasure,
    once: uuid.UUID | None = None,
) -> uuid.UUID:
    """Add a measure under the next number and return its id, ``once`` if the form's number is given.

    Raises AccessDenied and PlanRefusedError.

    ``command`` says what it is; its id and version are not looked at. ``area`` is empty for none.
    """
    return perform(runtime, _add, who, plan_id, area, command, once)


def write_area(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: WriteArea
) -> bool:
    """Add or change a focus area, and say whether anything was changed.

    Raises AccessDenied and PlanRefusedError.
    """
    return perform(runtime, _write, who, plan_id, command)


def _show(context: Context, who: Coordinator, plan_id: uuid.UUID, code: str) -> AreaPage:
    plan = own_plan(context, who, plan_id)
    row = _own_area(context, who, plan, code) if code else None
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=plan.key)
    stored = stored_plan(context, plan)
    return AreaPage(stored, area_of(row) if row else None, row.version if row else None)


def _add(
    context: Context,
    who: Coordinator,
    plan_id: uuid.UUID,
    area: str,
    command: ChangeMeasure,
    once: uuid.UUID | None,
) -> uuid.UUID:
    plan = plan_to_change(context, who, plan_id)
    if once is not None and made_before(context, who.account_id, PlanMeasureRow, once):
        return once
    # Held until the commit, so that two do not get one number.
    context.session.refresh(plan, with_for_update=True)
    stored = stored_plan(context, plan)
    if area and area not in {one.code for one in stored.plan.areas}:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    if len(stored.plan.measures) >= MOST_PARTS:
        raise PlanRefusedError("plan.full")
    measure = PlanMeasure(
        number=next_number(stored.plan, area, _used(context, plan)),
        title=command.title,
        area=area,
        description=command.description,
        actions=command.actions,
        responsible=command.responsible,
        when=command.when,
        status=Mapped((command.status,) if command.status else ()),
        level=Mapped(command.levels),
        strand=Mapped((command.strand,) if command.strand else ()),
    )
    reason = check_names(context, plan, texts_of(measure), (), command.reason)
    row = add_measure(context, plan.id, measure, len(stored.plan.measures), once)
    add_change(
        context,
        plan.id,
        "measure",
        measure.title,
        measure_id=row.id,
        account_id=who.account_id,
        reason=reason,
    )
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)
    return row.id


def _used(context: Context, plan: PlanRow) -> set[str]:
    """Every number of this plan and of those it goes on from: what has ended keeps its number."""
    used: set[str] = set()
    seen: set[uuid.UUID] = set()
    plan_id: uuid.UUID | None = plan.id
    while plan_id is not None and plan_id not in seen:
        seen.add(plan_id)
        of_plan = PlanMeasureRow.plan_id == plan_id
        used |= set(context.session.scalars(select(PlanMeasureRow.number).where(of_plan)))
        before = select(PlanRow.previous_id).where(PlanRow.id == plan_id)
        plan_id = context.session.scalar(before)
    return used


def _write(context: Context, who: Coordinator, plan_id: uuid.UUID, command: WriteArea) -> bool:
    plan = plan_to_change(context, who, plan_id)
    context.session.refresh(plan, with_for_update=True)
    row = _own_area(context, who, plan, command.code) if command.code else _new(context, plan)
    if command.code and row.version != command.version:
        raise PlanRefusedError("plan.changed")
    before = area_of(row)
    after = Area(
        before.code,
        command.name,
        command.challenges,
        command.goals,
        command.approach,
        before.place,
    )
    was, is_now = _said(before), _said(after)
    changed = [part for part in was if was[part] != is_now[part]]
    if not changed:
        return False
    reason = check_names(context, plan, texts_of(after), texts_of(before), command.reason)
    row.name = after.name
    row.challenges, row.goals = lines(after.challenges), lines(after.goals)
    row.approach = lines(after.approach)
    row.version += 1 if command.code else 0
    context.session.add(row)
    for part in changed:
        # The history has no column for an area: its name says which one it was.
        named = [
            f"{before.name or after.name}: {text}" if text else ""
            for text in (was[part], is_now[part])
        ]
        old, new = (was[part], is_now[part]) if part == "area" else named
        add_change(context, plan.id, part, new, old=old, account_id=who.account_id, reason=reason)
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)
    return True


def _said(area: Area) -> dict[str, str]:
    return {
        "area": area.name,
        "challenges": lines(area.challenges),
        "goals": lines(area.goals),
        "approach": lines(area.approach),
    }


def _new(context: Context, plan: PlanRow) -> PlanAreaRow:
    """The row of an area that is not there yet, under a code that was never used in this plan."""
    rows = context.session.scalars(select(PlanAreaRow).where(PlanAreaRow.plan_id == plan.id)).all()
    if len(rows) >= MOST_PARTS:
        raise PlanRefusedError("plan.full")
    codes = [int(one.code) for one in rows if one.code.isdecimal()]
    return PlanAreaRow(
        plan_id=plan.id,
        position=len(rows),
        version=1,
        code=str(max(codes, default=0) + 1),
        name="",
        challenges="",
        goals="",
        approach="",
        place="",
    )


def _own_area(context: Context, who: Coordinator, plan: PlanRow, code: str) -> PlanAreaRow:
    asked = (PlanAreaRow.plan_id == plan.id) & (PlanAreaRow.code == code)
    row = context.session.scalar(select(PlanAreaRow).where(asked))
    if row is None:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    return row
