"""How WTForms fields are drawn: Designsystemet's class names, and nothing else."""

from typing import Any, Final

from markupsafe import Markup
from wtforms import widgets
from wtforms.fields.core import Field

_CLASS: Final = "ds-input"


class Drawn:
    """Adds the class; the label, help text and message are drawn by components/field.html."""

    def __call__(self, field: Field, **kwargs: Any) -> Markup:  # noqa: ANN401 - HTML attributes of any kind
        """Draw the control with Designsystemet's class."""
        kwargs.setdefault("class", _CLASS)
        drawn: Markup = super().__call__(field, **kwargs)  # type: ignore[misc]  # the next class draws
        return drawn


class LineInput(Drawn, widgets.TextInput):
    """One line of text."""


class PasswordInput(Drawn, widgets.PasswordInput):
    """A password: never sent back to the page."""


class DateInput(Drawn, widgets.DateInput):
    """A day. The browser's own picker where it has one, else typed."""

    def __call__(self, field: Field, **kwargs: Any) -> Markup:  # noqa: ANN401 - HTML attributes of any kind
        """A date picker takes only ISO days: what was typed in another form needs a text input."""
        kwargs.setdefault("type", "text" if getattr(field, "typed_otherwise", False) else "date")
        return super().__call__(field, **kwargs)


class TextBox(Drawn, widgets.TextArea):
    """Several lines of text."""


class ListBox(Drawn, widgets.Select):
    """A list to choose one from."""


class RadioMark(Drawn, widgets.RadioInput):
    """One of several choices."""


class TickBox(Drawn, widgets.CheckboxInput):
    """Yes, if ticked."""


class ChoiceTickBox(TickBox):
    """One of several boxes. Never `required`: that would demand every box in the group."""

    def __init__(self) -> None:
        super().__init__()
        self.validation_attrs = ["disabled"]
