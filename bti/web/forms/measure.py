"""Forms of the plan: a goal, a measure, an evaluation in three views, a note."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.domain.codes import (
    Arena,
    Decision,
    InfoType,
    MeasureResult,
    MeasureType,
    NotHeardReason,
    Party,
)
from bti.domain.goals import GoalStatus
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField, TextField
from bti.web.labels import (
    DECISION,
    INFO_TYPE,
    NOT_HEARD,
    RESULT,
    choices,
)
from bti.web.measure_labels import ARENA, GOAL_STATUS, MEASURE_TYPE, PARTY
from bti.workflows.goal import EvaluateGoal
from bti.workflows.measure import AddMeasure, Evaluate, SaidView

if TYPE_CHECKING:
    from bti.workflows.goal_page import GoalPage
    from bti.workflows.plan_view import EvaluationPage, PlanPage

_SHORT = 600
# Reasons that can be a grown-up's too; nobody is too young to be a guardian here.
_GROWN_UP = (NotHeardReason.DID_NOT_WANT, NotHeardReason.UNSAFE, NotHeardReason.NOT_ABLE)


class GoalForm(BaseForm):
    """A goal."""

    text = AreaField(
        _l("What do you want to achieve?"),
        description=_l(
            "One goal you can see whether you reach. Write it as the child would say it."
        ),
        max_length=_SHORT,
    )
    reach_by = DateField(_l("When should it be reached?"), required=False)


def _three_views() -> tuple[AreaField, ListField, AreaField, ListField, AreaField]:
    """Fields for the child, the guardians and the service, in the order a form asks them in."""
    return (
        AreaField(_l("What does the child think?"), required=False),
        ListField(
            _l("If the child has not said what it thinks: why?"),
            choices=choices(NOT_HEARD),
            blank=_l("Choose"),
            required=False,
        ),
        AreaField(_l("What do the guardians think?"), required=False),
        ListField(
            _l("If the guardians have not said what they think: why?"),
            choices=choices(NOT_HEARD, only=(*_GROWN_UP, NotHeardReason.OTHER)),
            blank=_l("Choose"),
            required=False,
        ),
        AreaField(
            _l("What do you see in your work?"),
            description=_l("What you have seen and heard, not what you guess."),
        ),
    )


def _ask_about(form: GoalEvaluationForm | EvaluationForm, page: GoalPage | EvaluationPage) -> None:
    """Put the child's name into the questions."""
    form.on.latest = page.today
    form.child.label.text = _("What does %(name)s think?", name=page.child)
    form.child_missing.label.text = _(
        "If we do not know what %(name)s thinks: why?", name=page.child
    )


class GoalEvaluationForm(BaseForm):
    """How a goal stands, whatever its measures came to."""

    on = DateField(
        _l("When did you evaluate?"), too_late=_l("The evaluation cannot be in the future.")
    )
    status = RadioField(_l("How does the goal stand?"), choices=choices(GOAL_STATUS))
    child, child_missing, guardians, guardians_missing, seen = _three_views()
    reach_by = DateField(
        _l("When should it be reached?"),
        description=_l("Not needed for a goal that ends."),
        required=False,
    )

    def prepare(self, page: GoalPage) -> None:
        """Put the child's name into the questions."""
        _ask_about(self, page)

    def to_command(self, case_id: uuid.UUID, goal_id: uuid.UUID) -> EvaluateGoal:
        """Return what was filled in. The suggested day falls away for a goal that ends."""
        status = GoalStatus(self.status.data)
        return EvaluateGoal(
            case_id=case_id,
            version=self.version.data,
            goal_id=goal_id,
            on=self.on.day,
            status=status,
            child=_said(self.child, self.child_missing),
            guardians=_said(self.guardians, self.guardians_missing),
            seen=self.seen.data or "",
            reach_by=self.reach_by.data if status is GoalStatus.UNDER_WAY else None,
        )


class MeasureForm(BaseForm):
    """A measure towards a goal."""

    goal = RadioField(_l("Which goal is it for?"))
    title = TextField(
        _l("The measure in a few words"),
        description=_l("For instance: A fixed adult in the morning"),
    )
    description = AreaField(_l("What will you do?"), required=False)
    kind = RadioField(_l("What sort of measure is it?"), choices=choices(MEASURE_TYPE))
    arena = RadioField(_l("Where?"), choices=choices(ARENA))
    party = RadioField(_l("Whose is it to carry out?"), choices=choices(PARTY))
    responsible = TextField(
        _l("As what?"),
        max_length=60,
        description=_l("A function, for instance contact teacher, mother or coach. Never a name."),
    )
    start_on = DateField(_l("When does it start?"))
    evaluate_on = DateField(_l("When do you evaluate?"))

    def prepare(self, page: PlanPage) -> None:
        """Offer the goals one may read."""
        self.goal.choices = [(str(goal.id), goal.text) for goal in page.goals]
        if len(page.goals) == 1 and self.goal.data is None:
            self.goal.data = str(page.goals[0].id)

    def to_command(self, case_id: uuid.UUID) -> AddMeasure:
        """Return what was filled in; the form has been validated."""
        return AddMeasure(
            case_id=case_id,
            version=self.version.data,
            goal_id=uuid.UUID(self.goal.data),
            title=self.title.data or "",
            description=self.description.data or "",
            arena=Arena(self.arena.data),
            kind=MeasureType(self.kind.data),
            party=Party(self.party.data),
            responsible=self.responsible.data or "",
            start_on=self.start_on.day,
            evaluate_on=self.evaluate_on.day,
        )


class EvaluationForm(BaseForm):
    """How it went, in three views, and what happens now."""

    on = DateField(
        _l("When did you evaluate?"), too_late=_l("The evaluation cannot be in the future.")
    )
    result = RadioField(_l("Is the goal reached?"), choices=choices(RESULT))
    child, child_missing, guardians, guardians_missing, professional = _three_views()
    decision = RadioField(
        _l("What do we do now?"),
        choices=choices(DECISION, only=(Decision.CONTINUE, Decision.CHANGE, Decision.CLOSE)),
    )
    change = AreaField(_l("If something changes: what?"), required=False, max_length=_SHORT)
    next_on = DateField(
        _l("When do we evaluate next time?"),
        description=_l("Not needed for a measure that ends."),
        required=False,
    )

    def prepare(self, page: EvaluationPage) -> None:
        """Put the child's name into the questions."""
        _ask_about(self, page)

    def to_command(self, case_id: uuid.UUID, measure_id: uuid.UUID) -> Evaluate:
        """Return what was filled in. The suggested day falls away for a measure that ends."""
        decision = Decision(self.decision.data)
        return Evaluate(
            case_id=case_id,
            version=self.version.data,
            measure_id=measure_id,
            on=self.on.day,
            result=MeasureResult(self.result.data),
            child=_said(self.child, self.child_missing),
            guardians=_said(self.guardians, self.guardians_missing),
            professional=SaidView(self.professional.data or ""),
            decision=decision,
            change=self.change.data or "",
            next_on=None if decision is Decision.CLOSE else self.next_on.data,
        )


def _said(words: AreaField, missing: ListField) -> SaidView:
    reason = NotHeardReason(missing.data) if missing.data else None
    return SaidView(words.data or "", reason)


class NoteForm(BaseForm):
    """A note of one type of information."""

    info_type = RadioField(
        _l("What is it about?"),
        description=_l("Decides who else can read it: those whose consent covers this."),
        choices=choices(INFO_TYPE),
        help={InfoType.OWN.value: _l("Only your own service reads it, whatever the consent says.")},
    )
    text = AreaField(_l("What do you want to write down?"))
