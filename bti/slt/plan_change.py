"""What the coordinator does with a plan: change a measure, follow an indicator, evaluate. Everything is tracked.

Each call is one transaction. A text that seems to name somebody is kept only with a reason, which stands in the history.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.models import (
    PlanEvaluationRow,
    PlanIndicatorRow,
    PlanMeasureRow,
    PlanReadingRow,
    PlanRow,
    SltAccount,
)
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan import (
    Decision,
    EvaluationKind,
    Indicator,
    MeasureStatus,
    Plan,
    PlanMeasure,
    PreventionLevel,
    Reading,
    Strand,
    Unit,
    all_texts,
    decided,
    is_partial_date,
    texts_of,
)
from bti.slt.plan_names import names_in, persons_in
from bti.slt.plan_rows import (
    add_change,
    add_indicator,
    add_plan,
    add_reading,
    hundredths,
    lines,
    put,
)
from bti.slt.plan_stored import measure_of, plan_to_change, stored_plan
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


class PlanRefusedError(Exception):
    """A plan was not changed.

    `code` is `plan.` followed by `changed` (somebody was first), `names` (with the words in `found`; give a
    reason), `day`, `time`, `period`, `decided` (not every measure has a decision), `empty`, `full`, `rolled` (there is a next
    period already), `exists` or `municipality`; of an appendix `nothing`, `both` or `link` (no address of the open net).
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class ChangeMeasure:
    """A measure as the coordinator wants it. ``confirmed``: what was inferred is right."""

    measure_id: uuid.UUID
    version: int | None
    title: str
    description: str
    actions: tuple[str, ...]
    responsible: tuple[str, ...]
    when: str
    status: MeasureStatus | None
    levels: tuple[PreventionLevel, ...]
    strand: Strand | None
    confirmed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EvaluateMeasure:
    """What was found, and what is decided."""

    measure_id: uuid.UUID
    kind: EvaluationKind
    on: date
    finding: str
    decision: Decision
    why: str
    reason: str


@dataclass(frozen=True, slots=True)
class FollowIndicator:
    """A number to follow for a measure."""

    measure_id: uuid.UUID
    name: str
    unit: Unit
    group: str
    source: str
    baseline: Decimal | None
    target: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class NoteReading:
    """What an indicator was at a time. A second reading for the same time corrects the first."""

    indicator: str
    on: str
    value: Decimal


def import_plan(runtime: SltRuntime, plan: Plan, number: str, *, reason: str = "") -> uuid.UUID:
    """Take a plan in for the municipality with a number, which must have a coordinator; an operator's act.

    Raises PlanRefusedError: a plan that begins the same day is never written over.
    """
    return perform(runtime, _import, plan, number, reason)


def change_measure(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: ChangeMeasure
) -> bool:
    """Change a measure, and say whether anything was. Raises AccessDenied and PlanRefusedError."""
    return perform(runtime, _change, who, plan_id, command)


def evaluate_measure(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: EvaluateMeasure
) -> None:
    """Write an evaluation down. Raises AccessDenied and PlanRefusedError."""
    perform(runtime, _evaluate, who, plan_id, command)


def follow_indicator(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: FollowIndicator
) -> None:
    """Begin to follow a number. Raises AccessDenied and PlanRefusedError."""
    perform(runtime, _follow, who, plan_id, command)


def note_reading(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: NoteReading
) -> None:
    """Write a reading down. Raises AccessDenied and PlanRefusedError."""
    perform(runtime, _note, who, plan_id, command)


def _import(context: Context, plan: Plan, number: str, reason: str) -> uuid.UUID:
    has = select(SltAccount.id).where(SltAccount.municipality_number == number)
    if context.session.scalar(has.limit(1)) is None:
        raise PlanRefusedError("plan.municipality")
    there = (PlanRow.municipality_number == number) & (PlanRow.first_day == plan.first_day)
    if context.session.scalar(select(PlanRow.id).where(there)) is not None:
        raise PlanRefusedError("plan.exists")
    found = persons_in(all_texts(plan))
    if found and not reason.strip():
        raise PlanRefusedError("plan.names", found)
    row = add_plan(context, plan, number)
    add_change(context, row.id, "imported", plan.key, reason=reason.strip())
    context.record(Happening.PLAN_IMPORTED, code=plan.key)
    return row.id


def _change(context: Context, who: Coordinator, plan_id: uuid.UUID, command: ChangeMeasure) -> bool:
    plan = plan_to_change(context, who, plan_id)
    row = own_measure(context, who, plan, command.measure_id)
    if row.version != command.version:
        raise PlanRefusedError("plan.changed")
    before = measure_of(row)
    after = _wanted(before, command)
    was, is_now = _said(before), _said(after)
    changed = [part for part in was if was[part] != is_now[part]]
    if not changed:
        return False
    reason = check_names(context, plan, texts_of(after), texts_of(before), command.reason)
    put(row, after)
    row.version += 1
    for part in changed:
        add_change(
            context,
            plan.id,
            part,
            is_now[part],
            old=was[part],
            measure_id=row.id,
            account_id=who.account_id,
            reason=reason,
        )
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)
    return True


def _wanted(before: PlanMeasure, command: ChangeMeasure) -> PlanMeasure:
    sure = command.confirmed
    status = (command.status,) if command.status else ()
    strand = (command.strand,) if command.strand else ()
    return replace(
        before,
        title=command.title,
        description=command.description,
        actions=command.actions,
        responsible=command.responsible,
        when=command.when,
        status=decided(before.status, status, confirmed=sure),
        level=decided(before.level, command.levels, confirmed=sure),
        strand=decided(before.strand, strand, confirmed=sure),
    )


