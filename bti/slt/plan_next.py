"""The next period of a plan: each measure is carried on, changed or ended, and nothing is lost on the way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select, update

from bti.slt.models import PlanMeasureRow, PlanRow
from bti.slt.perform import Context, Happening, perform
from bti.slt.plan import Decision, Numbering, Plan
from bti.slt.plan_change import PlanRefusedError, check_names
from bti.slt.plan_rows import add_change, add_plan
from bti.slt.plan_stored import evaluations_of, own_plan, plan_to_change, stored_plan
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

_KEY_LENGTH = 60


@dataclass(frozen=True, slots=True)
class NextPeriod:
    """The period to come, and what becomes of each measure by its number."""

    title: str
    first_day: date
    last_day: date
    decisions: Mapping[str, Decision]
    reason: str


def roll_over(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, wanted: NextPeriod
) -> uuid.UUID:
    """Begin the next period and return the new plan's id; the plan before stays as it is.

    Raises AccessDenied, and PlanRefusedError: a plan is rolled over once, and about every measure somebody has
    decided.
    """
    return perform(runtime, _roll_over, who, plan_id, wanted)


def suggested(runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID) -> dict[str, Decision]:
    """What the last evaluation of each measure decided, by its number. Raises AccessDenied."""
    return perform(runtime, _suggested, who, plan_id)


def next_plan(plan: Plan, wanted: NextPeriod) -> Plan:
    """The plan of the next period. Pure.

    A measure keeps its number, its words and what is inferred, so that years can be compared; a number that has
    ended is not used again. Numbers that are followed keep their readings. Where something stands in the old document,
    and when that was adopted, is not said of the new plan.
    """
    kept = {number for number, one in wanted.decisions.items() if one is not Decision.END}
    measures = tuple(
        replace(one, place="", same_as=tuple(n for n in one.same_as if n in kept))
        for one in plan.measures
        if one.number in kept
    )
    return replace(
        plan,
        key=_key(plan.key, wanted.first_day),
        title=wanted.title,
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        numbering=Numbering.SOURCE,
        drafted=None,
        adopted=None,
        adopted_by="",
        appendices=(),
        areas=tuple(replace(one, place="") for one in plan.areas),
        measures=measures,
        indicators=tuple(
            replace(one, place="")
            for one in plan.indicators
            if not one.measure or one.measure in kept
        ),
    )


def _key(key: str, first_day: date) -> str:
    year = f"-{first_day.year}"
    return (key.rpartition("-")[0] or key)[: _KEY_LENGTH - len(year)] + year


def _roll_over(
    context: Context, who: Coordinator, plan_id: uuid.UUID, wanted: NextPeriod
) -> uuid.UUID:
    before = plan_to_change(context, who, plan_id)
    # Held until the commit, so that two do not begin the same period.
    context.session.refresh(before, with_for_update=True)
    if context.session.scalar(select(PlanRow.id).where(PlanRow.previous_id == plan_id)) is not None:
        raise PlanRefusedError("plan.rolled")
    later = wanted.first_day > before.first_day and wanted.last_day > before.last_day
    if not later or wanted.last_day < wanted.first_day:
        raise PlanRefusedError("plan.period")
    same_day = (PlanRow.municipality_number == who.municipality_number) & (
        PlanRow.first_day == wanted.first_day
    )
    if context.session.scalar(select(PlanRow.id).where(same_day)) is not None:
        raise PlanRefusedError("plan.exists")
    stored = stored_plan(context, before)
    if set(wanted.decisions) != set(stored.measure_ids):
        raise PlanRefusedError("plan.decided")
    reason = check_names(context, before, [wanted.title], [before.title], wanted.reason)
    following = next_plan(stored.plan, wanted)
    if not following.measures:
        raise PlanRefusedError("plan.empty")
    row = add_plan(context, following, who.municipality_number, previous_id=plan_id)
    _link(context, row.id, stored.measure_ids, wanted.decisions)
    add_change(
        context,
        row.id,
        "rolled_over",
        following.title,
        old=before.title,
        account_id=who.account_id,
        reason=reason,
    )
    for number, decision in wanted.decisions.items():
        add_change(
            context,
            plan_id,
            "carried",
            decision,
            measure_id=stored.measure_ids[number],
            account_id=who.account_id,
        )
    context.record(Happening.PLAN_ROLLED_OVER, account_id=who.account_id, code=following.key)
    return row.id


def _link(
    context: Context,
    plan_id: uuid.UUID,
    before: Mapping[str, uuid.UUID],
    decisions: Mapping[str, Decision],
) -> None:
    """Say of each new measure which one it goes on from."""
    for number, decision in decisions.items():
        if decision is not Decision.END:
            context.session.execute(
                update(PlanMeasureRow)
                .where(PlanMeasureRow.plan_id == plan_id, PlanMeasureRow.number == number)
                .values(carried_from_id=before[number], carried=decision)
            )


def _suggested(context: Context, who: Coordinator, plan_id: uuid.UUID) -> dict[str, Decision]:
    stored = stored_plan(context, own_plan(context, who, plan_id))
    return {
        stored.number_of(one.measure_id): one.decision for one in evaluations_of(context, plan_id)
    }
