"""The form of a report to the politiråd."""

from __future__ import annotations

import uuid
from typing import Any, Final

from flask_babel import gettext, lazy_gettext

from bti.disclosure.tables import HalfYear
from bti.slt.report import (
    LARGEST_AMOUNT,
    MOST_DECISIONS,
    Draft,
    NeededDecision,
    Part,
)
from bti.slt.report_stored import Choices
from bti.web import i18n
from bti.web.forms.fields import AreaField, ListField, RadioField, TextField, TicksField
from bti.web.forms.slt_body import ReasonedForm, WholeField
from bti.web.slt_numbers import half_year
from bti.web.slt_report import PART

_FOREWORD: Final = 3000
_DECISION: Final = 600

Slot = tuple[Any, Any, Any]
"""The fields of one decision: what, who decides, and a sum (an area, a list, a whole number)."""


class ReportForm(ReasonedForm):
    """A report as it stands now, or a new one. The fields of decisions are added by ``report_form``."""

    period = ListField(
        lazy_gettext("Until which half-year"),
        description=lazy_gettext("The plan is shown for the same year."),
    )
    language = RadioField(lazy_gettext("Language"), choices=list(i18n.LANGUAGES.items()))
    parts = TicksField(lazy_gettext("What it holds"), required=False)
    foreword = AreaField(
        lazy_gettext("Foreword"),
        required=False,
        max_length=_FOREWORD,
        description=lazy_gettext(
            "What the politiråd should know first. Nothing about single children or young people."
        ),
    )
    contact = TextField(
        lazy_gettext("Whom the press may ask"),
        required=False,
        description=lazy_gettext(
            "A function, with telephone or address. It stands on the fact sheet. Never the name of a person."
        ),
    )

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The fields of each decision."""
        return tuple(
            (self[f"what_{at}"], self[f"body_{at}"], self[f"sum_{at}"])
            for at in range(1, MOST_DECISIONS + 1)
        )

    def validate(self, extra_validators: object = None) -> bool:
        """Whether every field holds; a decision has words and a body, or nothing at all."""
        sound = super().validate(extra_validators)  # type: ignore[arg-type]  # WTForms' own
        for what, body, amount in self.slots:
            if bool(what.data) == bool(body.data) and (what.data or not amount.data):
                continue
            missing = body if what.data else what
            self.refuse(gettext("Write what is to be decided, and who decides."), missing)
            sound = False
        return sound

    def to_draft(self) -> Draft:
        """What was chosen and written."""
        return Draft(
            period=HalfYear.parse(self.period.data),
            language=self.language.data,
            parts=frozenset(Part(one) for one in self.parts.data or ()),
            foreword=self.foreword.data or "",
            contact=self.contact.data or "",
            decisions=tuple(
                NeededDecision(what.data, uuid.UUID(body.data), amount.number)
                for what, body, amount in self.slots
                if what.data
            ),
        )


def report_form(choices: Choices, draft: Draft | None, version: int | None) -> ReportForm:
    """The form with what it offers, beginning with a draft or with what is suggested for a new one."""
    bodies = [(str(body_id), body.name) for body_id, body in choices.bodies]
    slots: dict[str, object] = {}
    for at in range(1, MOST_DECISIONS + 1):
        slots[f"what_{at}"] = AreaField(
            gettext("What is to be decided"), required=False, max_length=_DECISION
        )
        slots[f"body_{at}"] = ListField(
            gettext("Who decides"), choices=bodies, required=False, blank=gettext("No choice")
        )
        slots[f"sum_{at}"] = WholeField(
            gettext("Sum in kroner, if it is about money"), low=0, high=LARGEST_AMOUNT
        )
    made: type[ReportForm] = type("ReportFormOfTheMunicipality", (ReportForm,), slots)
    form = made(version=version, data=_as_it_stands(draft, choices))
    form.period.choices = [(str(one), _period(one, choices)) for one in choices.periods]
    form.parts.choices = [(str(part), words) for part, words in PART.items()]
    return form


def _period(one: HalfYear, choices: Choices) -> str:
    name = half_year(one)
    if one in choices.published:
        return name
    return str(gettext("%(period)s (no numbers published)", period=name))


def _as_it_stands(draft: Draft | None, choices: Choices) -> dict[str, object]:
    if draft is None:
        language = i18n.language()
        return {
            "period": str(choices.suggested),
            "language": language,
            "parts": [str(one) for one in Part],
            "contact": gettext("SLT coordinator"),
        }
    data: dict[str, object] = {
        "period": str(draft.period),
        "language": draft.language,
        "parts": [str(one) for one in draft.parts],
        "foreword": draft.foreword,
        "contact": draft.contact,
    }
    for at, one in enumerate(draft.decisions, 1):
        data[f"what_{at}"], data[f"body_{at}"] = one.what, str(one.body_id)
        data[f"sum_{at}"] = "" if one.amount is None else str(one.amount)
    return data
