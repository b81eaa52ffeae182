"""What putting two logs together leaves to do, for whoever has the baton of one of them. Opens no case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Case
from bti.domain.approval import ApprovalState
from bti.domain.deadlines import Pressing
from bti.domain.join import is_handed_on
from bti.workflows.double import beside, facts_of
from bti.workflows.join import questions
from bti.workflows.join_here import continued_here
from bti.workflows.worklist_rows import Relation, TaskKind
from bti.workflows.worklist_tasks import Task

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator

    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.worklist_rows import Row


def join_tasks(context: Context, subject: Subject, rows: Iterable[Row]) -> tuple[Task, ...]:
    """Return what waits: a question to answer, a yes to carry out, a log that ended, and what was due in one."""
    held = {row.case_id: row for row in rows if row.relation is Relation.HOLDER}
    if not held:
        return ()
    me = subject.account_id
    asked = [
        _task(held[one.case("into")], "asked")
        for one in questions(context, into=held)
        if one.state is ApprovalState.WAITING and one.by != me
    ]
    agreed = [
        _task(held[one.case("log")], "agreed")
        for one in questions(context, log=held)
        if one.state is ApprovalState.GIVEN and one.by == me
    ]
    return (
        *asked,
        *agreed,
        *(_task(row, "over") for row in _left(context, held)),
        *_handed_on(context, held),
    )


def _left(context: Context, held: dict[uuid.UUID, Row]) -> list[Row]:
    """Return the logs that are set aside for one that nobody works with any more."""
    aside = [
        (row.ops.continued.into, row)
        for row in held.values()
        if row.ops.continued is not None and row.ops.set_aside
    ]
    if not aside:
        return []
    found = context.session.scalars(select(Case).where(Case.id.in_([one for one, _ in aside])))
    there = {case.id for case in found if facts_of(case).is_there}
    return [row for into, row in aside if into not in there]


def _handed_on(context: Context, held: dict[uuid.UUID, Row]) -> Iterator[Task]:
    """Return what was due in logs that are continued in these, around its day."""
    soon = context.profile.soon_days
    found = beside(context, context.person.tenant_id, list(held))
    for case in (mine for mine, _ in found):
        for other in continued_here(context, case):
            near = [one for one in other.due if is_handed_on(one, context.today, soon_days=soon)]
            if near:
                yield replace(_task(held[case.id], "due"), due_on=near[0].on)


def _task(row: Row, about: str) -> Task:
    return Task(
        kind=TaskKind.JOIN,
        pressing=Pressing.SOON,
        case_id=row.case_id,
        number=row.number,
        child=row.child,
        group=row.group,
        about=about,
    )
