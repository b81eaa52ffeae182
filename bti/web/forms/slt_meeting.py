"""The forms of a meeting: the meeting itself, an agreed action, what became of one, and an addition."""

from __future__ import annotations

import uuid

from flask_babel import gettext, lazy_gettext
from wtforms.validators import StopValidation

from bti.slt.body import Body
from bti.slt.meeting import Action, ActionStatus, Meeting, functions_of
from bti.slt.meeting_after import FollowUp
from bti.slt.meeting_change import AgreeAction, WriteMeeting
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField, TextField, TicksField
from bti.web.forms.slt_body import ReasonedForm
from bti.web.forms.slt_plan import LinesField
from bti.web.slt_body_labels import choices


class MeetingForm(ReasonedForm):
    """A meeting as it stands now, or a new one."""

    held_on = DateField(lazy_gettext("Day"))
    title = TextField(lazy_gettext("What the meeting is called"))
    agenda = LinesField(
        lazy_gettext("Agenda"),
        description=lazy_gettext(
            "One on each line. Actions that wait from earlier meetings come by themselves."
        ),
    )
    present = TicksField(lazy_gettext("Present"))
    guests = LinesField(
        lazy_gettext("Others who were present"),
        description=lazy_gettext(
            "Functions and services, one on each line. Never the name of a person."
        ),
    )
    minutes = AreaField(
        lazy_gettext("Minutes"),
        required=False,
        description=lazy_gettext(
            "Nothing about single children or young people, also without a name."
        ),
    )

    def prepare(self, body: Body, meeting: Meeting | None) -> None:
        """Offer the functions of the body, and those that were present before it changed."""
        before = meeting.present if meeting else ()
        offered = dict.fromkeys((*functions_of(body), *before))
        self.present.choices = [(one, one) for one in offered]

    def to_command(self) -> WriteMeeting:
        """What is wanted, for the workflow."""
        return WriteMeeting(
            version=self.version.data,
            held_on=self.held_on.day,
            title=self.title.data or "",
            agenda=self.agenda.lines,
            present=tuple(self.present.data or ()),
            guests=self.guests.lines,
            minutes=self.minutes.data or "",
            reason=self.reason.data or "",
        )


class StepForm(BaseForm):
    """A meeting that is shared, finished or thrown away; only the version it was read in."""


class ActionForm(ReasonedForm):
    """What is agreed on."""

    what = AreaField(lazy_gettext("What is agreed"), max_length=1000)
    responsible = ListField(
        lazy_gettext("Responsible"), required=False, blank=lazy_gettext("Another function")
    )
    other = TextField(
        lazy_gettext("Another function"),
        required=False,
        description=lazy_gettext("A function or a service. Never the name of a person."),
    )
    due = DateField(lazy_gettext("By"))

    def prepare(self, body: Body) -> None:
        """Offer the functions of the body."""
        self.responsible.choices = [(one, one) for one in functions_of(body)]

    def validate_other(self, field: TextField) -> None:
        """Raise StopValidation unless one function is responsible, and only one."""
        if bool(field.data) == bool(self.responsible.data):
            raise StopValidation(gettext("Choose one function, or write another."))

    def to_command(self) -> AgreeAction:
        """What is agreed, for the workflow."""
        return AgreeAction(
            what=self.what.data or "",
            responsible=self.responsible.data or self.other.data or "",
            due=self.due.day,
            reason=self.reason.data or "",
        )


class FollowUpForm(ReasonedForm):
    """How an action stands."""

    status = RadioField(lazy_gettext("How it stands"))
    note = AreaField(lazy_gettext("What was done"), required=False, max_length=1000)

    def prepare(self) -> None:
        """Offer the vocabulary."""
        self.status.choices = choices("action")

    def to_command(self, meeting_id: uuid.UUID | None) -> FollowUp:
        """What became of it, for the workflow."""
        return FollowUp(
            status=ActionStatus(self.status.data),
            note=self.note.data or "",
            meeting_id=meeting_id,
            reason=self.reason.data or "",
        )


class AdditionForm(ReasonedForm):
    """What is added to finished minutes."""

    text = AreaField(lazy_gettext("What is added"), max_length=4000)


def as_it_stands(meeting: Meeting) -> dict[str, object]:
    """The values the meeting's form begins with."""
    return {
        "held_on": meeting.held_on,
        "title": meeting.title,
        "agenda": "\n".join(meeting.agenda),
        "present": list(meeting.present),
        "guests": "\n".join(meeting.guests),
        "minutes": meeting.minutes,
    }


def follow_up_stands(action: Action) -> dict[str, object]:
    """The values the form of an action begins with."""
    return {"status": str(action.status), "note": action.note}
