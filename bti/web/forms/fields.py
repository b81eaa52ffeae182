"""The fields forms are made of. Each knows its `shape`, which components/field.html draws.

Every message is our own: WTForms' built-in texts are outside our translations.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

import wtforms
from flask_babel import gettext
from wtforms.fields.choices import Choice as WTFormsChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.fields.core import Field
from wtforms.validators import StopValidation, ValidationError

from bti.web.forms import widgets
from bti.web.forms.days import FIRST_DAY, LAST_DAY, read_day
from bti.web.forms.text import printable, refused_signs, tidy

LINE_LENGTH: Final = 200
BOX_LENGTH: Final = 8000
_VERSION_DIGITS: Final = 18

Choice = tuple[str, str]


class Needed:
    """The field must be answered. `message` says what to do, in the words of the question."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __init__(self, message: str | None = None) -> None:
        self._message = message

    def __call__(self, _form: object, field: Field) -> None:
        """Raise StopValidation where nothing was typed or chosen."""
        if not field.data and not field.errors:
            raise StopValidation(str(self._message or gettext("This must be filled in.")))


def _validators(more: Sequence[Any], *, required: bool | str) -> list[Any]:
    if required is False:
        return list(more)
    return [Needed(None if required is True else required), *more]


class TextField(wtforms.StringField):
    """One line of text: NFC, trimmed, without control characters, at most `max_length` signs."""

    shape = "line"
    widget: Any = widgets.LineInput()
    one_line = True

    def __init__(
        self,
        label: str,
        *,
        required: bool | str = True,
        max_length: int = LINE_LENGTH,
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        self.max_length = max_length
        super().__init__(label, _validators(validators, required=required), **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep the tidied text as data; what was typed stays in raw_data."""
        if valuelist:
            self.data = tidy(str(valuelist[0]))

    def pre_validate(self, _form: object) -> None:
        """Raise StopValidation for signs that cannot be stored, or too much text."""
        text = self.data or ""
        if refused_signs(text) or (self.one_line and ("\n" in text or "\t" in text)):
            raise StopValidation(
                gettext(
                    "There are signs here that cannot be stored. They are often invisible and come "
                    "along when you paste. Type the text instead."
                )
            )
        if len(text) > self.max_length:
            raise StopValidation(
                gettext(
                    "Write at most %(most)s signs. This is %(count)s.",
                    most=self.max_length,
                    count=len(text),
                )
            )

    def _value(self) -> str:
        if self.raw_data:
            return printable(str(self.raw_data[0]))
        return self.data or ""


class AreaField(TextField):
    """Several lines of text."""

    shape = "area"
    widget = widgets.TextBox()
    one_line = False

    def __init__(
        self,
        label: str,
        *,
        required: bool | str = True,
        max_length: int = BOX_LENGTH,
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        super().__init__(
            label, required=required, max_length=max_length, validators=validators, **kwargs
        )


class PasswordField(TextField):
    """A password exactly as typed, but for NFC (NIST SP 800-63B 5.1.1.2). Never shown again."""

    widget = widgets.PasswordInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Spaces at the ends belong to the password."""
        if valuelist:
            typed = str(valuelist[0])
            lead = typed[: len(typed) - len(typed.lstrip())]
            trail = typed[len(typed.rstrip()) :]
            self.data = f"{lead}{tidy(typed)}{trail}" if typed.strip() else typed


class DateField(wtforms.Field):
    """A day, typed as 2026-11-17 or 17.11.2026. `earliest` and `latest` may be set by the view."""

    shape = "line"
    widget = widgets.DateInput()
    data: date | None

    def __init__(
        self,
        label: str,
        *,
        required: bool | str = True,
        earliest: date | None = None,
        latest: date | None = None,
        too_early: str | None = None,
        too_late: str | None = None,
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        self.earliest, self.latest = earliest, latest
        self._too_early, self._too_late = too_early, too_late
        super().__init__(label, _validators(validators, required=required), **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read either form; raises ValueError with a message for the person."""
        self.data = None
        typed = str(valuelist[0]).strip() if valuelist else ""
        if not typed:
            return
        self.data = read_day(typed)
        if self.data is None:
            raise ValueError(gettext("Write the date as day.month.year, for example 17.11.2026."))

    def pre_validate(self, _form: object) -> None:
        """Raise StopValidation for a day outside the limits."""
        if self.data is None:
            return
        if self.data < max(self.earliest or FIRST_DAY, FIRST_DAY):
            raise StopValidation(str(self._too_early or gettext("The date is too far back.")))
        if self.data > min(self.latest or LAST_DAY, LAST_DAY):
            raise StopValidation(str(self._too_late or gettext("The date is too far ahead.")))

    @property
    def day(self) -> date:
        """The day of a required field, once the form has been validated; else ValueError."""
        if self.data is None:
            raise ValueError(self.name)
        return self.data

    @property
    def typed_otherwise(self) -> bool:
        """Whether something stands here that a browser's date picker could not show."""
        return self.data is None and bool(self._value())

    def _value(self) -> str:
        if self.data is not None:
            return self.data.isoformat()
        return printable(str(self.raw_data[0])) if self.raw_data else ""


class _OneOf:
    """Shared by lists and radio buttons: an answer that was not offered is refused in our words."""

    data: Any
    choices: Any

    def pre_validate(self, _form: object) -> None:
        """Raise ValidationError for an answer that was not offered. No answer is Needed's matter."""
        if self.data in {None, ""}:
            self.data = None
        elif self.data not in _values(self.choices):
            raise ValidationError(gettext("Choose one of the answers in the list."))


def _values(choices: Iterable[Choice] | None) -> frozenset[str]:
    return frozenset(value for value, _ in choices or ())


def _as_text(value: object) -> str | None:
    return None if value is None else printable(str(value))


class ListField(_OneOf, wtforms.SelectField):
    """A list to choose one from. `choices` is pairs of (value, text); the view may set it.

    `blank` is the first row, which chooses nothing.
    """

    shape = "line"
    widget = widgets.ListBox()

    def __init__(
        self,
        label: str,
        *,
        choices: Sequence[Choice] = (),
        required: bool | str = True,
        blank: str | None = None,
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        self.blank = blank
        super().__init__(
            label,
            _validators(validators, required=required),
            coerce=_as_text,
            validate_choice=False,
            **kwargs,
        )
        self.choices = list(choices)

    def iter_choices(self) -> Any:  # noqa: ANN401 - WTForms' own row type has no annotations
        """The rows, with the blank one first."""
        rows = list(super().iter_choices())
        if self.blank is None:
            return rows
        return [WTFormsChoice("", self.blank, self.data is None, {}), *rows]


class RadioField(_OneOf, wtforms.RadioField):
    """Choices that are all in view. `help` gives a line under a choice, by its value."""

    shape = "choices"
    option_widget = widgets.RadioMark()

    def __init__(
        self,
        label: str,
        *,
        choices: Sequence[Choice] = (),
        required: bool | str = True,
        help: Mapping[str, str] | None = None,  # noqa: A002 - the word of the interface
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        self._help = dict(help or {})
        super().__init__(
            label,
            _validators(validators, required=required),
            coerce=_as_text,
            validate_choice=False,
            **kwargs,
        )
        self.choices = list(choices)

    def say(self, help: Mapping[str, str]) -> None:  # noqa: A002 - the word of the interface
        """Give each choice its line, when it is known only now."""
        self._help = dict(help)

    def help_for(self, value: str) -> str:
        """The line under a choice, empty if none."""
        return self._help.get(value, "")


class TicksField(wtforms.SelectMultipleField):
    """Boxes where several may be ticked; data is a list of values, in the order of `choices`."""

    shape = "choices"
    option_widget = widgets.ChoiceTickBox()

    def __init__(
        self,
        label: str,
        *,
        choices: Sequence[Choice] = (),
        required: bool | str = False,
        help: Mapping[str, str] | None = None,  # noqa: A002 - the word of the interface
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        self._help = dict(help or {})
        super().__init__(
            label,
            _validators(validators, required=required),
            validate_choice=False,
            **kwargs,
        )
        self.choices = list(choices)

    def pre_validate(self, _form: object) -> None:
        """Raise ValidationError for a box that was not offered; a box sent twice counts once."""
        offered = [str(row[0]) for row in self.choices or ()]
        sent = set(self.data or ())
        if sent - set(offered):
            raise ValidationError(gettext("Choose among the answers in the list."))
        self.data = [value for value in offered if value in sent]

    def help_for(self, value: str) -> str:
        """The line under a choice, empty if none."""
        return self._help.get(value, "")


class TickField(wtforms.BooleanField):
    """One box: yes, if ticked."""

    shape = "tick"
    widget = widgets.TickBox()

    def __init__(
        self,
        label: str,
        *,
        required: bool | str = False,
        validators: Sequence[Any] = (),
        **kwargs: Any,  # noqa: ANN401 - passed on to WTForms as it is
    ) -> None:
        super().__init__(label, _validators(validators, required=required), **kwargs)

    def _value(self) -> str:
        # Not what was sent, as WTForms does: that may be signs no page can hold.
        return "y"


class VersionField(wtforms.HiddenField):
    """The row version the form was made from; `data` is an int, None if missing or tampered with."""

    shape = "hidden"
    data: int | None  # type: ignore[assignment]  # WTForms says text

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; raises ValueError for anything else."""
        typed = str(valuelist[0]) if valuelist else ""
        self.data = None
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= _VERSION_DIGITS):
            raise ValueError(gettext("The form is damaged. Open the page again."))
        if typed:
            self.data = int(typed)

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


class SubmissionField(wtforms.HiddenField):
    """A number made when the form was shown, so that sending twice does the thing once.

    `data` is a UUID; the same one after an error, so that the corrected form is the same sending.
    """

    shape = "hidden"
    data: UUID | None  # type: ignore[assignment]  # WTForms says text

    def process_data(self, value: object) -> None:
        """A fresh number for a fresh form."""
        self.data = value if isinstance(value, UUID) else uuid4()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number back; raises ValueError for anything that is not a UUID."""
        if not valuelist or not valuelist[0]:
            return
        try:
            self.data = UUID(str(valuelist[0]))
        except ValueError:
            raise ValueError(gettext("The form is damaged. Open the page again.")) from None

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)
