"""Forms about the baton: offering it, answering, and moving it when the holder is gone."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, ListField, RadioField
from bti.workflows.baton import OfferBaton

if TYPE_CHECKING:
    from bti.workflows.baton import BatonPage


class _ToSomebody(BaseForm):
    """Somebody in one of the services of the case."""

    to = ListField(_l("To whom?"), blank=_l("Choose"))

    def prepare(self, page: BatonPage) -> None:
        """Offer those who can hold the baton."""
        self.to.choices = [
            (f"{one.account_id}:{one.unit_id}", one.label) for one in page.candidates
        ]

    @property
    def account_and_unit(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The account and the service chosen."""
        account, _, unit = str(self.to.data).partition(":")
        return uuid.UUID(account), uuid.UUID(unit)


class OfferForm(_ToSomebody):
    """Pass the baton on."""

    message = AreaField(
        _l("What is important to know?"),
        description=_l("Only the one you ask, and those in the log, can read it."),
        max_length=2000,
        required=False,
    )

    def to_command(self, case_id: uuid.UUID) -> OfferBaton:
        """What was chosen, for the workflow."""
        to_id, to_unit_id = self.account_and_unit
        return OfferBaton(
            case_id=case_id,
            submission=self.submission.data or uuid.uuid4(),
            version=self.version.data,
            to_id=to_id,
            to_unit_id=to_unit_id,
            message=self.message.data or "",
        )


class AnswerForm(BaseForm):
    """Yes or no to the baton."""

    answer = RadioField(
        _l("Will you take the baton?"),
        choices=[("yes", _l("Yes, I take it")), ("no", _l("No, not now"))],
    )
    reason = AreaField(
        _l("If no: something the holder should know?"), max_length=1000, required=False
    )


class WithdrawForm(BaseForm):
    """Take an offer back; the button is all there is."""


class ReassignForm(_ToSomebody):
    """Move the baton because the holder is gone."""

    reason = AreaField(
        _l("Why must it be moved?"),
        description=_l("For instance that the holder is ill or has left. It is kept in the log."),
        max_length=1000,
    )
