"""What happens to the tasks of a year: taken in from a file, made, changed, ended, and marked as done. Everything is tracked.

Each call is one transaction. A text that seems to name somebody is kept only with a reason, which stands in the history.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bti.clock import norwegian_date
from bti.slt.body_change import words_of
from bti.slt.models import REASON_LENGTH
from bti.slt.own_codes import CODE_LENGTH, codes_of, has_coordinator, next_own
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_names import names_in, persons_in
from bti.slt.positions import made_before
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator
from bti.slt.year import Task, Weekday, Which, fault_of, occurrences, texts_of
from bti.slt.year_file import MOST_TASKS, YearFile
from bti.slt.year_models import YearDoneRow, YearTaskRow
from bti.slt.year_stored import add_change, own_task, put, task_of


class YearRefusedError(Exception):
    """A task was not changed.

    `code` is one of ``TaskFault``, or `year.` followed by `changed` (somebody was first), `names` (with the words in
    `found`; give a reason), `exists`, `full`, `over` (it has ended) or `municipality`.
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class WriteTask:
    """A task as the coordinator wants it. ``version`` is the one that was read; None for a new task."""

    version: int | None
    title: str
    purpose: str
    responsible: str
    months: tuple[int, ...]
    day: int | None
    which: Which | None
    weekday: Weekday | None
    only_year: int | None
    lead_days: int
    reason: str


def import_year(runtime: SltRuntime, file: YearFile, number: str, *, reason: str = "") -> int:
    """Take tasks in for the municipality with a number, which must have a coordinator; an operator's act.

    Returns how many. Raises YearRefusedError: a task that is there is never written over.
    """
    return perform(runtime, _import, file, number, reason)


def make_task(
    runtime: SltRuntime, who: Coordinator, command: WriteTask, once: uuid.UUID | None = None
) -> uuid.UUID:
    """Make a task and return its id, ``once`` if the form's number is given.

    Raises AccessDenied and YearRefusedError.
    """
    return perform(runtime, _make, who, command, once)


def change_task(
    runtime: SltRuntime, who: Coordinator, task_id: uuid.UUID, command: WriteTask
) -> bool:
    """Change a task, and say whether anything was. Raises AccessDenied and YearRefusedError."""
    return perform(runtime, _change, who, task_id, command)


def end_task(
    runtime: SltRuntime, who: Coordinator, task_id: uuid.UUID, version: int | None
) -> None:
    """End a task today: what was due before stays. Raises AccessDenied and YearRefusedError."""
    perform(runtime, _end, who, task_id, version)


def mark_task(
    runtime: SltRuntime, who: Coordinator, task_id: uuid.UUID, year: int, month: int, *, done: bool
) -> None:
    """Mark a task as done in a month of a year (0: some time in it), or take the mark away. A second time changes nothing.

    Raises AccessDenied where the task is not due then.
    """
    perform(runtime, _mark, who, task_id, year, month, done=done)


def _import(context: Context, file: YearFile, number: str, reason: str) -> int:
    if not has_coordinator(context, number):
        raise YearRefusedError("year.municipality")
    found = persons_in(text for task in file.tasks for text in texts_of(task))
    if found and not reason.strip():
        raise YearRefusedError("year.names", found)
    there = codes_of(context, YearTaskRow.code, YearTaskRow.municipality_number, number)
    if there & {task.code for task in file.tasks}:
        raise YearRefusedError("year.exists")
    if len(there) + len(file.tasks) > MOST_TASKS:
        raise YearRefusedError("year.full")
    for at, task in enumerate(file.tasks):
        kept = reason.strip()[:REASON_LENGTH] if persons_in(texts_of(task)) else ""
        row = _add(context, number, replace(task, kept_because=kept), len(there) + at)
        add_change(context, row.id, "imported", task.document, reason=kept)
    context.record(Happening.YEAR_IMPORTED, code=file.key[:CODE_LENGTH])
    return len(file.tasks)


def _make(
    context: Context, who: Coordinator, command: WriteTask, once: uuid.UUID | None
) -> uuid.UUID:
    only_coordinator(who)
    if once is not None and made_before(context, who.account_id, YearTaskRow, once):
        return once
    there = codes_of(
        context, YearTaskRow.code, YearTaskRow.municipality_number, who.municipality_number
    )
    if len(there) >= MOST_TASKS:
        raise YearRefusedError("year.full")
    empty = Task(code=next_own(there), title="", language=who.language)
    task = _checked(context, who, _wanted(empty, command), empty, command.reason)
    row = _add(context, who.municipality_number, task, len(there), once)
    add_change(
        context, row.id, "task", task.title, account_id=who.account_id, reason=task.kept_because
    )
    context.record(Happening.YEAR_CHANGED, account_id=who.account_id, code=task.code)
    return row.id


