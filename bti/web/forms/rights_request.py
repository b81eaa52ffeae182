"""A request for access or correction: receiving it, and adding to it until it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext

from bti.domain.rights_request import STEPS, ExceptionLetter, Requester, RequestStepKind, Right
from bti.web.forms.base import BaseForm
from bti.web.forms.case_number import as_number
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField
from bti.web.i18n import LANGUAGES
from bti.workflows.rights_request import AddToRequest, ReceiveRequest

if TYPE_CHECKING:
    import uuid

_NUMBER: Final = 20
_LONGEST: Final = 4000
NOTHING: Final = "none"
_IN_THE_LETTER: Final = lazy_gettext(
    "It stands in the letter to the person. Write nothing from the case itself."
)
_TOLD_ON: Final = lazy_gettext("Two more months only: which day was the person told?")

REQUESTERS: Final[Mapping[Requester, Any]] = {
    Requester.GUARDIAN: lazy_gettext("Guardian"),
    Requester.YOUTH: lazy_gettext("The young person"),
    Requester.OTHER: lazy_gettext("Somebody else"),
}
RIGHTS: Final[Mapping[Right, Any]] = {
    Right.ACCESS: lazy_gettext("Access: to see what is written"),
    Right.CORRECTION: lazy_gettext("Correction: something written is wrong"),
}
REQUEST_KINDS: Final[Mapping[RequestStepKind, Any]] = {
    RequestStepKind.NOTE: lazy_gettext("A note"),
    RequestStepKind.EXTENDED: lazy_gettext("Two more months, and the person has been told why"),
    RequestStepKind.GIVEN: lazy_gettext("All of it was given"),
    RequestStepKind.PARTLY: lazy_gettext("Some of it was given, and some refused"),
    RequestStepKind.REFUSED: lazy_gettext("All of it was refused"),
    RequestStepKind.CORRECTED: lazy_gettext("The right information now stands beside it"),
    RequestStepKind.BESIDE: lazy_gettext(
        "It is not corrected, and the person's own view stands beside it"
    ),
}


class ReceiveForm(BaseForm):
    """A request that has come."""

    right = RadioField(
        lazy_gettext("What does the person ask for?"),
        choices=[(one.value, text) for one, text in RIGHTS.items()],
        required=lazy_gettext("Choose what the person asks for."),
    )
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
            right=Right(self.right.data),
            received_on=self.received_on.day,
            requester=Requester(self.requester.data),
            name=self.name.data or "",
            language=self.language.data,
            number=as_number(self.number.data or ""),
        )


class AnswerForm(BaseForm):
    """An addition to a request for access. A no chooses its letter; the view writes the choices."""

    kind = RadioField(
        lazy_gettext("What do you add?"),
        choices=[(one.value, REQUEST_KINDS[one]) for one in STEPS[Right.ACCESS]],
        required=lazy_gettext("Choose what you add."),
    )
    text = AreaField(
        lazy_gettext("What was given, and why is anything kept back?"),
        required=lazy_gettext("Write what was given, or why it was not."),
        max_length=_LONGEST,
        description=_IN_THE_LETTER,
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
    told_on = DateField(_TOLD_ON, required=False)

    def to_command(self, request_id: uuid.UUID) -> AddToRequest:
        """The addition; only after the form has held."""
        letter = self.letter.data
        return replace(
            _addition(self, request_id),
            letter=None if letter in {None, "", NOTHING} else ExceptionLetter(letter),
            representative=self.representative.data or "",
        )


class CorrectionAnswerForm(BaseForm):
    """An addition to a request for correction."""

    kind = RadioField(
        lazy_gettext("What do you add?"),
        choices=[(one.value, REQUEST_KINDS[one]) for one in STEPS[Right.CORRECTION]],
        required=lazy_gettext("Choose what you add."),
    )
    text = AreaField(
        lazy_gettext("What was done, and why is anything not corrected?"),
        required=lazy_gettext("Write what was done, or why it was not."),
        max_length=_LONGEST,
        description=_IN_THE_LETTER,
    )
    recipients = AreaField(
        lazy_gettext("How were those told who had received what was wrong?"),
        required=False,
        max_length=_LONGEST,
        description=lazy_gettext(
            "Services with access see the correction in the case. Write here how the others were "
            "told, or that nobody had received it."
        ),
    )
    told_on = DateField(_TOLD_ON, required=False)

    def to_command(self, request_id: uuid.UUID) -> AddToRequest:
        """The addition; only after the form has held."""
        return replace(_addition(self, request_id), recipients=self.recipients.data or "")


ANSWER_FORMS: Final[Mapping[Right, type[AnswerForm | CorrectionAnswerForm]]] = {
    Right.ACCESS: AnswerForm,
    Right.CORRECTION: CorrectionAnswerForm,
}


def _addition(form: AnswerForm | CorrectionAnswerForm, request_id: uuid.UUID) -> AddToRequest:
    if form.submission.data is None:
        raise ValueError("a submission field always holds a number")
    return AddToRequest(
        request_id=request_id,
        submission=form.submission.data,
        version=form.version.data,
        kind=RequestStepKind(form.kind.data),
        text=form.text.data or "",
        told_on=form.told_on.data,
    )
