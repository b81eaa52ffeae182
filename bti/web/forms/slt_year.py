"""The forms of the year wheel: a task, its mark as done, its end. None has a field for a person."""

from __future__ import annotations

import re
from typing import Any, Final

import wtforms
from flask_babel import gettext, lazy_gettext
from wtforms.validators import StopValidation

from bti.slt.year import FIRST_YEAR, LAST_YEAR, LONGEST_LEAD, Month, Task, Weekday, Which
from bti.slt.year_change import WriteTask
from bti.slt.year_file import LONG, LONGEST_MONTH
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, ListField, TextField, TicksField
from bti.web.forms.slt_body import ReasonedForm, WholeField
from bti.web.slt_year_labels import choices

_OCCURRENCE: Final = re.compile(r"(\d{4})-(0\d|1[0-2])", re.ASCII)
_MARKS: Final = {"yes": True, "no": False}


class TaskForm(ReasonedForm):
    """A task as it stands now, or a new one."""

    title = TextField(
        lazy_gettext("What is to be done"),
        description=lazy_gettext("It may stand in calendars and e-mail. Nothing about a person."),
    )
    purpose = AreaField(lazy_gettext("What it is for"), required=False, max_length=LONG)
    responsible = TextField(
        lazy_gettext("Responsible"),
        required=False,
        description=lazy_gettext("A function or a service. Never the name of a person."),
    )
    months = TicksField(
        lazy_gettext("Months"),
        help=None,
        description=lazy_gettext("None: some time in the year."),
    )
    day = WholeField(
        lazy_gettext("Day in the month"),
        low=1,
        high=LONGEST_MONTH,
        description=lazy_gettext("31 is the last day of every month. Empty: the whole month."),
    )
    which = ListField(
        lazy_gettext("Or which weekday of the month"), required=False, blank=lazy_gettext("None")
    )
    weekday = ListField(lazy_gettext("Weekday"), required=False, blank=lazy_gettext("None"))
    only_year = WholeField(
        lazy_gettext("Only in the year"),
        low=FIRST_YEAR,
        high=LAST_YEAR,
        description=lazy_gettext("Empty: every year."),
    )
    lead_days = WholeField(
        lazy_gettext("Reminded of so many days before"), low=0, high=LONGEST_LEAD
    )

    def prepare(self) -> None:
        """Offer the vocabularies."""
        self.months.choices = choices("month")
        self.which.choices = choices("which")
        self.weekday.choices = choices("weekday")

    def validate_lead_days(self, field: WholeField) -> None:
        """Raise StopValidation where no number was written: a reminder has a day."""
        if field.number is None:
            raise StopValidation(gettext("This must be filled in."))

    def to_command(self) -> WriteTask:
        """What is wanted, for the workflow."""
        return WriteTask(
            version=self.version.data,
            title=self.title.data or "",
            purpose=self.purpose.data or "",
            responsible=self.responsible.data or "",
            months=tuple(Month(one).number for one in self.months.data or ()),
            day=self.day.number,
            which=Which(self.which.data) if self.which.data else None,
            weekday=Weekday(self.weekday.data) if self.weekday.data else None,
            only_year=self.only_year.number,
            lead_days=self.lead_days.number or 0,
            reason=self.reason.data or "",
        )


class OccurrenceField(wtforms.HiddenField):
    """A month of a year as 2026-03, or 2026-00 for some time in it; ``when`` once it was validated."""

    shape = "hidden"

    @property
    def when(self) -> tuple[int, int]:
        """Year and month."""
        year, month = (self.data or "").split("-")
        return int(year), int(month)

    def pre_validate(self, _form: object) -> None:
        """Raise StopValidation for anything else."""
        match = _OCCURRENCE.fullmatch(self.data or "")
        if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            raise StopValidation(gettext("The form is damaged. Open the page again."))

    def _value(self) -> str:
        return str(self.object_data or "")


class MarkField(wtforms.HiddenField):
    """Yes or no."""

    shape = "hidden"

    def pre_validate(self, _form: object) -> None:
        """Raise StopValidation for anything else."""
        if self.data not in _MARKS:
            raise StopValidation(gettext("The form is damaged. Open the page again."))

    def _value(self) -> str:
        return str(self.object_data or "")


class MarkForm(BaseForm):
    """A task is done, or is not after all."""

    occurrence = OccurrenceField()
    done = MarkField()

    @property
    def is_done(self) -> bool:
        """What was said, once the form has been validated."""
        return _MARKS[str(self.done.data)]


def mark_form(year: int, month: int, *, done: bool) -> MarkForm:
    """The form of a button, as it stands on a page."""
    values: dict[str, Any] = {"occurrence": f"{year}-{month:02}", "done": "yes" if done else "no"}
    return MarkForm(data=values)


class EndForm(BaseForm):
    """A task that ends; only the version it was read in."""


class MailForm(BaseForm):
    """Where somebody is reminded."""

    address = TextField(
        lazy_gettext("Your e-mail address at work"),
        description=lazy_gettext(
            "It is kept sealed. No page shows it again, so write it anew to change it."
        ),
        max_length=120,
    )


def as_it_stands(task: Task) -> dict[str, object]:
    """The values the form begins with."""
    months = list(Month)
    numbers = ("day", "only_year", "lead_days")
    return {
        "title": task.title,
        "purpose": task.purpose,
        "responsible": task.responsible,
        "months": [str(months[one - 1]) for one in task.months],
        "which": str(task.which) if task.which else None,
        "weekday": str(task.weekday) if task.weekday else None,
        **{name: str(v) for name in numbers if (v := getattr(task, name)) is not None},
    }
