"""The forms of indicators: a file with what is said of it, and taking one out of use."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext

from bti.slt.indicator_change import BringIn
from bti.slt.indicator_file import About
from bti.table_file import MOST_BYTES
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, ListField, TextField
from bti.web.forms.file import MemoryFileField

_REASON: Final = 500


class BringInForm(BaseForm):
    """A file, or its text, and what is said of it."""

    title = TextField(
        lazy_gettext("What it is called"),
        required=False,
        description=lazy_gettext("A file with the same title is a correction of that one."),
    )
    source = TextField(
        lazy_gettext("Whose numbers they are"),
        required=False,
        description=lazy_gettext(
            "It stands beside every number. A JSON-stat file may say both itself."
        ),
    )
    address = TextField(lazy_gettext("Where they can be found"), required=False)
    terms = TextField(lazy_gettext("Terms of use"), required=False)
    compared_with = TextField(
        lazy_gettext("What they are compared with"),
        required=False,
        description=lazy_gettext("Such as the county or the country, if the file has it."),
    )
    language = ListField(lazy_gettext("Language of the texts in the file"))
    file = MemoryFileField(
        lazy_gettext("The file"), description=lazy_gettext("CSV in UTF-8, or JSON-stat 2.0.")
    )
    table = AreaField(
        lazy_gettext("The file as text"),
        required=False,
        max_length=MOST_BYTES,
        description=lazy_gettext("You can mend it here, and send it again."),
    )
    reason = TextField(
        lazy_gettext("Why"),
        required=False,
        max_length=_REASON,
        description=lazy_gettext(
            "Only where the file corrects one that is here, or a text may name somebody."
        ),
    )

    def prepare(self) -> None:
        """Offer the languages."""
        self.language.choices = [("nb", "Bokmål"), ("nn", "Nynorsk"), ("en", "English")]

    def to_command(self) -> BringIn:
        """What is wanted, for the workflow."""
        about = About(
            title=self.title.data or "",
            source=self.source.data or "",
            address=self.address.data or "",
            terms=self.terms.data or "",
            compared_with=self.compared_with.data or "",
            language=self.language.data or "",
        )
        return BringIn(self.table.data or "", about, self.reason.data or "")


class EndForm(BaseForm):
    """Why a file is taken out of use."""

    reason = TextField(lazy_gettext("Why it is taken out of use"), max_length=_REASON)
