"""Forms about sharing without consent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bti.domain.codes import InfoType
from bti.domain.gates import GATES, LEAST_REASON, Gate
from bti.web.forms.base import BaseForm
from bti.web.forms.consent import what_is_shared
from bti.web.forms.fields import AreaField, DateField, ListField, RadioField
from bti.web.labels import GATE
from bti.web.messages import cited
from bti.workflows.sharing import WriteDown

if TYPE_CHECKING:
    from bti.workflows.sharing import SharingPage


class SharingForm(BaseForm):
    """What is to be shared without consent, and why that is right."""

    gate = RadioField(_l("What in the law allows it?"))
    to_unit = ListField(
        _l("Which service?"),
        description=_l("Leave it empty for the police."),
        blank=_l("Choose"),
        required=False,
    )
    info_types = what_is_shared()
    necessity = AreaField(
        _l("Why is it needed, and why can you not ask first?"),
        description=_l("Others must be able to judge it afterwards. At least 40 characters."),
        max_length=2000,
    )
    proportionality = AreaField(
        _l("Why is it worth the intrusion?"),
        description=_l("What the child and the family lose by it, and what it helps with."),
        max_length=2000,
    )
    told_on = DateField(
        _l("Which day was the child told?"),
        description=_l("Needed when child welfare services share for their own tasks."),
        too_late=_l("The day cannot be in the future."),
        required=False,
    )
    until = DateField(
        _l("Until when?"), description=_l("Then the sharing stops by itself. Keep it short.")
    )

    def prepare(self, page: SharingPage, today: date) -> None:
        """Offer the gates of the service, each with its act."""
        self.gate.choices = [(gate.value, GATE[gate]) for gate, _ in page.gates]
        self.gate.say({gate.value: cited(law) for gate, law in page.gates})
        self.to_unit.choices = [(str(unit_id), name) for unit_id, name in page.services]
        self.told_on.latest = today

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also tell which of two texts is too short, where it stands."""
        fine = super().validate(extra_validators)
        for field in (self.necessity, self.proportionality):
            if not field.errors and len((field.data or "").strip()) < LEAST_REASON:
                self.refuse(gettext("Write at least 40 characters."), field)
                fine = False
        return fine

    def to_command(self, case_id: uuid.UUID) -> WriteDown:
        """What was written, for the workflow."""
        gate = Gate(self.gate.data)
        outside = not GATES[gate].takers
        return WriteDown(
            case_id=case_id,
            submission=self.submission.data or uuid.uuid4(),
            version=self.version.data,
            gate=gate,
            to_unit=uuid.UUID(self.to_unit.data) if self.to_unit.data and not outside else None,
            info_types=frozenset(InfoType(one) for one in self.info_types.data or ()),
            necessity=self.necessity.data or "",
            proportionality=self.proportionality.data or "",
            told_on=self.told_on.data,
            until=self.until.data or date.max,
        )
