"""The forms of a plan's appendices: a file or an address, and why one is taken away."""

from __future__ import annotations

from flask_babel import lazy_gettext

from bti.domain.file_kinds import MIME
from bti.slt.appendix import MOST_BYTES, Attach, Removal
from bti.slt.appendix_models import LINK_LENGTH
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import RadioField, TextField, TickField
from bti.web.forms.file import MemoryFileField
from bti.web.forms.slt_plan import NamedForm
from bti.web.slt_labels import choices


class AppendixForm(NamedForm):
    """An appendix. What is typed comes first, so that it is kept when the file is not taken."""

    title = TextField(
        lazy_gettext("What is it, in a few words?"),
        description=lazy_gettext("For instance: Agreement with the police."),
    )
    link = TextField(
        lazy_gettext("Address"),
        description=lazy_gettext("Where it stands on the net, if it does. Begins with https://"),
        required=False,
        max_length=LINK_LENGTH,
    )
    file = MemoryFileField(
        lazy_gettext("Or the file itself"),
        description=lazy_gettext(
            "PDF, Word, Excel, OpenDocument, JPEG or PNG, at most %(most)s MB.",
            most=MOST_BYTES >> 20,
        ),
        render_kw={"accept": ",".join(MIME.values())},
    )
    looked_through = TickField(
        lazy_gettext(
            "I have looked through it, and it tells of no child, guardian or other person"
        ),
        required=lazy_gettext("Look through it first. A file cannot be looked through here."),
    )

    def to_command(self) -> Attach:
        """What is to be kept, for the workflow; the form has been validated."""
        sent = self.file.data
        if self.submission.data is None:
            raise ValueError(self.submission.name)
        return Attach(
            id=self.submission.data,
            title=self.title.data or "",
            name=sent.name if sent else "",
            content=sent.content if sent else b"",
            link=self.link.data or "",
            reason=self.reason.data or "",
        )


class TakeAwayForm(BaseForm):
    """Why an appendix is taken away."""

    why = RadioField(lazy_gettext("Why?"))

    def prepare(self) -> None:
        """Offer the reasons."""
        self.why.choices = choices("removal")

    @property
    def chosen(self) -> Removal:
        """The reason; the form has been validated."""
        return Removal(self.why.data)
