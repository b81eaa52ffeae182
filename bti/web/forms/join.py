"""Putting two logs about one child together: which other one, and when the family was talked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.case_number import as_number
from bti.web.forms.fields import DateField, TextField
from bti.workflows.join import AskJoin

if TYPE_CHECKING:
    import uuid


class JoinForm(BaseForm):
    """Ask whoever has the other log to go on with this one."""

    number = TextField(
        _l("The number of the other log"),
        description=_l("Whoever has the other log tells you. It looks like 1234-5678."),
        max_length=20,
    )
    talked_on = DateField(
        _l("When did you talk with the family about it?"),
        description=_l("They decide whether those who have the two logs may know of each other."),
    )

    def to_command(self, case_id: uuid.UUID) -> AskJoin:
        """Return what was typed, for the workflow."""
        return AskJoin(
            case_id=case_id,
            version=self.version.data,
            number=as_number(self.number.data or ""),
            talked_on=self.talked_on.data,
        )


class PartForm(BaseForm):
    """Ask for the log to be worked with again; the button is all there is."""
