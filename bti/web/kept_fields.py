"""What someone typed in a form we could not take, so that it can be given back to them."""

from dataclasses import dataclass
from typing import Final

from werkzeug.datastructures import MultiDict

from bti.web.forms.text import printable

_LONGEST_CHOICE: Final = 40
_MOST_FIELDS: Final = 100
_NEVER_SHOWN: Final = ("password", "secret", "token", "code")


@dataclass(frozen=True, slots=True)
class KeptField:
    """One value; `hidden` for choices and numbers that mean nothing to a reader."""

    name: str
    value: str
    hidden: bool


def kept_fields(form: MultiDict[str, str]) -> tuple[KeptField, ...]:
    """The fields worth giving back, in the order they came.

    Left out: the form token, and anything named as a password or a one-time code.
    """
    kept = []
    for name, value in form.items(multi=True):
        if any(word in name.lower() for word in _NEVER_SHOWN):
            continue
        text = printable(value)
        looks_chosen = len(text) <= _LONGEST_CHOICE and not any(sign.isspace() for sign in text)
        kept.append(KeptField(name, text, hidden=looks_chosen))
    return tuple(kept[:_MOST_FIELDS])
