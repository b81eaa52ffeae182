"""The concern form in three short steps, and how what was typed becomes a command.

Every step can be filled from a draft: the same text that was typed, right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict

from bti.domain.codes import ConcernCategory, ContactWithGuardians, TalkedWithChild, TriedThing
from bti.web import labels
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    RadioField,
    TextField,
    TickField,
    TicksField,
)
from bti.web.forms.text import printable
from bti.workflows.concern import LogConcern, NewChild, NewGuardian, Observation

NEW_CASE: Final = "new"
YES: Final = "yes"
SUBMISSION: Final = "submission"
NAME_LENGTH: Final = 120
_GROUP_LENGTH: Final = 40
_NUMBER_LENGTH: Final = 20
#: Longer than any field may be, so that too long a text is kept too; short of filling the disk.
_LONGEST_KEPT: Final = 40_000
_MOST_VALUES: Final = 240
_NOT_KEPT: Final = frozenset({"csrf_token", "version", "go", "case"})

_TODAY_LATEST: Final = lazy_gettext("The date is ahead in time. Choose today or an earlier day.")


class StepForm(BaseForm):
    """A step that can be filled from a draft, and kept as one."""

    @classmethod
    def from_draft(cls, fields: Mapping[str, list[str]]) -> Self:
        """The step as it was typed."""
        return cls(MultiDict([(name, one) for name, values in fields.items() for one in values]))

    def typed(self, posted: MultiDict[str, str]) -> dict[str, list[str]]:
        """What was typed in this step's fields, fit for a draft; unticked boxes are empty lists."""
        names = [field.name for field in self if field.name not in _NOT_KEPT]
        return {name: kept(posted.getlist(name)) for name in names}

    def limit_days(self, today: date) -> None:
        """No observation or birth date lies ahead of ``today``."""
        for field in self:
            if isinstance(field, DateField):
                field.latest = today


