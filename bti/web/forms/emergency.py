"""Taking emergency access, and saying afterwards how it was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

from bti.domain.control import ControlRule
from bti.domain.emergency import EmergencyReason, ReviewOutcome
from bti.web.forms.base import BaseForm
from bti.web.forms.case_number import as_number
from bti.web.forms.fields import AreaField, RadioField, TextField
from bti.workflows.emergency import TakeAccess

_NUMBER_LENGTH: Final = 20
_LONGEST: Final = 2000

REASONS: Final[Mapping[EmergencyReason, Any]] = {
    EmergencyReason.LIFE_AND_HEALTH: lazy_gettext("Life or health may be in danger now"),
    EmergencyReason.MISSING: lazy_gettext("The child is missing"),
    EmergencyReason.ACUTE_MEASURE: lazy_gettext("Child welfare or the police must act tonight"),
    EmergencyReason.NOBODY_REACHED: lazy_gettext(
        "Nobody who works with the child can be reached, and it cannot wait"
    ),
}
RULES: Final[Mapping[ControlRule, Any]] = {
    ControlRule.REGISTERED_CHILD: lazy_gettext("Is registered as a guardian of the child"),
    ControlRule.OWN_CHILD: lazy_gettext("May be the person's own child"),
    ControlRule.SAME_SURNAME: lazy_gettext("Same surname as the child or a guardian"),
    ControlRule.NO_RELATION: lazy_gettext("Tried cases they have no part in"),
    ControlRule.AFTER_HOURS: lazy_gettext("Several cases at night"),
    ControlRule.VOLUME: lazy_gettext("Many more cases than colleagues"),
}
WHY_RULES: Final[Mapping[ControlRule, Any]] = {
    ControlRule.REGISTERED_CHILD: lazy_gettext(
        "The national identity number of the person is that of a guardian, in this case or in "
        "another one about the child. There may still have been a reason: ask."
    ),
    ControlRule.OWN_CHILD: lazy_gettext(
        "The person has the same full name as a guardian in the case. Two people can have the same "
        "name: ask before you think the worst."
    ),
    ControlRule.SAME_SURNAME: lazy_gettext(
        "The surname is shared with the child or a guardian, and is not one of the twenty most "
        "common in Norway. It may be chance, above all in a small place."
    ),
    ControlRule.NO_RELATION: lazy_gettext(
        "At least three different cases were asked for and refused in the month. Nothing was shown."
    ),
    ControlRule.AFTER_HOURS: lazy_gettext(
        "At least three different cases were opened in one night, between 22 and 6. Emergency "
        "access is not counted here."
    ),
    ControlRule.VOLUME: lazy_gettext(
        "More than 25 different cases in the month, and more than three times what is usual among "
        "the colleagues."
    ),
}
OUTCOMES: Final[Mapping[ReviewOutcome, Any]] = {
    ReviewOutcome.FINE: lazy_gettext("It was right to look"),
    ReviewOutcome.ASK: lazy_gettext("I must ask the person first"),
    ReviewOutcome.BREACH: lazy_gettext("It was not right: this is a breach"),
}


class SeekForm(BaseForm):
    """Which case, and why. Nothing is looked up before the reason is there."""

    number = TextField(
        lazy_gettext("Case number"),
        required=False,
        max_length=_NUMBER_LENGTH,
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    national_id = TextField(
        lazy_gettext("Or the child's national identity number"),
        required=False,
        max_length=_NUMBER_LENGTH,
        description=lazy_gettext("Eleven digits. Used only if there is no case number."),
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    reason = RadioField(
        lazy_gettext("What kind of emergency is it?"),
        choices=[(one.value, text) for one, text in REASONS.items()],
        required=lazy_gettext("Choose what kind of emergency it is."),
    )
    text = AreaField(
        lazy_gettext("Why must you look now?"),
        required=lazy_gettext("Write why you must look now."),
        max_length=_LONGEST,
        description=lazy_gettext(
            "At least 20 characters. Only the one who reviews it can read this."
        ),
    )

    def to_command(self) -> TakeAccess:
        """What is asked for; only after the form has held."""
        return TakeAccess(
            number=as_number(self.number.data or ""),
            national_id=self.national_id.data or "",
            reason=EmergencyReason(self.reason.data),
            text=self.text.data or "",
        )


class ReviewForm(BaseForm):
    """What the one who looked at it found."""

    outcome = RadioField(
        lazy_gettext("What have you found?"),
        choices=[(one.value, text) for one, text in OUTCOMES.items()],
        required=lazy_gettext("Choose what you have found."),
    )
    found = AreaField(
        lazy_gettext("Why?"),
        required=lazy_gettext("Write what you have found out."),
        max_length=_LONGEST,
        description=lazy_gettext("Only those who may review this can read it."),
    )

    @property
    def chosen(self) -> ReviewOutcome:
        """The chosen outcome; only after the form has held."""
        return ReviewOutcome(self.outcome.data)
