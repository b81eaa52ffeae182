"""What dates put on worklists beside those a case carries itself: an invitation, and a leader's turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain import deadlines
from bti.domain.codes import Role
from bti.domain.deadlines import DueKind, Pressing
from bti.domain.levels import Level
from bti.workflows import absence, follow_up
from bti.workflows.due import dates_in
from bti.workflows.worklist_rows import Relation, TaskKind
from bti.workflows.worklist_tasks import Task, task_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.worklist_rows import Row

_STEERING = frozenset({Relation.HOLDER, Relation.FOLLOWER})


def due_tasks(context: Context, subject: Subject, rows: Collection[Row]) -> tuple[Task, ...]:
    """Return what dates put on the person's list beside those that a case carries itself.

    Invitations that are due soon, how many dates wait for a leader, and whom one stands in for.
    """
    found = list(_invitations(context, subject, rows))
    if subject.role is Role.UNIT_LEAD:
        count = follow_up.count_for_leader(context, subject)
        if count:
            found.append(Task(kind=TaskKind.FOLLOW_UP, pressing=Pressing.TODAY, count=count))
    found += [
        Task(
            kind=TaskKind.STAND_IN,
            pressing=Pressing.SOON,
            due_on=one.to_on,
            about=one.name,
            count=one.waiting,
        )
        for one in absence.standing_in(context, subject)
    ]
    return tuple(found)


def _invitations(context: Context, subject: Subject, rows: Collection[Row]) -> Iterator[Task]:
    steered = {
        row.case_id: row
        for row in rows
        if row.relation in _STEERING and row.level == Level.SEVERAL_SERVICES
    }
    if not steered:
        return
    for case in dates_in(context, subject.tenant_id, context.profile, among=steered):
        for due in case.dates:
            soon = deadlines.pressing(due.on, context.today, case.rules) is not Pressing.LATER
            if due.kind is DueKind.INVITATION and soon:
                yield task_of(context, TaskKind.INVITATION, steered[case.case_id], due.on)
