"""Forms about attached files: a file with what it is and is about, and why one is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields.core import Field

from bti.domain.codes import InfoType
from bti.domain.file_kinds import MIME
from bti.web import uploads
from bti.web.filters import day_year
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import Needed, RadioField, TextField
from bti.web.forms.file import FileInput
from bti.web.labels import DOCUMENT, INFO_TYPE, REMOVAL, choices
from bti.workflows.attachment import Attach, DocumentKind, RemovalReason, Upload

if TYPE_CHECKING:
    import uuid

    from bti.workflows.attachment_page import AttachPage, Audience

_TITLE = 120


class FileField(Field):
    """One file; data is who has taken it, None if none was chosen."""

    shape = "line"
    widget: Any = FileInput()
    data: Upload | None

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - WTForms'
        """Ask the request: a file is no part of the form's texts."""
        super().process(formdata, *args, **kwargs)
        taker = uploads.received(self.name) if request.method == "POST" else None
        self.data = taker if isinstance(taker, Upload) else None


class AttachForm(BaseForm):
    """A file. What is typed comes first in the form, so that it is kept when the file is not taken."""

    title = TextField(
        _l("What is it, in a few words?"),
        description=_l("For instance: Reading test, autumn. Left empty, the file's name is used."),
        required=False,
        max_length=_TITLE,
    )
    document = RadioField(_l("What kind of document is it?"), choices=choices(DOCUMENT))
    info_type = RadioField(
        _l("What is it about?"),
        description=_l("Decides who can open the file."),
        choices=choices(INFO_TYPE),
    )
    file = FileField(
        _l("The file"), [Needed(_l("Choose a file. If you had chosen one, choose it again."))]
    )

    def prepare(self, page: AttachPage) -> None:
        """Say who would see each kind, and what can be sent."""
        self.file.description = _(
            "PDF, Word, Excel, OpenDocument, JPEG or PNG, at most %(most)s MB.", most=page.most_mib
        )
        self.file.render_kw = {"accept": ",".join(MIME.values())}
        self.info_type.say({one.value: audience_words(to) for one, to in page.audiences.items()})
        if page.replaced is not None:
            replaced = page.replaced
            self.info_type.choices = choices(INFO_TYPE, only=[replaced.info_type])
            self.info_type.data = replaced.info_type.value
            if request.method == "GET":
                self.title.data = replaced.title
                self.document.data = replaced.document.value

    def to_command(self, case_id: uuid.UUID, replaces: uuid.UUID | None) -> Attach:
        """Return what was filled in; the form has been validated."""
        return Attach(
            case_id=case_id,
            submission=self.submission.data,
            title=self.title.data or "",
            document=DocumentKind(self.document.data),
            info_type=InfoType(self.info_type.data),
            replaces=replaces,
        )


class RemoveForm(BaseForm):
    """Why a file is taken away."""

    reason = RadioField(_l("Why?"), choices=choices(REMOVAL))

    @property
    def chosen(self) -> RemovalReason:
        """The reason; the form has been validated."""
        return RemovalReason(self.reason.data)


def audience_words(to: Audience) -> str:
    """Return who can open a file, as a sentence."""
    if not to.others and not to.hidden:
        return str(_("Only %(unit)s can open it", unit=to.unit))
    others = [*to.others, *([str(_("another service"))] if to.hidden else [])]
    first, last = ", ".join(others[:-1]), others[-1]
    names = str(_("%(first)s and %(last)s", first=first, last=last)) if first else last
    unit = to.unit or _("Another service")
    if to.until is None:
        return str(_("%(unit)s, shared with %(others)s", unit=unit, others=names))
    return str(
        _(
            "%(unit)s, shared with %(others)s until %(day)s",
            unit=unit,
            others=names,
            day=day_year(to.until),
        )
    )
