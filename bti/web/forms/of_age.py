"""What is to become of a case when the child turns 18."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from bti.domain.of_age import Settling
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField, TicksField
from bti.web.labels import choices
from bti.web.paper_labels import SETTLING
from bti.workflows.of_age import Settle

if TYPE_CHECKING:
    from bti.workflows.of_age import OfAgePage


class SettleForm(BaseForm):
    """What was decided with the young person."""

    settling = RadioField(
        _l("What do you decide?"),
        choices=choices(SETTLING),
        required=_l("Choose what is to become of the case."),
    )
    service = TextField(
        _l("Which service for adults"),
        description=_l("Only when another service takes over."),
        required=False,
    )
    talked_on = DateField(_l("When did you talk with the young person about it?"))
    words = AreaField(
        _l("What the young person wants, and what you do next"),
        description=_l("Only your own service reads this."),
        max_length=2000,
    )
    guardians = TicksField(
        _l("Whom of the guardians does the young person, now of age, let come to meetings?"),
        description=_l("Leave it empty, and none of them is invited or told anything."),
    )

    def prepare(self, page: OfAgePage) -> None:
        """Offer what can be decided on this day, and those who are in the case."""
        if page.grown:
            self.settling.choices = choices(SETTLING, only=frozenset(Settling) - {Settling.LATER})
        self.guardians.choices = (
            [(str(one.id), one.name) for one in page.guardians] if page.grown else []
        )

    def to_command(self, case_id: uuid.UUID) -> Settle:
        """Return what was decided; the form has been validated."""
        return Settle(
            case_id=case_id,
            version=self.version.data,
            submission=self.submission.data,
            settling=Settling(self.settling.data),
            talked_on=self.talked_on.data,
            service=self.service.data or "",
            words=self.words.data or "",
            guardians=frozenset(uuid.UUID(one) for one in self.guardians.data or ()),
        )