class SeenForm(StepForm):
    """Step 1: whether it is urgent, who it is about, and what was seen."""

    danger = RadioField(
        lazy_gettext("Is a child in danger now?"),
        choices=[("no", lazy_gettext("No")), (YES, lazy_gettext("Yes, or I am not sure"))],
        help={YES: lazy_gettext("Then we show you how to report. What you have typed is kept.")},
        required=lazy_gettext("Say whether a child is in danger."),
    )
    child_name = TextField(
        lazy_gettext("The child's full name"),
        required=lazy_gettext("Write the child's name."),
        max_length=NAME_LENGTH,
        render_kw={"autocomplete": "off"},
    )
    birth_date = DateField(
        lazy_gettext("Birth date"),
        required=lazy_gettext("Write the child's birth date."),
        too_late=lazy_gettext("The birth date is ahead in time. Check the year."),
        too_early=lazy_gettext("Stafett is for children and young people under 24."),
    )
    national_id = TextField(
        lazy_gettext("National identity number"),
        required=False,
        max_length=_NUMBER_LENGTH,
        description=lazy_gettext("Only if you need it to be sure who it is. 11 digits."),
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    group = TextField(
        lazy_gettext("Class or group"),
        required=False,
        max_length=_GROUP_LENGTH,
        render_kw={"autocomplete": "off"},
    )
    case = RadioField(lazy_gettext("You may already have a case about this child"), required=False)
    seen = AreaField(
        lazy_gettext("What have you seen or heard?"),
        required=lazy_gettext("Write what you have seen or heard."),
        description=lazy_gettext("Write what happened. Wait with explaining it."),
    )
    categories = TicksField(
        lazy_gettext("What is it about?"),
        choices=labels.choices(labels.CATEGORY),
        required=lazy_gettext("Tick at least one."),
        description=lazy_gettext("Tick one or more."),
    )
    since = DateField(
        lazy_gettext("When did it begin?"),
        required=False,
        too_late=_TODAY_LATEST,
        description=lazy_gettext("About when is fine."),
    )


class HomeForm(StepForm):
    """Step 2: the child's view, the guardians, and what has been tried."""

    talked_with_child = RadioField(
        lazy_gettext("Have you talked with the child?"),
        choices=labels.choices(labels.TALKED),
        required=lazy_gettext("Say whether you have talked with the child."),
    )
    child_says = AreaField(
        lazy_gettext("What does the child say?"),
        required=False,
        description=lazy_gettext(
            "Use the child's own words when you can. The child may read this."
        ),
    )
    contact_with_guardians = RadioField(
        lazy_gettext("Have you talked with the guardians?"),
        choices=labels.choices(labels.CONTACT),
        help={
            ContactWithGuardians.UNSAFE.value: lazy_gettext(
                "Then we show you the duty to report before you go on."
            )
        },
        required=lazy_gettext("Say whether you have talked with the guardians."),
    )
    contact_on = DateField(
        lazy_gettext("When did you talk?"), required=False, too_late=_TODAY_LATEST
    )
    guardians_say = AreaField(lazy_gettext("What do they say?"), required=False)
    tried = TicksField(
        lazy_gettext("What have you tried?"),
        choices=labels.choices(labels.TRIED),
        description=lazy_gettext("Tick what fits. It is fine if the answer is nothing."),
    )
    tried_text = AreaField(lazy_gettext("How did it go?"), required=False)
    guardian1_name = TextField(
        lazy_gettext("First guardian's name"), required=False, max_length=NAME_LENGTH
    )
    guardian1_relation = TextField(
        lazy_gettext("First guardian's relation to the child"),
        required=False,
        max_length=_GROUP_LENGTH,
    )
    guardian1_responsibility = TickField(lazy_gettext("First guardian has parental responsibility"))
    guardian1_checked_on = DateField(
        lazy_gettext("First guardian: checked on"), required=False, too_late=_TODAY_LATEST
    )
    guardian2_name = TextField(
        lazy_gettext("Second guardian's name"), required=False, max_length=NAME_LENGTH
    )
    guardian2_relation = TextField(
        lazy_gettext("Second guardian's relation to the child"),
        required=False,
        max_length=_GROUP_LENGTH,
    )
    guardian2_responsibility = TickField(
        lazy_gettext("Second guardian has parental responsibility")
    )
    guardian2_checked_on = DateField(
        lazy_gettext("Second guardian: checked on"), required=False, too_late=_TODAY_LATEST
    )

    @property
    def unsafe(self) -> bool:
        """Whether an answer says that talking could put the child in danger."""
        answers = {self.talked_with_child.data, self.contact_with_guardians.data}
        return not answers.isdisjoint({TalkedWithChild.UNSAFE, ContactWithGuardians.UNSAFE})

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """A ticked box or a date about a guardian needs the guardian's name."""
        holds = bool(super().validate(extra_validators))
        for one in ("guardian1", "guardian2"):
            name = self[f"{one}_name"]
            others = ("relation", "responsibility", "checked_on")
            if not name.data and any(self[f"{one}_{other}"].data for other in others):
                self.refuse(gettext("Write the guardian's name, or leave the rest empty."), name)
                holds = False
        return holds

    def guardians(self) -> tuple[NewGuardian, ...]:
        """The guardians that were named."""
        return tuple(
            NewGuardian(
                name=self[f"{one}_name"].data,
                relation=self[f"{one}_relation"].data or "",
                parental_responsibility=bool(self[f"{one}_responsibility"].data),
                checked_on=self[f"{one}_checked_on"].data,
            )
            for one in ("guardian1", "guardian2")
            if self[f"{one}_name"].data
        )


class ReviewForm(BaseForm):
    """Step 3: nothing to fill in, unless the answers tell of danger."""

    considered_duty = TickField(
        lazy_gettext("I have considered whether I must report to child welfare services"),
        required=lazy_gettext("Tick that you have considered the duty to report."),
    )


def kept(values: Iterable[str]) -> list[str]:
    """Typed values fit for a draft: no sign that cannot be stored, and not without end."""
    return [printable(value)[:_LONGEST_KEPT] for value in list(values)[:_MOST_VALUES]]


def to_command(
    seen: SeenForm, home: HomeForm, *, submission: UUID, case_id: UUID | None
) -> LogConcern:
    """The concern of two steps that hold. Raises ValueError or TypeError for steps that do not."""
    child = None
    if case_id is None:
        if seen.birth_date.data is None:
            raise ValueError("the step was not checked")
        child = NewChild(
            name=seen.child_name.data or "",
            birth_date=seen.birth_date.data,
            national_id=seen.national_id.data or "",
            group=seen.group.data or "",
        )
    return LogConcern(
        submission=submission,
        observation=Observation(
            seen=seen.seen.data or "",
            categories=tuple(ConcernCategory(code) for code in seen.categories.data or ()),
            since=seen.since.data,
            talked_with_child=TalkedWithChild(home.talked_with_child.data),
            child_says=home.child_says.data or "",
            contact_with_guardians=ContactWithGuardians(home.contact_with_guardians.data),
            contact_on=home.contact_on.data,
            guardians_say=home.guardians_say.data or "",
            tried=tuple(TriedThing(code) for code in home.tried.data or ()),
            tried_text=home.tried_text.data or "",
        ),
        child=child,
        case_id=case_id,
        guardians=() if case_id is not None else home.guardians(),
    )
