"""The record of a breach: opening it, adding to it, and keeping one more selection of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext, lazy_gettext

from bti.domain.breach import AuthorityState, BreachStepKind, NotToldGround
from bti.web.forms.base import BaseForm
from bti.web.forms.clock_time import TimeField, instant
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField, TextField
from bti.web.forms.insight import SearchForm
from bti.workflows.breach import AddToBreach, OpenBreach

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

_LONGEST: Final = 4000
_REFERENCE: Final = 60

KINDS: Final[Mapping[BreachStepKind, Any]] = {
    BreachStepKind.NOTE: lazy_gettext("A note: what was found out or done"),
    BreachStepKind.REPORTED: lazy_gettext("Datatilsynet was told"),
    BreachStepKind.NOT_REPORTED: lazy_gettext("Datatilsynet need not be told"),
    BreachStepKind.TOLD: lazy_gettext("Those affected were told"),
    BreachStepKind.NOT_TOLD: lazy_gettext("Those affected are not told"),
    BreachStepKind.CLOSED: lazy_gettext("The record is closed"),
    BreachStepKind.EXTENT: lazy_gettext("Who looked, kept from the access log"),
}
GROUNDS: Final[Mapping[NotToldGround, Any]] = {
    NotToldGround.NO_HIGH_RISK: lazy_gettext("GDPR art. 34 (1): the risk is not high"),
    NotToldGround.UNREADABLE: lazy_gettext(
        "GDPR art. 34 (3) a: it was encrypted, and the keys are safe"
    ),
    NotToldGround.RISK_REMOVED: lazy_gettext(
        "GDPR art. 34 (3) b: what was done since has removed the high risk"
    ),
    NotToldGround.TOO_MUCH_EFFORT: lazy_gettext(
        "GDPR art. 34 (3) c: told to the public instead, as telling each is out of proportion"
    ),
    NotToldGround.SECURITY: lazy_gettext(
        "Personal Data Act section 16, first paragraph a: foreign policy, defence or security"
    ),
    NotToldGround.CRIME: lazy_gettext(
        "Personal Data Act section 16, first paragraph b: a crime is being prevented or investigated"
    ),
    NotToldGround.CONFIDENTIAL: lazy_gettext(
        "Personal Data Act section 16, first paragraph d: duty of confidentiality"
    ),
}
AUTHORITY: Final[Mapping[AuthorityState, Any]] = {
    AuthorityState.WAITING: lazy_gettext("Not told yet"),
    AuthorityState.OVERDUE: lazy_gettext("Overdue"),
    AuthorityState.REPORTED: lazy_gettext("Told"),
    AuthorityState.NOT_NEEDED: lazy_gettext("Need not be told"),
}


class BreachForm(SearchForm):
    """A new record. The fields of the search say which entries of the log it reaches."""

    text = AreaField(
        lazy_gettext("What has happened?"),
        required=lazy_gettext("Write what has happened."),
        max_length=_LONGEST,
        description=lazy_gettext(
            "What, how it was found, and what is done about it. Write no names of children."
        ),
    )
    known_day = DateField(
        lazy_gettext("Which day did it become known?"),
        description=lazy_gettext("The 72 hours are counted from when somebody here knew of it."),
    )
    known_time = TimeField(lazy_gettext("At what time?"))

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also refuse a time that a computer cannot count from."""
        return super().validate(extra_validators) and self.known_at is not None

    @property
    def known_at(self) -> datetime | None:
        """When it became known."""
        return instant(self.known_day.data, self.known_time.time)

    def to_command(self) -> OpenBreach:
        """The new record; only after the form has held."""
        known_at = self.known_at
        if known_at is None or self.submission.data is None:
            raise ValueError("the form has not held")
        return OpenBreach(
            submission=self.submission.data,
            text=self.text.data or "",
            known_at=known_at,
            question=self.to_question(),
        )


class AddForm(BaseForm):
    """One addition. Which fields it needs follows from its kind; the rules say what is missing."""

    kind = RadioField(
        lazy_gettext("What do you add?"),
        choices=[(one.value, text) for one, text in KINDS.items() if one != BreachStepKind.EXTENT],
        required=lazy_gettext("Choose what you add."),
    )
    text = AreaField(
        lazy_gettext("What happened, and why?"),
        required=False,
        max_length=_LONGEST,
        description=lazy_gettext(
            "How those affected were told, or why something was not done. It cannot be changed later."
        ),
    )
    reference = TextField(
        lazy_gettext("Only if it was reported: Datatilsynet's reference"),
        required=False,
        max_length=_REFERENCE,
    )
    at_day = DateField(
        lazy_gettext("Only if it was reported, or people told: which day?"), required=False
    )
    at_time = TimeField(
        lazy_gettext("Only if it was reported, or people told: at what time?"), required=False
    )
    ground = ListField(
        lazy_gettext("Only if those affected are not told: why?"),
        required=False,
        blank=lazy_gettext("Choose only if they are not told"),
        choices=[(one.value, text) for one, text in GROUNDS.items()],
    )

    def to_command(self, breach_id: uuid.UUID) -> AddToBreach:
        """The addition; only after the form has held."""
        return _addition(
            self,
            breach_id,
            kind=BreachStepKind(self.kind.data),
            text=self.text.data or "",
            reference=self.reference.data or "",
            at=instant(self.at_day.data, self.at_time.time),
            ground=NotToldGround(self.ground.data) if self.ground.data else None,
        )


class ExtentForm(SearchForm):
    """One more selection of the log, to be kept with the record."""

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also refuse to keep the whole log."""
        held = super().validate(extra_validators)
        if held and self.to_question().is_empty:
            self.refuse(gettext("Say which events: a case, a person, a kind or some days."))
            return False
        return held

    def to_command(self, breach_id: uuid.UUID) -> AddToBreach:
        """The addition; only after the form has held."""
        return _addition(self, breach_id, kind=BreachStepKind.EXTENT, question=self.to_question())


def _addition(form: BaseForm, breach_id: uuid.UUID, **more: Any) -> AddToBreach:  # noqa: ANN401 - fields of the command
    if form.submission.data is None:
        raise ValueError("a submission field always holds a number")
    return AddToBreach(
        breach_id=breach_id,
        submission=form.submission.data,
        version=form.version.data,
        **more,
    )
