"""The form for being away."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import DateField, ListField
from bti.workflows.absence import PlanAbsence

if TYPE_CHECKING:
    from bti.workflows.absence import AbsencePage


class AbsenceForm(BaseForm):
    """Who is away, from when to when, and who stands in."""

    who = ListField(lazy_gettext("Who is away?"))
    from_on = DateField(
        lazy_gettext("First day away"), required=lazy_gettext("Write the first day.")
    )
    to_on = DateField(lazy_gettext("Last day away"), required=lazy_gettext("Write the last day."))
    substitute = ListField(
        lazy_gettext("Who stands in?"),
        blank=lazy_gettext("Choose"),
        description=lazy_gettext(
            "Gets the reminders and sees how much waits. Sees no more cases than before."
        ),
    )

    def prepare(self, page: AbsencePage) -> None:
        """Offer oneself, a leader's staff, and colleagues."""
        self.who.choices = [(str(one.account_id), one.name) for one in page.people]
        self.substitute.choices = [(str(one.account_id), one.name) for one in page.colleagues]

    def to_command(self) -> PlanAbsence | None:
        """What was written, for the workflow; None where a day is missing."""
        if self.from_on.data is None or self.to_on.data is None:
            return None
        return PlanAbsence(
            account_id=uuid.UUID(str(self.who.data)),
            substitute_id=uuid.UUID(str(self.substitute.data)),
            from_on=self.from_on.data,
            to_on=self.to_on.data,
        )
