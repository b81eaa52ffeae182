"""Moving a case to another service: whom to ask, and their answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField
from bti.workflows.move import ProposeMove

if TYPE_CHECKING:
    from bti.workflows.move import MovePage

LOOK: Final = "look"


class MoveForm(BaseForm):
    """Ask somebody at the new service to take the case and the baton."""

    to = ListField(_l("Who takes it there?"), blank=_l("Choose"))
    talked_on = DateField(
        _l("When did you talk with the family about it?"),
        description=_l(
            "The family must know what goes along and who gets it, before anybody is asked."
        ),
    )
    message = AreaField(
        _l("What is important to know?"),
        description=_l(
            "What helps, what is agreed and not begun, and what the child wants the new adults to know."
        ),
        max_length=2000,
        required=False,
    )
    shape = RadioField(
        _l("What do you want to do now?"),
        choices=[
            (LOOK, _l("Show me first what goes along and what stays")),
            ("ask", _l("Ask the new service")),
        ],
        required=_l("Choose what you want to do."),
    )

    def prepare(self, page: MovePage) -> None:
        """Offer those who work in a service that consent has let in."""
        self.to.choices = [
            (f"{one.account_id}:{one.unit_id}", one.label)
            for service in page.services
            for one in service.people
        ]
        if self.shape.data is None:
            self.shape.data = LOOK

    @property
    def to_unit_id(self) -> uuid.UUID:
        """The service chosen; the form has been validated."""
        return uuid.UUID(str(self.to.data).partition(":")[2])

    def to_command(self, case_id: uuid.UUID) -> ProposeMove:
        """Return what was chosen, for the workflow."""
        return ProposeMove(
            case_id=case_id,
            submission=self.submission.data or uuid.uuid4(),
            version=self.version.data,
            to_id=uuid.UUID(str(self.to.data).partition(":")[0]),
            to_unit_id=self.to_unit_id,
            talked_on=self.talked_on.data,
            message=self.message.data or "",
        )


class MoveAnswerForm(BaseForm):
    """Yes or no to the case."""

    answer = RadioField(
        _l("Do you take the case and the baton?"),
        choices=[("yes", _l("Yes, we take it")), ("no", _l("No, not as it is now"))],
    )
    reason = AreaField(
        _l("If no: why, and what must be in place first?"),
        description=_l("The one who asks reads it. The child begins with you all the same."),
        max_length=1000,
        required=False,
    )
