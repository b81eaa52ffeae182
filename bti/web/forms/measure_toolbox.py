"""The form a template of the library is taken up with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, TicksField
from bti.workflows.measure_toolbox import TakeUp

if TYPE_CHECKING:
    import uuid

    from bti.profiles.toolbox import PlanTemplate

_SHORT = 600


class TakeUpForm(BaseForm):
    """A goal that can be changed, and the measures to begin with."""

    goal = AreaField(
        _l("What do you want to achieve?"),
        description=_l("Change it until it is this child's own."),
        max_length=_SHORT,
    )
    measures = TicksField(
        _l("What do you begin with?"), required=_l("Choose at least one measure.")
    )
    start_on = DateField(_l("When does it start?"))

    def prepare(self, template: PlanTemplate, language: str) -> None:
        """Offer the template's measures."""
        self.measures.choices = [(one.code, one.title[language]) for one in template.measures]

    def to_command(self, case_id: uuid.UUID, code: str) -> TakeUp:
        """Return what was chosen; the form has been validated."""
        return TakeUp(
            case_id=case_id,
            version=self.version.data,
            code=code,
            goal=self.goal.data or "",
            measures=tuple(self.measures.data or ()),
            start_on=self.start_on.day,
        )
