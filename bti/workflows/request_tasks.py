"""Requests for access and correction as tasks: for the baton holder, or the leader where there is none.

The data protection officer follows the clock and sees nothing of the case; this is how those who do see it
are asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bti.db.models import Case, DeskMatter, Log
from bti.domain import deadlines
from bti.domain.codes import Role
from bti.domain.rights_request import Right
from bti.workflows import desk_matter
from bti.workflows.case_file import ops_of
from bti.workflows.rights_request import answering, facts_of_clock
from bti.workflows.worklist_rows import TaskKind
from bti.workflows.worklist_tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import ColumnElement

    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.worklist_rows import Row


def request_tasks(context: Context, subject: Subject, rows: Iterable[Row]) -> tuple[Task, ...]:
    """Return what this person is to give or correct, by case number; by name where ``rows`` has it."""
    cases = {
        case.id: case
        for case in _cases(context, subject)
        if _is_theirs(subject, case, answering(context, case))
    }
    if not cases:
        return ()
    named = {row.case_id: row for row in rows}
    waiting = [
        (clock.case_id, facts)
        for clock in desk_matter.clocks(context, list(cases))
        if not (facts := facts_of_clock(clock)).answered
    ]
    return tuple(
        _task(context, facts.due_on, facts.right, cases[case_id], named.get(case_id))
        for right in Right
        for case_id, facts in waiting
        if facts.right is right
    )


def _cases(context: Context, subject: Subject) -> tuple[Case, ...]:
    """Return the cases with a request that may be this person's: two tables, one question."""
    asked = select(DeskMatter.case_id).where(
        DeskMatter.tenant_id == subject.tenant_id, DeskMatter.kind.in_([one.value for one in Right])
    )
    held = select(Log.case_id).where(
        Log.tenant_id == subject.tenant_id,
        Log.holder_id == subject.account_id,
        Log.holder_unit_id == subject.unit_id,
    )
    theirs: list[ColumnElement[bool]] = [Case.id.in_(held)]
    if subject.role is Role.UNIT_LEAD:
        theirs.append(Case.unit_id == subject.unit_id)
    wanted = select(Case).where(
        Case.tenant_id == subject.tenant_id, Case.id.in_(asked), or_(*theirs)
    )
    return tuple(context.session.scalars(wanted))


def _is_theirs(subject: Subject, case: Case, log: Log | None) -> bool:
    if log is None:
        return subject.role is Role.UNIT_LEAD and case.unit_id == subject.unit_id
    protection = ops_of(case).protection
    named = protection is None or subject.account_id in protection.readers
    return named and (log.holder_id, log.holder_unit_id) == (subject.account_id, subject.unit_id)


def _task(context: Context, due_on: date, right: Right, case: Case, row: Row | None) -> Task:
    return Task(
        kind=TaskKind.REQUEST,
        pressing=deadlines.pressing(due_on, context.today, context.profile),
        due_on=due_on,
        days_over=deadlines.days_over(due_on, context.today),
        case_id=case.id,
        number=case.number,
        child=row.child if row is not None else "",
        group=row.group if row is not None else "",
        about=right.value,
    )
