"""What one of the family may read, and how one entry is shared."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask_babel import lazy_gettext as _l

from bti.domain.codes import SHAREABLE, GuardianAccess, InfoType
from bti.domain.own_secrets import Mark
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, RadioField, TicksField
from bti.web.labels import INFO_TYPE, choices
from bti.web.paper_labels import GUARDIAN_ACCESS
from bti.workflows.family import Judge
from bti.workflows.mark import PutMark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.workflows.case_file import PersonRecord

_NOBODY: Final = "nobody"
_YES: Final = "yes"


class JudgeForm(BaseForm):
    """A judgement. Nothing is chosen beforehand: what the law proposes stands beside the form."""

    access = RadioField(
        _l("What may this person read?"),
        choices=choices(GUARDIAN_ACCESS),
        required=_l("Choose what the person may read."),
    )
    kinds = TicksField(_l("Which kinds, if only some"), choices=choices(INFO_TYPE, only=SHAREABLE))
    reason = AreaField(
        _l("Why?"),
        description=_l("What you have weighed: age and maturity, what the child says, and harm."),
    )

    def to_command(self, case_id: uuid.UUID, person_id: uuid.UUID) -> Judge:
        """Return what was decided; the form has been validated."""
        return Judge(
            case_id=case_id,
            version=self.version.data,
            person_id=person_id,
            submission=self.submission.data,
            access=GuardianAccess(self.access.data),
            kinds=frozenset(InfoType(one) for one in self.kinds.data or ()),
            reason=self.reason.data or "",
        )


class CopyForm(BaseForm):
    """The making of a copy: as what."""

    shape = RadioField(
        _l("How do you want it?"),
        choices=[("paper", _l("On paper: a page to print")), ("pdf", _l("As a PDF file"))],
        required=_l("Choose how you want it."),
    )


class MarkForm(BaseForm):
    """How one entry is shared."""

    about = RadioField(
        _l("Does it tell of a grown-up's own circumstances?"),
        description=_l(
            "For instance illness, money or a conflict. Then it follows that person's own yes."
        ),
        required=_l("Choose whom it is about, or nobody."),
    )
    agreed_on = DateField(
        _l("The day that person said that the rest of the family may read it"),
        description=_l("Leave it empty where nobody has said so."),
        required=False,
    )
    kept = TicksField(
        _l("Does the child want it kept from the guardians?"),
        choices=[(_YES, _l("Yes. It is in no guardian's copy"))],
    )
    why = AreaField(_l("Why?"), description=_l("Read by those who read what you mark."))

    def prepare(self, guardians: Iterable[PersonRecord]) -> None:
        """Offer those who are in the case."""
        people = [(str(one.id), one.name) for one in guardians]
        self.about.choices = [(_NOBODY, _l("No")), *people]

    def start_from(self, mark: Mark) -> None:
        """Show the mark in force."""
        self.about.data = str(mark.about) if mark.about else _NOBODY
        self.agreed_on.data = mark.agreed_on
        self.kept.data = [_YES] if mark.kept else []

    def to_command(self, case_id: uuid.UUID, entry_id: uuid.UUID) -> PutMark:
        """Return the mark; the form has been validated."""
        about = self.about.data
        return PutMark(
            case_id=case_id,
            entry_id=entry_id,
            submission=self.submission.data,
            mark=Mark(
                about=None if about == _NOBODY else uuid.UUID(about),
                agreed_on=self.agreed_on.data,
                kept=bool(self.kept.data),
            ),
            why=self.why.data or "",
        )