def _change(context: Context, who: Coordinator, task_id: uuid.UUID, command: WriteTask) -> bool:
    only_coordinator(who)
    row = own_task(context, who, task_id, held=True)
    before = task_of(row)
    if row.version != command.version:
        raise YearRefusedError("year.changed")
    after = _wanted(before, command)
    was, is_now = said_of(before), said_of(after)
    changed = [part for part in was if was[part] != is_now[part]]
    if not changed:
        return False
    if row.ended_on is not None:
        raise YearRefusedError("year.over")
    after = _checked(context, who, after, before, command.reason)
    put(row, after)
    row.version += 1
    for part in changed:
        add_change(
            context,
            row.id,
            part,
            is_now[part],
            old=was[part],
            account_id=who.account_id,
            reason=after.kept_because if after.kept_because != before.kept_because else "",
        )
    context.record(Happening.YEAR_CHANGED, account_id=who.account_id, code=row.code)
    return True


def _end(context: Context, who: Coordinator, task_id: uuid.UUID, version: int | None) -> None:
    only_coordinator(who)
    row = own_task(context, who, task_id, held=True)
    if row.version != version:
        raise YearRefusedError("year.changed")
    if row.ended_on is not None:
        raise YearRefusedError("year.over")
    row.ended_on = norwegian_date(context.at)
    row.version += 1
    add_change(context, row.id, "ended", row.ended_on.isoformat(), account_id=who.account_id)
    context.record(Happening.YEAR_CHANGED, account_id=who.account_id, code=row.code)


def _mark(
    context: Context, who: Coordinator, task_id: uuid.UUID, year: int, month: int, *, done: bool
) -> None:
    only_coordinator(who)
    row = own_task(context, who, task_id, held=True)
    if month not in {one.month for one in occurrences(task_of(row), year)}:
        raise AccessDenied("year.not_due", account_id=who.account_id)
    there = context.session.get(YearDoneRow, (task_id, year, month))
    if (there is not None) == done:
        return
    if there is not None:
        context.session.delete(there)
    else:
        context.session.add(
            YearDoneRow(
                task_id=task_id, year=year, month=month, account_id=who.account_id, at=context.at
            )
        )
    part = "done" if done else "not_done"
    when = f"{year}-{month:02}" if month else str(year)
    add_change(context, row.id, part, when, account_id=who.account_id)
    context.record(Happening.YEAR_DONE, account_id=who.account_id, code=row.code)


def _wanted(before: Task, command: WriteTask) -> Task:
    """The task as it is wanted. Where its time is changed here, nobody has inferred it, and no document says it."""
    task = replace(
        before,
        title=command.title,
        purpose=command.purpose,
        responsible=command.responsible,
        months=command.months,
        day=command.day,
        which=command.which,
        weekday=command.weekday,
        only_year=command.only_year,
        lead_days=command.lead_days,
    )
    times = ("months", "day", "which", "weekday", "only_year")
    if any(getattr(task, name) != getattr(before, name) for name in times):
        task = replace(task, inferred=False, place="", document="")
    fault = fault_of(task)
    if fault is not None:
        raise YearRefusedError(fault)
    return task


def said_of(task: Task) -> dict[str, str]:
    """What the history compares."""
    return {
        "title": task.title,
        "purpose": task.purpose,
        "responsible": task.responsible,
        "months": " ".join(map(str, task.months)),
        "day": "" if task.day is None else str(task.day),
        "which": str(task.which or ""),
        "weekday": str(task.weekday or ""),
        "only_year": "" if task.only_year is None else str(task.only_year),
        "lead_days": str(task.lead_days),
    }


def _checked(context: Context, who: Coordinator, task: Task, before: Task, reason: str) -> Task:
    """The task with why its texts may stand: asked for what is new in them, and kept while what was asked about stands."""
    words = words_of(context, who)
    found = names_in(texts_of(task), before=texts_of(before), plan=words)
    if found:
        if not reason.strip():
            raise YearRefusedError("year.names", found)
        return replace(task, kept_because=reason.strip())
    still = names_in(texts_of(task), plan=words)
    return replace(task, kept_because=before.kept_because if still else "")


def _add(
    context: Context, number: str, task: Task, position: int, once: uuid.UUID | None = None
) -> YearTaskRow:
    row = YearTaskRow(
        id=once or uuid.uuid4(),
        municipality_number=number,
        position=position,
        code=task.code,
        language=task.language,
        created_at=context.at,
    )
    put(row, task)
    context.session.add(row)
    context.session.flush()
    return row
