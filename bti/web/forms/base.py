"""What every form shares: where its data comes from, its hidden fields and its list of errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import request
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.fields.core import Field

from bti.web.forms.fields import SubmissionField, VersionField

_WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class FormError:
    """One line of the error summary; `target` is the id to go to, empty for the whole form."""

    text: str
    target: str


class OwnTranslations:
    """Lets WTForms look its texts up in our catalogue instead of its own."""

    def gettext(self, string: str) -> str:
        """The translation of a text."""
        return str(gettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The translation of a counted text."""
        return str(ngettext(singular, plural, n))


class BaseForm(Form):
    """A form on a page. Takes what was posted by itself, as Flask-WTF's forms do.

    The token is checked for the whole site before any view runs (bti.web.csrf), so forms have no
    token field of their own; `hidden()` in components/form.html writes it.

    `version` is for optimistic locking, `submission` against double sending: both are written by
    the same macro and read by the view.
    """

    version = VersionField()
    submission = SubmissionField()

    class Meta:
        """WTForms' switches."""

        csrf = False

        def get_translations(self, _form: Form) -> OwnTranslations:
            """Our catalogue."""
            return OwnTranslations()

    def __init__(
        self,
        formdata: MultiDict[str, str] | None = None,
        *,
        prefix: str = "",
        data: Mapping[str, Any] | None = None,
        **values: Any,  # noqa: ANN401 - initial values of fields of any type
    ) -> None:
        if formdata is None and request.method in _WRITING:
            formdata = request.form
        self._general: list[str] = []
        super().__init__(formdata, prefix=prefix, data=data, **values)

    def validate_on_submit(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Whether the form was sent and every field holds."""
        return request.method in _WRITING and self.validate(extra_validators)

    def hidden_fields(self) -> Iterator[Field]:
        """The fields nobody sees."""
        return (field for field in self if getattr(field, "shape", "") == "hidden")

    def refuse(self, text: str, field: Field | None = None) -> None:
        """Add an error found by the rules: to one field, or to the form as a whole."""
        if field is None:
            self._general.append(str(text))
        else:
            field.errors = (*field.errors, str(text))

    def error_list(self) -> tuple[FormError, ...]:
        """Every error in the order of the fields, those about the whole form first.

        Each begins with the field's own name, because "This must be filled in" says little in a
        list. A radio or tick group is reached through its first choice.
        """
        lines = [FormError(text, "") for text in self._general]
        for field in self:
            if getattr(field, "shape", "") == "hidden":
                lines.extend(FormError(str(text), "") for text in field.errors)
            else:
                lines.extend(
                    FormError(_named(field, text), _target(field)) for text in field.errors
                )
        return tuple(lines)


def _named(field: Field, text: object) -> str:
    name = str(field.label.text)
    return f"{name} {text}" if name.endswith(("?", ".", ":")) else f"{name}: {text}"


def _target(field: Field) -> str:
    if getattr(field, "shape", "") != "choices":
        return field.id
    first = next(iter(field), None)  # type: ignore[call-overload]  # only choice fields get here
    return field.id if first is None else first.id
