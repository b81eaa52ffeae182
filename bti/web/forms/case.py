"""Forms of the case page: conversations, the way on, and opening the log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from bti.domain.codes import ClosingCause, RemainingNeed
from bti.domain.levels import Level
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
from bti.web.labels import CAUSE, NEED, choices
from bti.web.measure_labels import ARENA, MEASURE_TYPE, PARTY
from bti.workflows.level_facts import With


class ConversationForm(BaseForm):
    """A talk that was held, or why it was not."""

    with_whom = RadioField(
        _l("With whom?"),
        choices=[
            (With.GUARDIANS.value, _l("The guardians")),
            (With.CHILD.value, _l("The child")),
            (With.LEADER.value, _l("My leader")),
        ],
    )
    held = RadioField(
        _l("Have you talked together?"),
        choices=[("yes", _l("Yes")), ("no", _l("No, and I will write why"))],
    )
    on = DateField(_l("When?"), too_late=_l("The conversation cannot be in the future."))
    both = TickField(_l("Both guardians were there"))
    summary = AreaField(
        _l("What did you agree on?"),
        description=_l("Short. What was agreed, not everything that was said."),
        required=False,
    )
    reason = AreaField(
        _l("Why have you not talked together?"),
        description=_l("Only when you have not. For instance that it can be unsafe for the child."),
        required=False,
    )


class DecideForm(BaseForm):
    """The way on: up, down, close or reopen. ``to`` is a level or ``close``."""

    to = RadioField(_l("What do you decide?"))
    reason = AreaField(
        _l("Why?"),
        description=_l("The family can read this. Write what you saw and what you agreed on."),
    )
    cause = ListField(
        _l("If you close: what is the cause?"),
        choices=choices(CAUSE),
        blank=_l("Choose"),
        required=False,
    )
    needs = TicksField(
        _l("If you close: what is still needed?"),
        description=_l("Tick nothing when nothing more is needed."),
        choices=choices(NEED),
    )
    remains = AreaField(
        _l("Who takes it from here?"),
        description=_l("Short: what, who, and from when. The family can read this."),
        required=False,
    )
    danger = RadioField(
        _l("Have you asked again whether the child is in danger?"),
        description=_l("Needed before level 3. If there is danger, do not wait for this form."),
        choices=[("no", _l("Yes, and there is no sign of danger")), ("later", _l("Not now"))],
        required=False,
    )

    @property
    def level(self) -> Level | None:
        """The level chosen; None closes the case."""
        return None if self.to.data == "close" else Level(int(self.to.data))

    @property
    def chosen_cause(self) -> ClosingCause | None:
        """The cause, when the case is closed."""
        return ClosingCause(self.cause.data) if self.cause.data else None

    @property
    def chosen_needs(self) -> tuple[RemainingNeed, ...]:
        """What is ticked as still needed."""
        return tuple(RemainingNeed(one) for one in self.needs.data or ())


class OpenLogForm(BaseForm):
    """What the log opens with."""

    background = AreaField(
        _l("Why do you open the log?"),
        description=_l("Two or three sentences that the family recognises."),
    )
    goal = AreaField(
        _l("What do you want to achieve?"),
        description=_l("One goal you can see whether you reach."),
        max_length=600,
    )
    title = TextField(
        _l("The first measure"), description=_l("For instance: A fixed adult in the morning")
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
