"""Forms of the upbringing team: bringing a case, giving it back, rights, and a new holder."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField, TickField
from bti.web.labels import FINDING, INDIVIDUAL_PLAN, choices
from bti.workflows.referral import (
    Appoint,
    Criterion,
    Finding,
    IndividualPlan,
    RecordRights,
    Refer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wtforms.fields.core import Field

    from bti.workflows.referral import ReferPage, ReferralPage

_FINDINGS = choices(FINDING)
_SEPARATOR = "."


class ReferForm(BaseForm):
    """Why cooperation so far is not enough, and what the team is asked."""

    team = RadioField(_l("Which team?"))
    why = AreaField(
        _l("Why is the cooperation so far not enough?"),
        description=_l("What have you tried, and what is still hard?"),
    )
    question = AreaField(
        _l("What do you ask the team?"),
        description=_l("One or two sentences. The team sees this first."),
        max_length=600,
    )
    danger = RadioField(
        _l("Have you asked again whether the child is in danger?"),
        description=_l("If there is danger, do not wait for the team."),
        choices=[("no", _l("Yes, and there is no sign of danger")), ("later", _l("Not now"))],
    )

    def prepare(self, page: ReferPage) -> None:
        """Offer the municipality's teams; one alone is chosen already."""
        self.team.choices = [(str(unit_id), name) for unit_id, name in page.teams]
        if len(page.teams) == 1 and self.team.data is None:
            self.team.data = str(page.teams[0][0])

    def to_command(self, case_id: uuid.UUID) -> Refer:
        """Return what was filled in; the form has been validated."""
        return Refer(
            case_id=case_id,
            version=self.version.data,
            team_unit=uuid.UUID(self.team.data),
            why=self.why.data or "",
            question=self.question.data or "",
            danger_assessed=self.danger.data == "no",
        )


class AgendaForm(BaseForm):
    """Which day's agenda; none is the next that has meetings. Sent by GET, so that it can be kept."""

    day = DateField(_l("Day"), required=False)


class TakeForm(BaseForm):
    """Nothing but the version: taking is one click."""


class ReturnForm(BaseForm):
    """Why a case goes back."""

    reason = AreaField(
        _l("Why does it go back?"),
        description=_l("What should be tried, or be in place, before the team can help?"),
    )


class RightsForm(BaseForm):
    """The five questions about a child coordinator, and the individual plan."""

    under_18 = RadioField("", choices=_FINDINGS)
    serious_condition = RadioField(_l("A serious illness, injury or disability"), choices=_FINDINGS)
    lasting_services = RadioField(
        _l("Long-lasting and composite or coordinated health and care services"),
        choices=_FINDINGS,
    )
    other_services = RadioField(_l("Other welfare services as well"), choices=_FINDINGS)
    family_wants = RadioField(_l("The parents want a child coordinator"), choices=_FINDINGS)
    individual_plan = ListField(
        _l("Individual plan"),
        choices=choices(INDIVIDUAL_PLAN),
        blank=_l("Choose"),
    )
    told = TickField(_l("The family has been told about child coordinator and individual plan"))
    note = AreaField(_l("What did you agree on?"), required=False)

    def prepare(self, page: ReferralPage) -> None:
        """Put the child's name in, and answer what the birth date already tells."""
        self.under_18.label.text = _("%(name)s is under 18 years", name=page.first_name)
        if self.under_18.data is None:
            known = Finding.NO if page.adult else Finding.YES
            self.under_18.data = known.value
        if page.part.rights is not None:
            for one, finding in page.part.rights.criteria.items():
                if self[one.value].raw_data is None:
                    self[one.value].data = finding.value

    def criteria(self) -> Iterator[Field]:
        """The five questions."""
        return (self[one.value] for one in Criterion)

    def to_command(self, case_id: uuid.UUID) -> RecordRights:
        """Return what was filled in; the form has been validated."""
        return RecordRights(
            case_id=case_id,
            version=self.version.data,
            told=bool(self.told.data),
            criteria=tuple((one, Finding(self[one.value].data)) for one in Criterion),
            individual_plan=IndividualPlan(self.individual_plan.data),
            note=self.note.data or "",
        )


class AppointForm(BaseForm):
    """Who is asked to take the baton."""

    to = ListField(_l("New baton holder"), blank=_l("Choose"))
    message = AreaField(_l("What is important to know?"), required=False, max_length=600)

    def prepare(self, page: ReferralPage) -> None:
        """Offer those whose service is let in."""
        self.to.choices = [
            (f"{one.account_id}{_SEPARATOR}{one.unit_id}", f"{one.name}, {one.title}")
            for one in page.candidates
        ]

    def to_command(self, case_id: uuid.UUID) -> Appoint:
        """Return what was filled in; the form has been validated."""
        account_id, _separator, unit_id = str(self.to.data).partition(_SEPARATOR)
        submission = self.submission.data
        return Appoint(
            case_id=case_id,
            submission=submission if submission is not None else uuid.uuid4(),
            version=self.version.data,
            account_id=uuid.UUID(account_id),
            unit_id=uuid.UUID(unit_id),
            message=self.message.data or "",
        )
