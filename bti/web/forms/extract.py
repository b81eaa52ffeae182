"""A part of the log for another record, and where something else is kept."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask_babel import lazy_gettext as _l

from bti.domain.codes import InfoType
from bti.domain.extract import Receiver
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField, TicksField
from bti.web.labels import INFO_TYPE, choices
from bti.web.paper_labels import RECEIVER
from bti.workflows.extract import Choice
from bti.workflows.reference import PointTo

if TYPE_CHECKING:
    from bti.workflows.extract import ExtractPage

LOOK: Final = "look"
_SHORT: Final = 600


class ExtractForm(BaseForm):
    """What is taken out, where to, and as what."""

    receiver = RadioField(_l("Where does it go?"), required=_l("Choose where it goes."))
    kinds = TicksField(
        _l("Which kinds of information?"),
        choices=choices(INFO_TYPE),
        required=_l("Choose at least one kind of information."),
    )
    since = DateField(_l("From and with"), required=False)
    until = DateField(_l("To and with"), required=False)
    purpose = AreaField(
        _l("What is it for?"),
        description=_l("Stands in the case and is read by your own service."),
        max_length=_SHORT,
    )
    shape = RadioField(
        _l("How do you want it?"),
        choices=[
            (LOOK, _l("Show me first what is in it and what stays out")),
            ("paper", _l("On paper: a page to print")),
            ("pdf", _l("As a PDF file")),
            ("text", _l("As plain text, to copy into another system")),
        ],
        required=_l("Choose how you want it."),
    )

    def prepare(self, page: ExtractPage) -> None:
        """Offer what somebody of this service takes a part to."""
        self.receiver.choices = choices(RECEIVER, only=page.receivers)
        if self.shape.data is None:
            self.shape.data = LOOK

    def to_choice(self, case_id: uuid.UUID) -> Choice:
        """Return what was chosen; the form has been validated."""
        return Choice(
            case_id=case_id,
            receiver=Receiver(self.receiver.data),
            kinds=frozenset(InfoType(one) for one in self.kinds.data or ()),
            since=self.since.data,
            until=self.until.data,
            purpose=self.purpose.data or "",
        )


class ReferenceForm(BaseForm):
    """Where something is kept. There is no field for what it says."""

    info_type = RadioField(
        _l("What is it about?"),
        description=_l("Decides who else can read it: those whose consent covers this."),
        choices=choices(INFO_TYPE),
    )
    system = TextField(
        _l("Which system or archive?"),
        description=_l("For instance the journal of the school health service."),
        max_length=100,
    )
    number = TextField(
        _l("Which number or date does it have there?"),
        description=_l("Not what it says, and no national identity number."),
        max_length=60,
    )

    def to_command(self, case_id: uuid.UUID) -> PointTo:
        """Return what was filled in; the form has been validated."""
        return PointTo(
            case_id=case_id,
            submission=self.submission.data,
            info_type=InfoType(self.info_type.data),
            system=self.system.data or "",
            number=self.number.data or "",
        )