def _said(measure: PlanMeasure) -> dict[str, str]:
    """What the history compares: codes with the mark of what is inferred, and texts."""
    said = {
        "title": measure.title,
        "description": measure.description,
        "actions": lines(measure.actions),
        "responsible": lines(measure.responsible),
        "when": measure.when,
    }
    for name in ("status", "level", "strand"):
        mapped = getattr(measure, name)
        marks = ("inferred",) if mapped.inferred else ()
        said[name] = " ".join((*mapped.values, *marks))
        said[f"{name}_own"] = mapped.own
    return said


def _evaluate(
    context: Context, who: Coordinator, plan_id: uuid.UUID, command: EvaluateMeasure
) -> None:
    plan = plan_to_change(context, who, plan_id)
    row = own_measure(context, who, plan, command.measure_id)
    if not plan.first_day <= command.on <= norwegian_date(context.at):
        raise PlanRefusedError("plan.day")
    texts = (command.finding, command.why)
    reason = check_names(context, plan, texts, texts_of(measure_of(row)), command.reason)
    context.session.add(
        PlanEvaluationRow(
            measure_id=row.id,
            account_id=who.account_id,
            at=context.at,
            kind=command.kind,
            evaluated_on=command.on,
            finding=command.finding,
            decision=command.decision,
            why=command.why,
        )
    )
    add_change(
        context,
        plan.id,
        "evaluation",
        f"{command.kind} {command.decision}",
        measure_id=row.id,
        account_id=who.account_id,
        reason=reason,
    )
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)


def _follow(
    context: Context, who: Coordinator, plan_id: uuid.UUID, command: FollowIndicator
) -> None:
    plan = plan_to_change(context, who, plan_id)
    row = own_measure(context, who, plan, command.measure_id)
    texts = (command.name, command.group, command.source)
    reason = check_names(context, plan, texts, texts_of(measure_of(row)), command.reason)
    # Held until the commit, so that two do not get one code.
    context.session.refresh(plan, with_for_update=True)
    of_plan = PlanIndicatorRow.plan_id == plan.id
    codes = context.session.scalars(select(PlanIndicatorRow.code).where(of_plan)).all()
    indicator = Indicator(
        code=_free(codes),
        name=command.name,
        unit=command.unit,
        group=command.group,
        source=command.source,
        baseline=command.baseline,
        target=command.target,
    )
    add_indicator(context, plan.id, indicator, row.id, len(codes))
    add_change(
        context,
        plan.id,
        "indicator",
        command.name,
        measure_id=row.id,
        account_id=who.account_id,
        reason=reason,
    )
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)


def _free(codes: Sequence[str]) -> str:
    """A code that no indicator of the plan has; a plan that was rolled over may have gaps."""
    return next(code for at in count(1) if (code := f"own_{at}") not in codes)


def _note(context: Context, who: Coordinator, plan_id: uuid.UUID, command: NoteReading) -> None:
    plan = plan_to_change(context, who, plan_id)
    asked = (PlanIndicatorRow.plan_id == plan.id) & (PlanIndicatorRow.code == command.indicator)
    # Held until the commit, so that two readings for one time are not made at once.
    indicator = context.session.scalar(select(PlanIndicatorRow).where(asked).with_for_update())
    if indicator is None:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    if not is_partial_date(command.on) or command.on > norwegian_date(context.at).isoformat():
        raise PlanRefusedError("plan.time")
    same = (PlanReadingRow.indicator_id == indicator.id) & (PlanReadingRow.read_on == command.on)
    standing = context.session.scalar(select(PlanReadingRow).where(same))
    old = "" if standing is None else _reading(indicator, command.on, standing.value)
    if standing is None:
        add_reading(context, indicator.id, Reading(command.on, command.value))
    else:
        standing.value = hundredths(command.value) or 0
    new = _reading(indicator, command.on, hundredths(command.value) or 0)
    if new != old:
        add_change(
            context,
            plan.id,
            "reading",
            new,
            old=old,
            measure_id=indicator.measure_id,
            account_id=who.account_id,
        )
        context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)


def _reading(indicator: PlanIndicatorRow, on: str, value: int) -> str:
    return f"{indicator.name}: {on}: {Decimal(value) / 100}"


def own_measure(
    context: Context, who: Coordinator, plan: PlanRow, measure_id: uuid.UUID
) -> PlanMeasureRow:
    """The row of a measure of this plan, held until the commit; AccessDenied for any other."""
    asked = (PlanMeasureRow.id == measure_id) & (PlanMeasureRow.plan_id == plan.id)
    row = context.session.scalar(select(PlanMeasureRow).where(asked).with_for_update())
    if row is None:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    return row


def check_names(
    context: Context, row: PlanRow, texts: Sequence[str], before: Sequence[str], reason: str
) -> str:
    """The reason to keep in the history: empty where no text seems to name anybody.

    Raises PlanRefusedError with the words that were found where a reason is needed and not given.
    """
    found = names_in(texts, before=before, plan=all_texts(stored_plan(context, row).plan))
    if found and not reason.strip():
        raise PlanRefusedError("plan.names", found)
    return reason.strip() if found else ""
