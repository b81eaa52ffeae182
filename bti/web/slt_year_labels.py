"""The vocabularies of the year wheel as people read them; loaded with the network side alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from bti.slt.year import MONTHS, Month, Standing, Task, Weekday, Which
from bti.slt.year_stored import LineKind

WHICH: Final[Mapping[StrEnum, Any]] = {
    Which.FIRST: _l("The first"),
    Which.SECOND: _l("The second"),
    Which.THIRD: _l("The third"),
    Which.FOURTH: _l("The fourth"),
    Which.LAST: _l("The last"),
}
KIND: Final[Mapping[StrEnum, Any]] = {
    LineKind.MEETING: _l("Meeting"),
    LineKind.TASK: _l("Task"),
    LineKind.MEASURE: _l("Measure in the plan"),
}
STANDING: Final[Mapping[StrEnum, Any]] = {
    Standing.DONE: _l("Done"),
    Standing.LATE: _l("Late"),
    Standing.NOW: _l("Now"),
    Standing.AHEAD: _l("Ahead"),
    Standing.PAST: _l("Past"),
}
#: What a line of the history is about.
PART: Final[Mapping[str, Any]] = {
    "title": _l("What is to be done"),
    "purpose": _l("What it is for"),
    "responsible": _l("Responsible"),
    "months": _l("Months"),
    "day": _l("Day in the month"),
    "which": _l("Which weekday of the month"),
    "weekday": _l("Weekday"),
    "only_year": _l("Only in the year"),
    "lead_days": _l("Reminded of so many days before"),
    "task": _l("New task"),
    "imported": _l("Brought in from a file"),
    "done": _l("Marked as done"),
    "not_done": _l("Mark taken away"),
    "ended": _l("Ended"),
}
VOCABULARIES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "which": WHICH,
    "kind": KIND,
    "standing": STANDING,
    "part": PART,
}


#: A Monday, from which the days of a week are counted.
_MONDAY: Final = date(2001, 1, 1)


def choices(vocabulary: str) -> list[tuple[str, Any]]:
    """Pairs of value and label for a form, in the order of the vocabulary; also of months and weekdays."""
    if vocabulary == "month":
        return [(str(one), month_label(one.number)) for one in Month]
    if vocabulary == "weekday":
        return [(str(one), _upper(_weekday(one))) for one in Weekday]
    return [(str(code), text) for code, text in VOCABULARIES[vocabulary].items()]


def year_label(value: str, vocabulary: str) -> str:
    """The label of a code: the template filter ``code|year_label("kind")``."""
    return str(VOCABULARIES[vocabulary][value])


def month_label(month: int) -> str:
    """The name of a month, 1 to 12, as a heading: the template filter ``month|month_label``."""
    return _upper(_month(month, "LLLL"))


def month_short(month: int) -> str:
    """Its name in few letters, as it stands on the wheel."""
    return _month(month, "LLL").rstrip(".")


def _month(month: int, pattern: str = "LLLL") -> str:
    return format_date(date(2000, month, 1), pattern, locale=str(get_locale()))


def _weekday(weekday: Weekday) -> str:
    day = _MONDAY + timedelta(days=list(Weekday).index(weekday))
    return format_date(day, "EEEE", locale=str(get_locale()))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def year_change(value: str, part: str) -> str:
    """What stands in a line of the history: codes in words, texts as they are."""
    if part == "months":
        return ", ".join(_month(int(one)) for one in value.split())
    if part == "weekday" and value:
        return _weekday(Weekday(value))
    return str(VOCABULARIES.get(part, {}).get(value, value))


def when_label(task: Task) -> str:
    """When a task comes back, in words."""
    if not task.months:
        return str(gettext("Some time in the year"))
    months = ", ".join(_month(one) for one in task.months)
    if task.months == MONTHS:
        months = str(gettext("every month"))
    if task.day is not None:
        return str(gettext("Day %(day)s of %(months)s", day=task.day, months=months))
    if task.which is not None and task.weekday is not None:
        which, weekday = year_label(task.which, "which"), _weekday(task.weekday)
        return str(
            gettext(
                "%(which)s %(weekday)s of %(months)s", which=which, weekday=weekday, months=months
            )
        )
    return str(gettext("In %(months)s", months=months))


def register(app: Flask) -> None:
    """Add the filters."""
    app.add_template_filter(year_label)
    app.add_template_filter(month_label)
    app.add_template_filter(year_change)
