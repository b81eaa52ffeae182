"""The forms of a body. None has a field for a person: a member is a function."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext, lazy_gettext
from wtforms.validators import StopValidation

from bti.slt.body import Body, BodyKind
from bti.slt.body_change import WriteBody
from bti.slt.body_file import LARGEST_AMOUNT, LONG, MOST_MEETINGS
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, ListField, TextField
from bti.web.forms.slt_plan import LinesField
from bti.web.slt_body_labels import choices

_DIGITS: Final = 12
_CASES: Final = {"": None, "yes": True, "no": False}
_ONE_EACH: Final = lazy_gettext("One on each line.")


class WholeField(TextField):
    """A whole number from ``low`` to ``high``; spaces between thousands are as good as none."""

    def __init__(self, label: str, *, low: int, high: int, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it is
        self.low, self.high = low, high
        super().__init__(label, required=False, max_length=_DIGITS, **kwargs)

    @property
    def number(self) -> int | None:
        """The number, once the form has been validated; None if nothing was typed."""
        typed = "".join((self.data or "").split())
        return int(typed) if typed.isascii() and typed.isdigit() else None

    def pre_validate(self, form: object) -> None:
        """Raise StopValidation for what is no such number."""
        super().pre_validate(form)
        if self.data and (self.number is None or not self.low <= self.number <= self.high):
            raise StopValidation(
                gettext(
                    "Write a whole number from %(low)s to %(high)s.", low=self.low, high=self.high
                )
            )


class ReasonedForm(BaseForm):
    """Every form here whose texts are looked through for names."""

    reason = TextField(
        lazy_gettext("Why it may stand"),
        required=False,
        description=lazy_gettext("It is kept, and those who read the text see it."),
    )


class BodyForm(ReasonedForm):
    """A body as it stands now, or a new one."""

    name = TextField(lazy_gettext("Name"))
    kind = ListField(lazy_gettext("What it is"))
    purpose = AreaField(
        lazy_gettext("Purpose"),
        required=False,
        max_length=LONG,
        description=lazy_gettext("A working group must have one."),
    )
    ends = DateField(
        lazy_gettext("Last day"),
        required=False,
        description=lazy_gettext("A working group must have one; others have none."),
    )
    mandate = LinesField(lazy_gettext("Mandate"), description=_ONE_EACH)
    seats = LinesField(
        lazy_gettext("Members"),
        description=lazy_gettext(
            "Functions, one on each line, never the name of a person. After a semicolon stands the deputy: Mayor; Deputy mayor."
        ),
    )
    leader = LinesField(lazy_gettext("Who leads it"), description=_ONE_EACH)
    limits = LinesField(lazy_gettext("Limits for decisions"), description=_ONE_EACH)
    decides_to = WholeField(
        lazy_gettext("Decides about money up to, in kroner"), low=0, high=LARGEST_AMOUNT
    )
    decides_above = WholeField(
        lazy_gettext("Decides about money above, in kroner"), low=0, high=LARGEST_AMOUNT
    )
    frequency = LinesField(lazy_gettext("How often it meets"), description=_ONE_EACH)
    meetings_a_year = WholeField(lazy_gettext("Meetings a year"), low=1, high=MOST_MEETINGS)
    individuals = LinesField(lazy_gettext("About single cases"), description=_ONE_EACH)
    individuals_forbidden = ListField(
        lazy_gettext("Are single cases forbidden?"), required=False, blank=lazy_gettext("Not said")
    )
    neighbours = LinesField(
        lazy_gettext("Other municipalities"),
        description=lazy_gettext("Of a regional politiråd, one on each line."),
    )

    def prepare(self) -> None:
        """Offer the vocabularies."""
        self.kind.choices = choices("kind")
        self.individuals_forbidden.choices = [("yes", gettext("Yes")), ("no", gettext("No"))]

    def to_command(self) -> WriteBody:
        """What is wanted, for the workflow."""
        return WriteBody(
            version=self.version.data,
            name=self.name.data or "",
            kind=BodyKind(self.kind.data),
            purpose=self.purpose.data or "",
            mandate=self.mandate.lines,
            seats=self.seats.lines,
            leader=self.leader.lines,
            limits=self.limits.lines,
            decides_to=self.decides_to.number,
            decides_above=self.decides_above.number,
            frequency=self.frequency.lines,
            meetings_a_year=self.meetings_a_year.number,
            individuals=self.individuals.lines,
            individuals_forbidden=_CASES[self.individuals_forbidden.data or ""],
            neighbours=self.neighbours.lines,
            ends=self.ends.data,
            reason=self.reason.data or "",
        )


class DissolveForm(BaseForm):
    """A body that ends; only the version it was read in."""


def as_it_stands(body: Body) -> dict[str, object]:
    """The values the form begins with."""
    said = ("mandate", "seats", "leader", "limits", "frequency", "individuals")
    numbers = ("decides_to", "decides_above", "meetings_a_year")
    words = {value: word for word, value in _CASES.items()}
    return {
        "name": body.name,
        "kind": str(body.kind),
        "purpose": body.purpose,
        "ends": body.ends,
        "individuals_forbidden": words[body.individuals_forbidden] or None,
        "neighbours": "\n".join(body.neighbours),
        **{name: "\n".join(getattr(body, name).lines) for name in said},
        **{name: str(v) for name in numbers if (v := getattr(body, name)) is not None},
    }
