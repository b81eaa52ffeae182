"""A request for access: receiving it, and adding to it until it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext

from bti.domain.access_request import ExceptionLetter, Requester, RequestStepKind
from bti.web.forms.base import BaseForm
from bti.web.forms.case_number import as_number
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField
from bti.web.i18n import LANGUAGES
from bti.workflows.access_request import AddToRequest, ReceiveRequest

if TYPE_CHECKING:
    import uuid

_NUMBER: Final = 20
_LONGEST: Final = 4000
NOTHING: Final = "none"

REQUESTERS: Final[Mapping[Requester, Any]] = {
    Requester.GUARDIAN: lazy_gettext("Guardian"),
    Requester.YOUTH: lazy_gettext("The young person"),
    Requester.OTHER: lazy_gettext("Somebody else"),
}
REQUEST_KINDS: Final[Mapping[RequestStepKind, Any]] = {
    RequestStepKind.NOTE: lazy_gettext("A note"),
    RequestStepKind.EXTENDED: lazy_gettext("Two more months, and the person has been told why"),
    RequestStepKind.GIVEN: lazy_gettext("All of it was given"),
    RequestStepKind.PARTLY: lazy_gettext("Some of it was given, and some refused"),
    RequestStepKind.REFUSED: lazy_gettext("All of it was refused"),
}


class ReceiveForm(BaseForm):
    """A request that has come."""

    received_on = DateField(
        lazy_gettext("Which day was it received?"),
        description=lazy_gettext("The answer is due one month later."),
    )
    requester = RadioField(
        lazy_gettext("Who asks?"),
        choices=[(one.value, text) for one, text in REQUESTERS.items()],
        required=lazy_gettext("Choose who asks."),
    )
    name = TextField(lazy_gettext("Name of the person who asks"))
    language = RadioField(
        lazy_gettext("Which language does the person want the answer in?"),
        choices=list(LANGUAGES.items()),
        required=lazy_gettext("Choose a language."),
    )
    number = TextField(
        lazy_gettext("Case number"),
        required=False,
        max_length=_NUMBER,
        description=lazy_gettext("Leave it empty if there is no case about the person."),
        render_kw={"autocomplete": "off"},
    )

    def to_command(self) -> ReceiveRequest:
        """The request; only after the form has held."""
        if self.submission.data is None:
            raise ValueError("a submission field always holds a number")
        return ReceiveRequest(
            submission=self.submission.data,
            received_on=self.received_on.day,
            requester=Requester(self.requester.data),
            name=self.name.data or "",
            language=self.language.data,
            number=as_number(self.number.data or ""),
        )


class AnswerForm(BaseForm):
    """One addition. A no, whole or in part, chooses its letter; the view writes the choices."""

    kind = RadioField(
        lazy_gettext("What do you add?"),
        choices=[(one.value, text) for one, text in REQUEST_KINDS.items()],
        required=lazy_gettext("Choose what you add."),
    )
    text = AreaField(
        lazy_gettext("What was given, and why is anything kept back?"),
        required=lazy_gettext("Write what was given, or why it was not."),
        max_length=_LONGEST,
        description=lazy_gettext(
            "It stands in the letter to the person. Write nothing from the case itself."
        ),
    )
    letter = RadioField(
        lazy_gettext("By which letter of the Personal Data Act section 16 is it refused?"),
        required=False,
        # So that a letter chosen by mistake can be taken back without a script.
        choices=[
            (NOTHING, lazy_gettext("Nothing is refused")),
            *((one.value, one.value) for one in ExceptionLetter),
        ],
    )
    representative = TextField(
        lazy_gettext("Letter c only: the representative it was given to instead"), required=False
    )
    told_on = DateField(
        lazy_gettext("Two more months only: which day was the person told?"), required=False
    )

    def to_command(self, request_id: uuid.UUID) -> AddToRequest:
        """The addition; only after the form has held."""
        if self.submission.data is None:
            raise ValueError("a submission field always holds a number")
        return AddToRequest(
            request_id=request_id,
            submission=self.submission.data,
            version=self.version.data,
            kind=RequestStepKind(self.kind.data),
            text=self.text.data or "",
            letter=None
            if self.letter.data in {None, "", NOTHING}
            else ExceptionLetter(self.letter.data),
            representative=self.representative.data or "",
            told_on=self.told_on.data,
        )
