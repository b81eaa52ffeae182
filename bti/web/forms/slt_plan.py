"""The forms of a plan: a measure, an evaluation, an indicator, a reading. None has a field for a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask_babel import gettext, lazy_gettext
from wtforms.validators import StopValidation

from bti.slt.plan import (
    Area,
    Decision,
    EvaluationKind,
    MeasureStatus,
    PlanMeasure,
    PreventionLevel,
    Strand,
    Unit,
    is_partial_date,
)
from bti.slt.plan_change import (
    ChangeMeasure,
    EvaluateMeasure,
    FollowIndicator,
    NoteReading,
)
from bti.slt.plan_extend import WriteArea
from bti.slt.plan_file import LARGEST, LONG, MOST_LINES
from bti.slt.plan_next import NextPeriod
from bti.slt.plan_stored import StoredPlan
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    ListField,
    RadioField,
    TextField,
    TickField,
    TicksField,
)
from bti.web.slt_labels import choices

_LINES_LENGTH: Final = 4000
_SHORT_TIME: Final = 10
_OF_MEASURE: Final = "measure-"


class LinesField(AreaField):
    """A list, a line each. ``lines`` are those that are not empty, each once."""

    def __init__(self, label: str, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it is
        super().__init__(label, required=False, max_length=_LINES_LENGTH, **kwargs)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as they are stored."""
        lines = (" ".join(line.split()) for line in (self.data or "").split("\n"))
        return tuple(dict.fromkeys(line for line in lines if line))

    def pre_validate(self, form: object) -> None:
        """Raise StopValidation for too many lines, or one that is too long."""
        super().pre_validate(form)
        if len(self.lines) > MOST_LINES:
            raise StopValidation(gettext("Write at most %(most)s lines.", most=MOST_LINES))
        if any(len(line) > LONG for line in self.lines):
            raise StopValidation(gettext("Write at most %(most)s signs in a line.", most=LONG))


