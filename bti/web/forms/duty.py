"""The form for what somebody has done about a child in danger, and for a confirmation received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Self

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict

from bti.domain.codes import Sector
from bti.domain.duties import CaseLetter, Channel, Duty, GuardiansKnow, Offence, basis_of
from bti.web.forms.base import BaseForm
from bti.web.forms.concern import kept
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField
from bti.web.messages import legal_reference
from bti.workflows.duty import FileRecord

_NOT_KEPT: Final = frozenset({"version", "submission"})
_NUMBER_LENGTH: Final = 9

DUTIES: Final[Mapping[Duty, Any]] = {
    Duty.REPORT_CHILD_WELFARE: lazy_gettext("I reported to child welfare services"),
    Duty.AVERT: lazy_gettext("I tried to avert a serious crime"),
    Duty.POLICE: lazy_gettext("I told the police"),
    Duty.EMERGENCY: lazy_gettext("I called for help in an emergency"),
}
_TRAFFICKING: Final = lazy_gettext("Human trafficking")
LETTERS: Final[Mapping[CaseLetter, Any]] = {
    CaseLetter.A: lazy_gettext("Mistreated at home, or other serious neglect"),
    CaseLetter.B: lazy_gettext("A serious illness or injury is not examined or treated"),
    CaseLetter.C: lazy_gettext("Special needs for treatment, care or training are not met"),
    CaseLetter.D: lazy_gettext(
        "Is in serious danger by own acts: serious or repeated crime, drugs or other clearly "
        "harmful acts"
    ),
    CaseLetter.E: _TRAFFICKING,
}
CHANNELS: Final[Mapping[Channel, Any]] = {
    Channel.PHONE: lazy_gettext("By telephone"),
    Channel.PORTAL: lazy_gettext("Through the national portal for reports"),
    Channel.LETTER: lazy_gettext("By letter"),
    Channel.MEETING: lazy_gettext("In person"),
    Channel.OTHER: lazy_gettext("In another way"),
}
OFFENCES: Final[Mapping[Offence, Any]] = {
    Offence.CLOSE_RELATIONS: lazy_gettext("Violence or abuse by somebody close (282–283)"),
    Offence.SEXUAL: lazy_gettext("Rape or other sexual abuse (291, 295, 299, 303, 312, 314)"),
    Offence.MUTILATION: lazy_gettext("Genital mutilation (284)"),
    Offence.FORCED_MARRIAGE: lazy_gettext("Forced marriage (253)"),
    Offence.LIFE: lazy_gettext("Killing or serious bodily harm (274, 275)"),
    Offence.OTHER: lazy_gettext("Another serious offence that the law names"),
}
GUARDIANS: Final[Mapping[GuardiansKnow, Any]] = {
    GuardiansKnow.YES: lazy_gettext("Yes"),
    GuardiansKnow.NO: lazy_gettext("No"),
    GuardiansKnow.UNSAFE: lazy_gettext("No, it may be dangerous"),
}


def duty_law(duty: Duty, sector: Sector) -> str:
    """What the law says of a duty to somebody who works in this sector, and where."""
    return legal_reference(basis_of(duty, sector))


def letter_text(letter: CaseLetter, sector: Sector) -> str:
    """What a case letter stands for: kindergartens have four of their own (Kindergarten Act § 46)."""
    if sector is Sector.KINDERGARTEN and letter is CaseLetter.D:
        return str(_TRAFFICKING)
    return str(LETTERS[letter])


class ReportForm(BaseForm):
    """What the person has done. Saving it sends nothing to anybody."""

    duty = RadioField(
        lazy_gettext("What did you do?"),
        choices=[(one.value, text) for one, text in DUTIES.items()],
        required=lazy_gettext("Say what you did."),
    )
    about = TextField(
        lazy_gettext("Who is it about?"),
        required=lazy_gettext("Write who it is about."),
        description=lazy_gettext("A name, or what you know about who it is."),
        render_kw={"autocomplete": "off"},
    )
    letter = RadioField(
        lazy_gettext("What do you believe the child is exposed to?"),
        required=False,
        description=lazy_gettext("Only for a report to child welfare services."),
    )
    offence = RadioField(
        lazy_gettext("What do you fear will happen?"),
        choices=[(one.value, text) for one, text in OFFENCES.items()],
        required=False,
        description=lazy_gettext(
            "Only for what you tried to avert. The numbers are sections of the Penal Code."
        ),
    )
    known = AreaField(
        lazy_gettext("What have you seen or heard?"),
        required=lazy_gettext("Write what you know."),
        description=lazy_gettext("Write what you know. You do not have to be sure."),
    )
    assessed_on = DateField(
        lazy_gettext("When did you decide that you had to act?"),
        required=lazy_gettext("Write the day you decided."),
        too_late=lazy_gettext("The date is ahead in time. Choose today or an earlier day."),
    )
    reported_on = DateField(
        lazy_gettext("When did you report or call?"),
        required=lazy_gettext("Write the day you reported or called."),
        too_late=lazy_gettext("The date is ahead in time. Choose today or an earlier day."),
    )
    reported_to = TextField(
        lazy_gettext("Whom did you talk or write to?"),
        required=lazy_gettext("Write whom you talked or wrote to."),
        description=lazy_gettext("The service, and the name if you have it."),
    )
    channel = RadioField(
        lazy_gettext("How?"),
        choices=[(one.value, text) for one, text in CHANNELS.items()],
        required=lazy_gettext("Say how you reported."),
    )
    receipt = TextField(
        lazy_gettext("Receipt or reference"),
        required=False,
        description=lazy_gettext("If you were given one."),
    )
    guardians_know = RadioField(
        lazy_gettext("Do the guardians know that you report?"),
        choices=[(one.value, text) for one, text in GUARDIANS.items()],
        description=lazy_gettext("Do not tell them first if it can make it worse for the child."),
        required=lazy_gettext("Say whether the guardians know."),
    )
    case_number = TextField(
        lazy_gettext("Case number in Stafett"),
        required=False,
        max_length=_NUMBER_LENGTH,
        description=lazy_gettext(
            "Only if you want to find it again yourself. It is kept in your record and leaves no "
            "trace in the case."
        ),
        render_kw={"autocomplete": "off"},
    )

    @classmethod
    def from_draft(cls, fields: Mapping[str, list[str]]) -> Self:
        """The form as it was typed."""
        return cls(MultiDict([(name, one) for name, values in fields.items() for one in values]))

    def typed(self, posted: MultiDict[str, str]) -> dict[str, list[str]]:
        """What was typed, fit for a draft."""
        names = [field.name for field in self if field.name not in _NOT_KEPT]
        return {name: kept(posted.getlist(name)) for name in names}

    def fit(self, sector: Sector, letters: tuple[CaseLetter, ...], today: date) -> None:
        """The acts and case letters of this sector, and no day ahead of ``today``."""
        self.duty.say({one.value: duty_law(one, sector) for one in Duty})
        self.letter.choices = [
            (one.value, f"{one.value}) {letter_text(one, sector)}") for one in letters
        ]
        self.assessed_on.latest = self.reported_on.latest = today

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """A report to child welfare services needs its case letter; nothing else has one."""
        holds = bool(super().validate(extra_validators))
        if self.duty.data == Duty.REPORT_CHILD_WELFARE and not self.letter.data:
            self.refuse(gettext("Choose what you believe the child is exposed to."), self.letter)
            return False
        return holds

    def to_command(self) -> FileRecord:
        """The record, of a form that holds. Raises ValueError for one that was not checked."""
        submission, assessed, reported = (
            self.submission.data,
            self.assessed_on.data,
            self.reported_on.data,
        )
        if submission is None or assessed is None or reported is None:
            raise ValueError("the form was not checked")
        duty = Duty(self.duty.data)
        # The letter is asked of everybody, for the form works without script; it counts for one.
        counts = duty is Duty.REPORT_CHILD_WELFARE
        feared = duty is Duty.AVERT and bool(self.offence.data)
        return FileRecord(
            submission=submission,
            about=self.about.data or "",
            duty=duty,
            letter=CaseLetter(self.letter.data) if counts else None,
            known=self.known.data or "",
            assessed_on=assessed,
            reported_on=reported,
            reported_to=self.reported_to.data or "",
            channel=Channel(self.channel.data),
            receipt=self.receipt.data or "",
            guardians_know=GuardiansKnow(self.guardians_know.data),
            case_number=self.case_number.data or "",
            offence=Offence(self.offence.data) if feared else None,
        )


class ReceiptForm(BaseForm):
    """That a receipt has come. It confirms nothing."""

    received_on = DateField(
        lazy_gettext("When did the receipt come?"),
        required=lazy_gettext("Write the day the receipt came."),
        too_late=lazy_gettext("The date is ahead in time. Choose today or an earlier day."),
    )
    receipt = TextField(lazy_gettext("Receipt or reference"), required=False)


class ConfirmForm(BaseForm):
    """That child welfare services have answered."""

    confirmed_on = DateField(
        lazy_gettext("When did they confirm?"),
        required=lazy_gettext("Write the day they confirmed."),
        too_late=lazy_gettext("The date is ahead in time. Choose today or an earlier day."),
    )
