"""Measures over time: what was tried, how long, and how it went, for whoever may read them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action as AuditAction
from bti.domain.access import Action
from bti.domain.measure_chart import Chart, chart
from bti.workflows.case_file import Kind, child_of, entries, of_kind
from bti.workflows.plan_facts import evaluations_in, measure_facts
from bti.workflows.plan_view import GoalView, MeasureView, goals_in

if TYPE_CHECKING:
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The page. ``chart`` is None where no measure has a first day; its bars are those of ``goals``."""

    case_id: uuid.UUID
    child: str = field(repr=False)
    goals: tuple[GoalView, ...] = field(repr=False)
    chart: Chart | None

    @property
    def by_id(self) -> dict[uuid.UUID, MeasureView]:
        """Every measure one may read."""
        return {one.id: one for goal in self.goals for one in goal.measures}


def overview(context: Context, *, case_id: uuid.UUID) -> Overview:
    """Return the measures one may read, over time. Raises ``AccessDenied``."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=AuditAction.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    goals = goals_in(context, records)
    shown = {one.id for goal in goals for one in goal.measures}
    read = {one.id for goal in goals for measure in goal.measures for one in measure.evaluations}
    # An evaluation that is closed to the reader leaves no mark, and moves no end of a bar.
    readable = tuple(one for one in records if one.id in read)
    return Overview(
        case_id=case_id,
        child=child_of(context, case_id).first_name,
        goals=goals,
        chart=chart(
            [measure_facts(one) for one in of_kind(records, Kind.MEASURE) if one.id in shown],
            evaluations_in(readable),
            today=context.today,
        ),
    )
