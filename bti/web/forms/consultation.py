"""Forms for asking a team without names, for answering, and for who sits in the team."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING, Any, Final

import wtforms
from flask_babel import lazy_gettext

from bti.domain.consultation import LONGEST
from bti.web.forms.base import BaseForm
from bti.web.forms.concern import YES
from bti.web.forms.fields import AreaField, ListField, RadioField, TextField
from bti.workflows.consultation import Words
from bti.workflows.consultation_seat import NameMember

if TYPE_CHECKING:
    from bti.workflows.consultation_seat import SeatsPage

_REASON_LENGTH: Final = 500
_TITLE_LENGTH: Final = 80
_MARK: Final = re.compile(r"[0-9a-f]{64}")


class ShownField(wtforms.HiddenField):
    """Which text was shown with what was found in it, as its digest; empty for anything else."""

    shape = "hidden"

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the digest back."""
        typed = str(valuelist[0]) if valuelist else ""
        self.data = typed if _MARK.fullmatch(typed) else ""

    def _value(self) -> str:
        return self.data or ""


def _reason() -> TextField:
    return TextField(
        lazy_gettext("Why must it stand?"),
        required=False,
        max_length=_REASON_LENGTH,
        description=lazy_gettext("Stands beside the text. Say nothing more about who it is."),
    )


class WordsForm(BaseForm):
    """A text, and the reason for what may tell who it is about; asked for once something was found."""

    text = AreaField(
        lazy_gettext("Your answer"),
        required=lazy_gettext("Write what you want to ask, or what you answer."),
        max_length=LONGEST,
    )
    reason = _reason()
    #: The text the reason was given for: what is written afterwards is looked through anew.
    shown = ShownField()

    def to_words(self) -> Words:
        """What was written; a reason counts for the text that was shown with it alone."""
        text = self.text.data or ""
        reason = (self.reason.data or "") if self.shown.data == _mark(text) else ""
        return Words(text, reason)

    def remember(self) -> None:
        """Note which text is shown with what was found in it."""
        self.shown.data = _mark(self.text.data or "")


class QuestionForm(WordsForm):
    """A question: whether a child is in danger first, as everywhere."""

    danger = RadioField(
        lazy_gettext("Is a child in danger now?"),
        choices=[("no", lazy_gettext("No")), (YES, lazy_gettext("Yes, or I am not sure"))],
        help={YES: lazy_gettext("Then we show you how to report. What you have typed is kept.")},
        required=lazy_gettext("Say whether a child is in danger."),
    )
    text = AreaField(
        lazy_gettext("What do you wonder about?"),
        required=lazy_gettext("Write what you want to ask, or what you answer."),
        max_length=LONGEST,
        description=lazy_gettext(
            "Leave out names, school, class and everything that only one child has. Say «a child in primary school»."
        ),
    )
    reason = _reason()


class MemberForm(BaseForm):
    """Who sits in a team, and what they are there."""

    team = ListField(lazy_gettext("Team"), blank=lazy_gettext("Choose"))
    who = ListField(lazy_gettext("Who?"), blank=lazy_gettext("Choose"))
    title = TextField(
        lazy_gettext("What they are in the team"),
        required=lazy_gettext("Write what the person is in the team."),
        max_length=_TITLE_LENGTH,
        description=lazy_gettext(
            "For instance leader, public health nurse or special needs teacher."
        ),
    )

    def prepare(self, page: SeatsPage, language: str) -> None:
        """Offer the teams and the people."""
        self.team.choices = [(one.team.code, one.team.name[language]) for one in page.teams]
        self.who.choices = [
            (str(one.account_id), f"{one.name}, {one.unit_name}") for one in page.people
        ]

    def to_command(self) -> NameMember:
        """What was chosen, for the workflow."""
        return NameMember(str(self.team.data), uuid.UUID(str(self.who.data)), self.title.data or "")


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