class NumberField(TextField):
    """A number from 0 with two decimals at most; a comma is as good as a point."""

    def __init__(self, label: str, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it is
        super().__init__(label, max_length=_SHORT_TIME, **kwargs)

    @property
    def number(self) -> Decimal | None:
        """The number, once the form has been validated; None if nothing was typed."""
        return _number(self.data or "") if self.data else None

    def pre_validate(self, form: object) -> None:
        """Raise StopValidation for what is no such number."""
        super().pre_validate(form)
        if self.data and _number(self.data) is None:
            raise StopValidation(gettext("Write a number, for example 12 or 37,5."))


class NamedForm(BaseForm):
    """Every form whose texts are looked through for names."""

    reason = TextField(
        lazy_gettext("Why it may stand"),
        required=False,
        description=lazy_gettext(
            "It is kept in the history. Write for instance that it is the name of a programme."
        ),
    )


class MeasureForm(NamedForm):
    """A measure as it stands now."""

    title = TextField(lazy_gettext("Name"))
    description = AreaField(lazy_gettext("Description"), required=False, max_length=LONG)
    actions = LinesField(lazy_gettext("Sub-actions"), description=lazy_gettext("One on each line."))
    responsible = LinesField(
        lazy_gettext("Responsible"),
        description=lazy_gettext(
            "Functions and services, one on each line. Never the name of a person."
        ),
    )
    when = TextField(lazy_gettext("When"), required=False)
    status = ListField(lazy_gettext("Status"), required=False, blank=lazy_gettext("Not said"))
    levels = TicksField(lazy_gettext("Prevention level"))
    strand = ListField(lazy_gettext("Strand"), required=False, blank=lazy_gettext("Not said"))
    confirmed = TickField(lazy_gettext("What is marked as inferred is right"))

    def prepare(self) -> None:
        """Offer the vocabularies."""
        self.status.choices = choices("status")
        self.levels.choices = choices("level")
        self.strand.choices = choices("strand")

    def to_command(self, measure_id: uuid.UUID) -> ChangeMeasure:
        """What is wanted, for the workflow."""
        return ChangeMeasure(
            measure_id=measure_id,
            version=self.version.data,
            title=self.title.data or "",
            description=self.description.data or "",
            actions=self.actions.lines,
            responsible=self.responsible.lines,
            when=self.when.data or "",
            status=MeasureStatus(self.status.data) if self.status.data else None,
            levels=tuple(PreventionLevel(one) for one in self.levels.data or ()),
            strand=Strand(self.strand.data) if self.strand.data else None,
            confirmed=bool(self.confirmed.data),
            reason=self.reason.data or "",
        )


class NewMeasureForm(MeasureForm):
    """A measure that is not there yet. Its number is given."""

    area = ListField(lazy_gettext("Focus area"), required=False, blank=lazy_gettext("None"))

    def prepare_for(self, stored: StoredPlan) -> None:
        """Offer the vocabularies and the areas of a plan."""
        self.prepare()
        self.area.choices = [(one.code, one.name) for one in stored.plan.areas]


class AreaForm(NamedForm):
    """A focus area."""

    name = TextField(lazy_gettext("Name"))
    challenges = LinesField(
        lazy_gettext("Challenges"), description=lazy_gettext("One on each line.")
    )
    goals = LinesField(lazy_gettext("Goals"), description=lazy_gettext("One on each line."))
    approach = LinesField(lazy_gettext("Approach"), description=lazy_gettext("One on each line."))

    def to_command(self, code: str) -> WriteArea:
        """What is wanted, for the workflow."""
        return WriteArea(
            code=code,
            version=self.version.data,
            name=self.name.data or "",
            challenges=self.challenges.lines,
            goals=self.goals.lines,
            approach=self.approach.lines,
            reason=self.reason.data or "",
        )


def area_as_it_stands(area: Area | None) -> dict[str, object]:
    """The values an area's form begins with."""
    if area is None:
        return {}
    names = ("challenges", "goals", "approach")
    return {"name": area.name, **{name: "\n".join(getattr(area, name)) for name in names}}


def as_it_stands(measure: PlanMeasure) -> dict[str, object]:
    """The values a measure's form begins with."""
    return {
        "title": measure.title,
        "description": measure.description,
        "actions": "\n".join(measure.actions),
        "responsible": "\n".join(measure.responsible),
        "when": measure.when,
        "status": next(iter(measure.status.values), None),
        "levels": [str(one) for one in measure.level.values],
        "strand": next(iter(measure.strand.values), None),
    }


class EvaluateForm(NamedForm):
    """What was found, and what is decided."""

    kind = RadioField(lazy_gettext("What is asked?"))
    on = DateField(lazy_gettext("Day"))
    finding = AreaField(lazy_gettext("What was found"), max_length=LONG)
    decision = RadioField(lazy_gettext("Decision"))
    why = AreaField(lazy_gettext("Why this decision"), required=False, max_length=LONG)

    def prepare(self) -> None:
        """Offer the vocabularies."""
        self.kind.choices = choices("kind")
        self.decision.choices = choices("decision")

    def to_command(self, measure_id: uuid.UUID) -> EvaluateMeasure:
        """What was found, for the workflow."""
        return EvaluateMeasure(
            measure_id=measure_id,
            kind=EvaluationKind(self.kind.data),
            on=self.on.day,
            finding=self.finding.data or "",
            decision=Decision(self.decision.data),
            why=self.why.data or "",
            reason=self.reason.data or "",
        )


class IndicatorForm(NamedForm):
    """A number to follow."""

    name = TextField(lazy_gettext("What is counted"))
    unit = ListField(lazy_gettext("Counted in"))
    group = TextField(lazy_gettext("For whom"), required=False)
    source = TextField(lazy_gettext("Where the number is from"), required=False)
    baseline = NumberField(
        lazy_gettext("Baseline"),
        required=False,
        description=lazy_gettext("Where it began. Empty if nobody knows."),
    )
    target = NumberField(
        lazy_gettext("Target"),
        required=False,
        description=lazy_gettext("Where it should end. Empty if nobody has decided it."),
    )

    def prepare(self) -> None:
        """Offer the vocabularies."""
        self.unit.choices = choices("unit")

    def to_command(self, measure_id: uuid.UUID) -> FollowIndicator:
        """What is to be followed, for the workflow."""
        return FollowIndicator(
            measure_id=measure_id,
            name=self.name.data or "",
            unit=Unit(self.unit.data),
            group=self.group.data or "",
            source=self.source.data or "",
            baseline=self.baseline.number,
            target=self.target.number,
            reason=self.reason.data or "",
        )


class ReadingForm(BaseForm):
    """What an indicator was at a time."""

    indicator = ListField(lazy_gettext("Indicator"))
    on = TextField(
        lazy_gettext("When"),
        max_length=_SHORT_TIME,
        description=lazy_gettext("A year, a month or a day: 2026, 2026-05 or 2026-05-01."),
    )
    value = NumberField(lazy_gettext("Value"))

    def prepare(self, stored: StoredPlan, number: str) -> None:
        """Offer the indicators of a measure."""
        own = [one for one in stored.plan.indicators if one.measure == number]
        self.indicator.choices = [(one.code, one.name) for one in own]

    def validate_on(self, field: TextField) -> None:
        """Raise StopValidation for what is no time."""
        if not is_partial_date(field.data or ""):
            raise StopValidation(
                gettext("Write a year, a month or a day, for example 2026 or 2026-05.")
            )

    def to_command(self) -> NoteReading:
        """What was measured, for the workflow."""
        value = self.value.number
        if value is None:
            raise ValueError(self.value.name)
        return NoteReading(self.indicator.data or "", self.on.data or "", value)


class NextForm(NamedForm):
    """The period to come. What becomes of each measure is a field of its own, see ``next_form``."""

    title = TextField(lazy_gettext("Name of the new plan"))
    first_day = DateField(lazy_gettext("First day"))
    last_day = DateField(lazy_gettext("Last day"))
    others = ListField(
        lazy_gettext("For measures with no choice below"),
        required=False,
        blank=lazy_gettext("Choose for each of them"),
    )

    def measures(self) -> dict[str, ListField]:
        """The field of each measure, by its number."""
        return {
            name.removeprefix(_OF_MEASURE): field
            for name, field in self._fields.items()
            if name.startswith(_OF_MEASURE) and isinstance(field, ListField)
        }

    def to_command(self) -> NextPeriod:
        """What was decided, for the workflow; a measure nobody has decided about is left out."""
        chosen = {n: field.data or self.others.data for n, field in self.measures().items()}
        return NextPeriod(
            title=self.title.data or "",
            first_day=self.first_day.day,
            last_day=self.last_day.day,
            decisions={number: Decision(one) for number, one in chosen.items() if one},
            reason=self.reason.data or "",
        )


def next_form(stored: StoredPlan, suggested: Mapping[str, Decision]) -> NextForm:
    """A form with a list for each measure, beginning with what its last evaluation decided."""
    plan = stored.plan
    lists = {
        f"{_OF_MEASURE}{one.number}": ListField(
            f"{one.number}. {one.title}",
            choices=choices("decision"),
            required=False,
            blank=gettext("No choice"),
        )
        for one in plan.measures
    }
    first = plan.last_day + timedelta(days=1)
    years = plan.last_day.year - plan.first_day.year
    data: dict[str, object] = {f"{_OF_MEASURE}{n}": str(one) for n, one in suggested.items()}
    data |= {"first_day": first, "last_day": date(first.year + years, 12, 31)}
    form: NextForm = type("NextFormOfPlan", (NextForm,), lists)(data=data)
    form.others.choices = choices("decision")[:2]
    return form


def _number(typed: str) -> Decimal | None:
    try:
        number = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        return None
    sound = number.is_finite() and 0 <= number <= LARGEST
    return number if sound and number == round(number, 2) else None
