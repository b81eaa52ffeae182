"""The year of a municipality as it stands in the database: tasks, and beside them meetings and days of the plan.

Meetings and plan are read where they are and never copied. Who is shown which of them is decided there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.body import Body, BodyKind
from bti.slt.body_stored import body_of, names_of, own_bodies
from bti.slt.history import HistoryLine, add_line, history_of
from bti.slt.meeting import MeetingState, may_read
from bti.slt.meeting_models import MeetingRow
from bti.slt.meeting_stored import meeting_of, reader_of
from bti.slt.models import PlanMeasureRow, PlanRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator
from bti.slt.year import (
    Occurrence,
    Standing,
    Task,
    Weekday,
    Which,
    days_in,
    occurrences,
    standing,
)
from bti.slt.year_models import YearChangeRow, YearDoneRow, YearTaskRow


class LineKind(StrEnum):
    """What a line of the year is, in the order lines of one day stand."""

    MEETING = "meeting"
    TASK = "task"
    MEASURE = "measure"


@dataclass(frozen=True, slots=True)
class Done:
    """Who marked a task as done, and when."""

    account_id: uuid.UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class YearLine:
    """One thing of a year. ``id`` is of the task, meeting or measure; ``plan_id`` of the plan of a measure.

    ``month`` is 0 for what has none. ``on`` is the day, None where a whole month or year is meant.
    """

    kind: LineKind
    id: uuid.UUID
    title: str
    language: str
    month: int
    due: date
    on: date | None
    standing: Standing
    responsible: str = ""
    done: Done | None = None
    inferred: bool = False
    plan_id: uuid.UUID | None = None
    #: Of a meeting: what its body is, and whether it is still its author's own note.
    body_kind: BodyKind | None = None
    private: bool = False
    #: Of a task: why its texts stand that looked as if they named somebody, and how often it was changed.
    kept_because: str = ""
    version: int = 1
    told_from: date | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a body is meant to meet, and how many meetings of it have a day in the year."""

    body_id: uuid.UUID
    body: Body
    dated: int


@dataclass(frozen=True, slots=True)
class YearPage:
    """A year: its lines by day, and the bodies that say how often they meet."""

    year: int
    today: date
    lines: tuple[YearLine, ...]
    frequencies: tuple[Frequency, ...]
    names: dict[uuid.UUID, str]

    def of(self, month: int) -> tuple[YearLine, ...]:
        """The lines of a month, or of none with 0."""
        return tuple(one for one in self.lines if one.month == month)

    @property
    def late(self) -> tuple[YearLine, ...]:
        """What should have been done."""
        return tuple(one for one in self.lines if one.standing is Standing.LATE)


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A task with its occurrences in a year, and for the coordinator its history, newest first."""

    id: uuid.UUID
    version: int
    task: Task
    ended_on: date | None
    year: int
    today: date
    lines: tuple[YearLine, ...]
    changes: tuple[HistoryLine, ...]
    names: dict[uuid.UUID, str]


def show_year(runtime: SltRuntime, who: Coordinator, year: int | None) -> YearPage:
    """A year of the person's municipality, this one if none is named."""
    return perform(runtime, _year, who, year)


def show_task(
    runtime: SltRuntime, who: Coordinator, task_id: uuid.UUID, year: int | None
) -> TaskPage:
    """One task and how it stands in a year. Raises AccessDenied."""
    return perform(runtime, _task, who, task_id, year)


def _year(context: Context, who: Coordinator, wanted: int | None) -> YearPage:
    today = norwegian_date(context.at)
    year = wanted or today.year
    context.record(Happening.YEAR_READ, account_id=who.account_id, code=str(year))
    lines = (
        *task_lines(context, who.municipality_number, year),
        *meeting_lines(context, who, year),
        *_measure_lines(context, who, year),
    )
    kinds = list(LineKind)
    ordered = sorted(lines, key=lambda one: (one.due, kinds.index(one.kind), one.title))
    return YearPage(
        year, today, tuple(ordered), _frequencies(context, who, lines), names_of(context, who)
    )


