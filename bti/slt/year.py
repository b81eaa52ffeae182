"""The year wheel: what comes back every year, by which function, in which months and by which day. Pure.

A task is work of a function and never of a person. What no document says is empty; where we read more into one than it
says, the task tells so. A day is a calendar day in Norway.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.deadlines import is_working_day


class Which(StrEnum):
    """Which of a weekday's days in a month."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"


class Weekday(StrEnum):
    """The days of a week, in their order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Month(StrEnum):
    """The months of a year, in their order."""

    JANUARY = "january"
    FEBRUARY = "february"
    MARCH = "march"
    APRIL = "april"
    MAY = "may"
    JUNE = "june"
    JULY = "july"
    AUGUST = "august"
    SEPTEMBER = "september"
    OCTOBER = "october"
    NOVEMBER = "november"
    DECEMBER = "december"

    @property
    def number(self) -> int:
        """From 1 to 12."""
        return list(Month).index(self) + 1


MONTHS: Final = tuple(range(1, 13))
NO_MONTH: Final = 0
"""Where a task is done once in a year and nobody has said when."""
FIRST_YEAR, LAST_YEAR = 1901, 2198
LONGEST_LEAD: Final = 180
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, and when. ``months`` empty: some time in the year.

    Without ``day`` and ``which`` the whole month is meant, and its last day is the day it is due. ``day`` 31 is the last day
    of a shorter month. ``only_year`` is for what is said of one year alone.
    """

    code: str
    title: str
    language: str = "nb"
    purpose: str = ""
    #: A function or a service; empty where nobody has said so.
    responsible: str = ""
    months: tuple[int, ...] = ()
    day: int | None = None
    which: Which | None = None
    weekday: Weekday | None = None
    only_year: int | None = None
    #: Days before it is due that it is reminded of.
    lead_days: int = 14
    #: What says so, and where in it. Empty: it was decided here.
    document: str = ""
    place: str = ""
    #: The time is how we read the document, and not what it says.
    inferred: bool = False
    #: Why a text stands that looked as if it named somebody.
    kept_because: str = ""

    @property
    def has_day(self) -> bool:
        """Whether it is due on a day, and not some time in a month."""
        return self.day is not None or self.which is not None


class TaskFault(StrEnum):
    """Why a task cannot be as it is wanted."""

    DAY = "year.day"
    MONTHS = "year.months"


def fault_of(task: Task) -> TaskFault | None:
    """The first thing that is wrong with a task, or None."""
    if (task.which is None) != (task.weekday is None) or (task.day is not None and task.which):
        return TaskFault.DAY
    if task.has_day and not task.months:
        return TaskFault.MONTHS
    return None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A task in one month of one year, or some time in the year (``NO_MONTH``). It is due at the end of ``due``."""

    task: Task
    year: int
    month: int
    due: date

    @property
    def told_from(self) -> date:
        """The first day on which it is reminded of: never a day when nobody is at work."""
        day = self.due - timedelta(days=self.task.lead_days)
        while not is_working_day(day):
            day -= timedelta(days=1)
        return day


def due_in(task: Task, year: int, month: int) -> date:
    """The day by which a task is done in a month; ``NO_MONTH`` is the last day of the year."""
    if month == NO_MONTH:
        return date(year, 12, 31)
    first, days = monthrange(year, month)
    if task.day is not None:
        return date(year, month, min(task.day, days))
    if task.which is None or task.weekday is None:
        return date(year, month, days)
    begin = (list(Weekday).index(task.weekday) - first) % _WEEK + 1
    if task.which is Which.LAST:
        return date(year, month, begin + (days - begin) // _WEEK * _WEEK)
    return date(year, month, begin + list(Which).index(task.which) * _WEEK)


def occurrences(task: Task, year: int) -> tuple[Occurrence, ...]:
    """When a task is due in a year, in order; none in another year than its only one."""
    if task.only_year is not None and task.only_year != year:
        return ()
    return tuple(
        Occurrence(task, year, month, due_in(task, year, month))
        for month in task.months or (NO_MONTH,)
    )


class Standing(StrEnum):
    """How something of the year stands today."""

    DONE = "done"
    LATE = "late"
    NOW = "now"
    AHEAD = "ahead"
    PAST = "past"


def standing(one: Occurrence, today: date, *, done: bool) -> Standing:
    """How a task stands: late from the day after it was due; now from the day it is reminded of."""
    if done:
        return Standing.DONE
    if one.due < today:
        return Standing.LATE
    return Standing.NOW if one.told_from <= today else Standing.AHEAD


def is_told(told_from: Iterable[date], *, today: date, last_on: date | None) -> bool:
    """Whether a reminder is due today of what waits from these days on; ``last_on`` is the day of the one before.

    On working days. What is new is told at once, what waits longer once a week; never twice in a day.
    """
    current = [one for one in told_from if one <= today]
    if not current or not is_working_day(today):
        return False
    if last_on is None:
        return True
    if last_on >= today:
        return False
    monday = today - timedelta(days=today.weekday())
    return last_on < monday or any(one > last_on for one in current)


_DAY: Final = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.]?\d)", re.ASCII)


def days_in(text: str) -> tuple[date, ...]:
    """The days that stand in a text as 01.12.2026, each once, in order. Nothing else is guessed."""
    found = []
    for day, month, year in _DAY.findall(text):
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return tuple(sorted(set(found)))


def texts_of(task: Task) -> tuple[str, ...]:
    """Every text of a task that a person may have written."""
    return tuple(text for text in (task.title, task.purpose, task.responsible) if text)
