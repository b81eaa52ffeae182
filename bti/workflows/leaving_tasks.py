"""What leaving puts on worklists: one's own last day, colleagues who go, and batons nobody holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain import deadlines
from bti.domain.codes import Role
from bti.domain.deadlines import Pressing
from bti.domain.leaving import ItemKind
from bti.workflows import leaving
from bti.workflows.worklist_rows import TaskKind
from bti.workflows.worklist_tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.leaving import Leaver


def leaving_tasks(context: Context, subject: Subject) -> tuple[Task, ...]:
    """Return the person's tasks about people who leave. By case number: no case is opened."""
    own = leaving.mine(context)
    found = [] if own is None else [_own(context, own)]
    if subject.role is Role.UNIT_LEAD:
        for one in leaving.of_unit(context):
            found.extend(_of_leaver(context, one))
    return tuple(found)


def _own(context: Context, own: Leaver) -> Task:
    return Task(
        kind=TaskKind.LEAVING,
        pressing=_pressing(context, own.leaves_on),
        due_on=own.leaves_on,
        count=len(own.items),
    )


def _of_leaver(context: Context, one: Leaver) -> Iterator[Task]:
    if one.gone:
        for item in one.items:
            if item.kind is ItemKind.BATON and item.case_id is not None:
                yield Task(
                    kind=TaskKind.GAP,
                    pressing=Pressing.TODAY,
                    case_id=item.case_id,
                    number=item.number,
                    about=one.name,
                )
        return
    yield Task(
        kind=TaskKind.LEAVER,
        pressing=_pressing(context, one.leaves_on),
        due_on=one.leaves_on,
        about=one.name,
        count=len(one.items),
    )


def _pressing(context: Context, day: date | None) -> Pressing:
    if day is None:
        return Pressing.LATER
    return deadlines.pressing(day, context.today, context.profile)