def _task(context: Context, who: Coordinator, task_id: uuid.UUID, wanted: int | None) -> TaskPage:
    row = own_task(context, who, task_id)
    today = norwegian_date(context.at)
    year = wanted or today.year
    context.record(Happening.YEAR_READ, account_id=who.account_id, code=row.code)
    done = _done(context, [row.id], year)
    keeps = who.role is NetworkRole.COORDINATOR
    return TaskPage(
        id=row.id,
        version=row.version,
        task=task_of(row),
        ended_on=row.ended_on,
        year=year,
        today=today,
        lines=_lines_of(row, year, today, done),
        changes=_changes(context, row.id) if keeps else (),
        names=names_of(context, who),
    )


def own_task(
    context: Context, who: Coordinator, task_id: uuid.UUID, *, held: bool = False
) -> YearTaskRow:
    """The row of a task of the person's municipality, held until the commit if asked; AccessDenied for any other."""
    asked = select(YearTaskRow).where(YearTaskRow.id == task_id)
    row = context.session.scalar(asked.with_for_update() if held else asked)
    if row is None or row.municipality_number != who.municipality_number:
        raise AccessDenied("year.unknown", account_id=who.account_id)
    return row


def task_lines(context: Context, number: str, year: int) -> tuple[YearLine, ...]:
    """The tasks of a municipality in a year. One that ended is shown in what was due before."""
    rows = context.session.scalars(
        select(YearTaskRow)
        .where(YearTaskRow.municipality_number == number)
        .order_by(YearTaskRow.position)
    ).all()
    done = _done(context, [one.id for one in rows], year)
    today = norwegian_date(context.at)
    return tuple(line for row in rows for line in _lines_of(row, year, today, done))


def _lines_of(
    row: YearTaskRow, year: int, today: date, done: dict[tuple[uuid.UUID, int], Done]
) -> tuple[YearLine, ...]:
    found = []
    for one in occurrences(task_of(row), year):
        mark = done.get((row.id, one.month))
        if mark is not None or row.ended_on is None or one.due < row.ended_on:
            found.append(_line(row, one, today, mark))
    return tuple(found)


def _line(row: YearTaskRow, one: Occurrence, today: date, mark: Done | None) -> YearLine:
    stands = standing(one, today, done=mark is not None)
    if stands is Standing.LATE and one.due < norwegian_date(row.created_at):
        # What was due before the task was written down was nobody's to do.
        stands = Standing.PAST
    return YearLine(
        kind=LineKind.TASK,
        id=row.id,
        title=row.title,
        language=row.language,
        month=one.month,
        due=one.due,
        on=one.due if one.task.has_day else None,
        standing=stands,
        responsible=row.responsible,
        done=mark,
        inferred=row.inferred,
        kept_because=row.kept_because,
        version=row.version,
        told_from=one.told_from,
    )


def meeting_lines(context: Context, who: Coordinator, year: int) -> tuple[YearLine, ...]:
    """The meetings of a year that the person may read."""
    today = norwegian_date(context.at)
    found = []
    for row in own_bodies(context, who):
        body, reader = body_of(row), reader_of(context, who, row)
        within = MeetingRow.held_on.between(date(year, 1, 1), date(year, 12, 31))
        asked = select(MeetingRow).where(MeetingRow.body_id == row.id, within)
        for meeting in map(meeting_of, context.session.scalars(asked)):
            if may_read(reader, meeting, body):
                held = meeting.held_on
                ahead = Standing.AHEAD if held > today else Standing.NOW
                finished = meeting.state is MeetingState.FINISHED
                past = Standing.DONE if finished else Standing.PAST
                found.append(
                    YearLine(
                        kind=LineKind.MEETING,
                        id=meeting.id,
                        title=f"{body.name}: {meeting.title}",
                        language=body.language,
                        month=held.month,
                        due=held,
                        on=held,
                        standing=past if held < today or finished else ahead,
                        body_kind=body.kind,
                        private=meeting.state is MeetingState.PRIVATE,
                    )
                )
    return tuple(found)


