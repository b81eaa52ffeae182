"""That there is another log about a child, as a task for whoever has the earlier one, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Log
from bti.domain.deadlines import Pressing
from bti.domain.doubles import is_told
from bti.workflows.double import beside, facts_of
from bti.workflows.worklist_rows import TaskKind
from bti.workflows.worklist_tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.worklist_rows import Row


def double_tasks(context: Context, subject: Subject, rows: Iterable[Row]) -> tuple[Task, ...]:
    """Return a task for each log this person holds beside which somebody opened another. Opens no case."""
    held = context.session.scalars(
        select(Log.case_id).where(
            Log.tenant_id == subject.tenant_id,
            Log.holder_id == subject.account_id,
            Log.holder_unit_id == subject.unit_id,
        )
    ).all()
    named = {row.case_id: row for row in rows}
    return tuple(
        Task(
            kind=TaskKind.DOUBLE,
            pressing=Pressing.LATER,
            case_id=case.id,
            number=case.number,
            child=named[case.id].child,
            group=named[case.id].group,
        )
        for case, others in beside(context, subject.tenant_id, held)
        if case.id in named and any(is_told(facts_of(case), facts_of(other)) for other in others)
    )
