"""The form a report to child welfare is written in, and the one that says it has been sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict

from bti.domain.codes import Sector
from bti.domain.duties import CaseLetter, Channel
from bti.domain.report import (
    EMAIL,
    PHONE,
    Address,
    Informed,
    Report,
    ReportedChild,
    ReportedGuardian,
    Reporter,
    Told,
)
from bti.web.forms.base import BaseForm
from bti.web.forms.concern import kept
from bti.web.forms.duty import CHANNELS, letter_text
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField, TickField
from bti.workflows.report import SendReport, WritingPage, WrittenReport

_NOT_KEPT: Final = frozenset({"version", "submission"})
_SHORT: Final = 20
_REASON: Final = 300
_PRIVATE: Final = {"autocomplete": "off"}
_NUMERIC: Final = {"autocomplete": "off", "inputmode": "numeric"}

TOLD: Final[Mapping[Told, Any]] = {
    Told.YES: lazy_gettext("Yes"),
    Told.NO: lazy_gettext("No"),
    Told.UNSAFE: lazy_gettext("No, it may be dangerous"),
}
_TOLD_ROWS: Final = [(one.value, text) for one, text in TOLD.items()]
# What one hands on oneself; "in another way" is for what is averted.
SEND_CHANNELS: Final = (Channel.PORTAL, Channel.LETTER, Channel.MEETING, Channel.PHONE)


def _line(label: Any, *, more: Any = "", length: int = 200, **marks: str) -> TextField:  # noqa: ANN401 - a lazy text
    return TextField(
        label,
        required=False,
        max_length=length,
        description=more,
        render_kw={**_PRIVATE, **marks},
    )


class WriteForm(BaseForm):
    """The report. Saving it sends nothing to anybody."""

    letter = RadioField(
        lazy_gettext("What do you believe the child is exposed to?"),
        required=lazy_gettext("Choose what you believe the child is exposed to."),
    )
    what = AreaField(
        lazy_gettext("What are you worried about?"),
        required=lazy_gettext("Write what you are worried about."),
        description=lazy_gettext(
            "What you have seen and heard, when, and what the child has said. Keep it apart from what "
            "you think about it."
        ),
    )
    history = AreaField(
        lazy_gettext("What has happened before, and what has been tried?"), required=False
    )
    views = AreaField(
        lazy_gettext("What do the child, the guardians or others say about it?"), required=False
    )
    child_name = TextField(
        lazy_gettext("The child's name"),
        required=lazy_gettext("Write who it is about."),
        description=lazy_gettext("Or what you know about who it is. One report for each child."),
        render_kw=_PRIVATE,
    )
    unborn = TickField(lazy_gettext("The child is not born yet"))
    national_id = TextField(
        lazy_gettext("National identity number"),
        required=False,
        max_length=_SHORT,
        description=lazy_gettext("If you know it. 11 digits."),
        render_kw=_NUMERIC,
    )
    child_phone = _line(lazy_gettext("The child's telephone"), length=_SHORT)
    child_line = _line(
        lazy_gettext("Where the child lives"),
        more=lazy_gettext("Street and number. Leave it empty where the address is protected."),
    )
    child_postal = _line(lazy_gettext("Postcode"), length=4, inputmode="numeric")
    child_place = _line(lazy_gettext("Town"))
    child_told = RadioField(
        lazy_gettext("Does the child know that you report?"),
        choices=_TOLD_ROWS,
        required=lazy_gettext("Say whether the child knows."),
    )
    child_reason = _line(lazy_gettext("If not: why?"), length=_REASON)
    guardian1_name = _line(lazy_gettext("Guardian"))
    guardian1_phone = _line(lazy_gettext("Telephone"), length=_SHORT)
    guardian1_told = RadioField(
        lazy_gettext("Does this guardian know that you report?"),
        choices=_TOLD_ROWS,
        required=False,
        description=lazy_gettext("Do not tell them first if it can make it worse for the child."),
    )
    guardian1_reason = _line(lazy_gettext("If not: why?"), length=_REASON)
    guardian2_name = _line(lazy_gettext("One more guardian"))
    guardian2_phone = _line(lazy_gettext("Telephone"), length=_SHORT)
    guardian2_told = RadioField(
        lazy_gettext("Does this guardian know that you report?"),
        choices=_TOLD_ROWS,
        required=False,
    )
    guardian2_reason = _line(lazy_gettext("If not: why?"), length=_REASON)
    interpreter = _line(
        lazy_gettext("Is an interpreter needed?"), more=lazy_gettext("For whom, in which language.")
    )
    helpers = AreaField(lazy_gettext("Other services that help the family"), required=False)
    own_role = TextField(
        lazy_gettext("Your position"), required=lazy_gettext("Write what position you have.")
    )
    own_phone = TextField(
        lazy_gettext("Your telephone"),
        required=lazy_gettext("Write the number they can reach you at."),
        max_length=_SHORT,
        render_kw={"inputmode": "tel"},
    )
    own_email = TextField(
        lazy_gettext("Your e-mail at work"),
        required=lazy_gettext("Write your e-mail at work."),
        render_kw={"inputmode": "email"},
    )
    body = TextField(lazy_gettext("Where you work"), required=lazy_gettext("Write where you work."))
    organisation_number = _line(lazy_gettext("Organisation number"), length=11, inputmode="numeric")
    body_line = _line(lazy_gettext("Address of where you work"))
    body_postal = _line(lazy_gettext("Postcode"), length=4, inputmode="numeric")
    body_place = _line(lazy_gettext("Town"))

    @classmethod
    def empty(cls, page: WritingPage) -> Self:
        """A new form, with what Stafett knows of who writes."""
        return cls(data={"own_role": page.title, "own_phone": page.phone, "body": page.unit})

    @classmethod
    def from_draft(cls, fields: Mapping[str, list[str]]) -> Self:
        """The form as it was typed."""
        return cls(MultiDict([(name, one) for name, values in fields.items() for one in values]))

    @classmethod
    def from_report(cls, written: WrittenReport) -> Self:
        """The form of a report that stands."""
        report = written.report
        child, reporter = report.child, report.reporter
        guardians = {
            f"guardian{number}_{name}": value
            for number, one in enumerate(report.guardians, start=1)
            for name, value in (
                ("name", one.name),
                ("phone", one.phone),
                ("told", one.informed.told),
                ("reason", one.informed.reason),
            )
        }
        return cls(
            data={
                "letter": report.letter,
                **{name: getattr(report, name) for name in _SAME},
                "child_name": child.name,
                "unborn": child.unborn,
                "national_id": child.national_id,
                "child_phone": child.phone,
                "child_line": child.address.line,
                "child_postal": child.address.postcode,
                "child_place": child.address.place,
                "child_told": child.informed.told,
                "child_reason": child.informed.reason,
                **guardians,
                "own_role": reporter.role,
                "own_phone": reporter.phone,
                "own_email": reporter.email,
                "body": reporter.body,
                "organisation_number": reporter.organisation_number,
                "body_line": reporter.address.line,
                "body_postal": reporter.address.postcode,
                "body_place": reporter.address.place,
            }
        )

    def typed(self, posted: MultiDict[str, str]) -> dict[str, list[str]]:
        """What was typed, fit for a draft."""
        names = [field.name for field in self if field.name not in _NOT_KEPT]
        return {name: kept(posted.getlist(name)) for name in names}

    def fit(self, sector: Sector, letters: tuple[CaseLetter, ...]) -> None:
        """The case letters of this sector."""
        self.letter.choices = [
            (one.value, f"{one.value}) {letter_text(one, sector)}") for one in letters
        ]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Telephone and e-mail as the receiving form has them; a guardian is told or not."""
        holds = bool(super().validate(extra_validators))
        if self.own_phone.data and not PHONE.fullmatch(self.own_phone.data):
            self.refuse(gettext("Write the number with digits and spaces alone."), self.own_phone)
            holds = False
        if self.own_email.data and not EMAIL.fullmatch(self.own_email.data):
            self.refuse(
                gettext("Write an e-mail address, such as name@municipality.no."), self.own_email
            )
            holds = False
        for name, told in (
            (self.guardian1_name, self.guardian1_told),
            (self.guardian2_name, self.guardian2_told),
        ):
            if name.data and not told.data:
                self.refuse(gettext("Say whether this guardian knows."), told)
                holds = False
        return holds

    def to_report(self) -> Report:
        """The report, of a form that holds. Who writes it is filled in where it is kept."""
        return Report(
            letter=CaseLetter(self.letter.data),
            child=ReportedChild(
                name=self.child_name.data or "",
                national_id=self.national_id.data or "",
                unborn=bool(self.unborn.data),
                phone=self.child_phone.data or "",
                address=self._address("child"),
                informed=self._informed("child"),
            ),
            guardians=tuple(
                ReportedGuardian(
                    name=self[f"{who}_name"].data,
                    phone=self[f"{who}_phone"].data or "",
                    informed=self._informed(who),
                )
                for who in ("guardian1", "guardian2")
                if self[f"{who}_name"].data
            ),
            reporter=Reporter(
                name="",
                role=self.own_role.data or "",
                phone=self.own_phone.data or "",
                email=self.own_email.data or "",
                body=self.body.data or "",
                organisation_number=self.organisation_number.data or "",
                address=self._address("body"),
            ),
            **{name: self[name].data or "" for name in _SAME},
        )

    @property
    def number(self) -> UUID:
        """The number of this sending. Raises ``ValueError`` for a form that was not checked."""
        if self.submission.data is None:
            raise ValueError("the form was not checked")
        return self.submission.data

    def _address(self, whose: str) -> Address:
        return Address(
            *(self[f"{whose}_{part}"].data or "" for part in ("line", "postal", "place"))
        )

    def _informed(self, whose: str) -> Informed:
        return Informed(
            told=Told(self[f"{whose}_told"].data), reason=self[f"{whose}_reason"].data or ""
        )


_SAME: Final = ("what", "history", "views", "interpreter", "helpers")


class SentForm(BaseForm):
    """That the person has handed the report on."""

    reported_on = DateField(
        lazy_gettext("When did you send it?"),
        required=lazy_gettext("Write the day you sent it."),
        too_late=lazy_gettext("The date is ahead in time. Choose today or an earlier day."),
    )
    channel = RadioField(
        lazy_gettext("How?"),
        choices=[(one.value, CHANNELS[one]) for one in SEND_CHANNELS],
        required=lazy_gettext("Say how you reported."),
    )
    reported_to = TextField(
        lazy_gettext("To whom?"),
        required=lazy_gettext("Write whom you sent it to."),
        description=lazy_gettext("The service, and the name if you have it."),
    )
    receipt = TextField(
        lazy_gettext("Receipt or reference"),
        required=False,
        description=lazy_gettext("If you were given one."),
    )

    def to_command(self) -> SendReport:
        """What was sent, of a form that holds. Raises ``ValueError`` for one that was not checked."""
        day: date = self.reported_on.day
        return SendReport(
            reported_on=day,
            channel=Channel(self.channel.data),
            reported_to=self.reported_to.data or "",
            receipt=self.receipt.data or "",
        )