def _measure_lines(context: Context, who: Coordinator, year: int) -> tuple[YearLine, ...]:
    """The measures of the municipality's plans that name a day of the year; members of bodies read no plan."""
    if who.role is NetworkRole.MEMBER:
        return ()
    today = norwegian_date(context.at)
    rows = context.session.execute(
        select(PlanMeasureRow, PlanRow.language)
        .join(PlanRow, PlanRow.id == PlanMeasureRow.plan_id)
        .where(
            PlanRow.municipality_number == who.municipality_number,
            PlanRow.first_day <= date(year, 12, 31),
            PlanRow.last_day >= date(year, 1, 1),
        )
    )
    return tuple(
        YearLine(
            kind=LineKind.MEASURE,
            id=row.id,
            title=f"{row.number}. {row.title}",
            language=language,
            month=on.month,
            due=on,
            on=on,
            standing=_of_measure(row, on, today),
            responsible=", ".join(row.responsible.split("\n")) if row.responsible else "",
            plan_id=row.plan_id,
        )
        for row, language in rows
        for on in days_in(row.timing)
        if on.year == year
    )


def _of_measure(row: PlanMeasureRow, on: date, today: date) -> Standing:
    if row.status in {"done", "stopped"}:
        return Standing.DONE
    return Standing.PAST if on < today else Standing.AHEAD


def _frequencies(
    context: Context, who: Coordinator, lines: tuple[YearLine, ...]
) -> tuple[Frequency, ...]:
    today = norwegian_date(context.at)
    meetings = {one.id for one in lines if one.kind is LineKind.MEETING}
    found = []
    for row in own_bodies(context, who):
        over = row.dissolved_on is not None or (row.ends is not None and row.ends < today)
        if row.meetings_a_year and not over:
            asked = select(MeetingRow.id).where(MeetingRow.body_id == row.id)
            dated = len(meetings & set(context.session.scalars(asked)))
            found.append(Frequency(row.id, body_of(row), dated))
    return tuple(found)


def _done(context: Context, tasks: list[uuid.UUID], year: int) -> dict[tuple[uuid.UUID, int], Done]:
    rows = context.session.scalars(
        select(YearDoneRow).where(YearDoneRow.task_id.in_(tasks), YearDoneRow.year == year)
    )
    return {(one.task_id, one.month): Done(one.account_id, one.at) for one in rows}


def task_of(row: YearTaskRow) -> Task:
    """The task of a row."""
    return Task(
        code=row.code,
        title=row.title,
        language=row.language,
        purpose=row.purpose,
        responsible=row.responsible,
        months=tuple(int(one) for one in row.months.split()),
        day=row.day,
        which=Which(row.which) if row.which else None,
        weekday=Weekday(row.weekday) if row.weekday else None,
        only_year=row.only_year,
        lead_days=row.lead_days,
        document=row.document,
        place=row.place,
        inferred=row.inferred,
        kept_because=row.kept_because,
    )


def put(row: YearTaskRow, task: Task) -> None:
    """Write what may change in a task on its row."""
    row.title, row.purpose, row.responsible = task.title, task.purpose, task.responsible
    row.months = " ".join(map(str, task.months))
    row.day, row.only_year, row.lead_days = task.day, task.only_year, task.lead_days
    row.which, row.weekday = str(task.which or ""), str(task.weekday or "")
    row.document, row.place, row.inferred = task.document, task.place, task.inferred
    row.kept_because = task.kept_because


def add_change(
    context: Context,
    task_id: uuid.UUID,
    part: str,
    new: str,
    *,
    old: str = "",
    account_id: uuid.UUID | None = None,
    reason: str = "",
) -> None:
    """Add to the history, in the same transaction as what it tells of."""
    row = YearChangeRow(
        task_id=task_id, account_id=account_id, part=part, old=old, new=new, reason=reason
    )
    add_line(context, row, YearChangeRow.task_id, YearTaskRow.id)


def _changes(context: Context, task_id: uuid.UUID) -> tuple[HistoryLine, ...]:
    return history_of(context, YearChangeRow, YearChangeRow.task_id, task_id)
