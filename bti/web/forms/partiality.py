"""Who is partial in a case."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from bti.domain.partiality import Tie
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import ListField, RadioField
from bti.web.labels import choices
from bti.web.paper_labels import TIE
from bti.workflows.partiality import DeclarePartial

if TYPE_CHECKING:
    from bti.workflows.partiality import PartialityPage


class PartialForm(BaseForm):
    """Keep oneself or a colleague out."""

    who = ListField(_l("Who is partial?"), blank=_l("Choose"))
    tie = RadioField(
        _l("Why?"), choices=choices(TIE), required=_l("Choose what makes the person partial.")
    )

    def prepare(self, page: PartialityPage) -> None:
        """Offer whom the reader may declare, themselves first."""
        self.who.choices = [
            (str(one), _l("I am: %(name)s", name=name) if one == page.me else name)
            for one, name in page.people
        ]

    def to_command(self, case_id: uuid.UUID) -> DeclarePartial:
        """Return what was declared; the form has been validated."""
        return DeclarePartial(
            case_id=case_id,
            version=self.version.data,
            account_id=uuid.UUID(self.who.data),
            tie=Tie(self.tie.data),
        )


class LetInForm(BaseForm):
    """Let one in again."""

    out = ListField(_l("Who is let in again?"), blank=_l("Choose"))

    def prepare(self, page: PartialityPage) -> None:
        """Offer those who are kept out."""
        self.out.choices = [(str(one.account_id), one.name) for one in page.kept_out]

    @property
    def account_id(self) -> uuid.UUID:
        """The one chosen; the form has been validated."""
        return uuid.UUID(self.out.data)
