"""The form for how one is reminded."""

from __future__ import annotations

from flask_babel import lazy_gettext

from bti.domain.reminders import Pace
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import RadioField, TextField, TickField
from bti.workflows.reminders import ChooseReminders

_CHOICES = [
    (Pace.DAILY.value, lazy_gettext("Every working day when something waits")),
    (Pace.WEEKLY.value, lazy_gettext("Once a week when something waits")),
    (Pace.NEVER.value, lazy_gettext("Never")),
]


class ReminderForm(BaseForm):
    """How often, and where."""

    pace = RadioField(lazy_gettext("How often?"), choices=_CHOICES)
    address = TextField(
        lazy_gettext("Your e-mail address at work"),
        description=lazy_gettext(
            "It is kept sealed. No page shows it again, so write it anew to change it."
        ),
        max_length=120,
        required=False,
    )
    forget = TickField(lazy_gettext("Delete the address that is registered"))

    def to_command(self) -> ChooseReminders:
        """What was chosen, for the workflow."""
        return ChooseReminders(
            Pace(str(self.pace.data)), self.address.data or "", bool(self.forget.data)
        )
