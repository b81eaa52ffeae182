"""Setting address protection, naming who may open the case, and lifting it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

from bti.domain.protection import AddressGrade, ProtectedPerson
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, RadioField, TicksField
from bti.workflows.protection import Protect

_LONGEST: Final = 2000

GRADES: Final[Mapping[AddressGrade, Any]] = {
    AddressGrade.STRICTLY_CONFIDENTIAL: lazy_gettext("Strictly confidential (code 6)"),
    AddressGrade.CONFIDENTIAL: lazy_gettext("Confidential (code 7)"),
    AddressGrade.CLIENT_ADDRESS: lazy_gettext("Client address"),
}
WHOSE: Final[Mapping[ProtectedPerson, Any]] = {
    ProtectedPerson.CHILD: lazy_gettext("The child's"),
    ProtectedPerson.HOUSEHOLD: lazy_gettext("Somebody's whom the child lives with"),
}


class ProtectForm(BaseForm):
    """How strict, whose, and until when."""

    grade = RadioField(
        lazy_gettext("What does the decision say?"),
        choices=[(one.value, text) for one, text in GRADES.items()],
        required=lazy_gettext("Choose what the decision says."),
    )
    of = RadioField(
        lazy_gettext("Whose address is it?"),
        choices=[(one.value, text) for one, text in WHOSE.items()],
        required=lazy_gettext("Choose whose address it is."),
    )
    until = DateField(
        lazy_gettext("Until when does the decision hold?"),
        required=lazy_gettext("Write the last day of the decision."),
        description=lazy_gettext(
            "It stands in the decision; those of child welfare hold for a year. You are told two "
            "months before. Here the protection stays until somebody lifts it."
        ),
    )

    def to_command(self, case_id: uuid.UUID) -> Protect:
        """What is to be done; only after the form has held."""
        return Protect(
            case_id=case_id,
            version=self.version.data,
            grade=AddressGrade(self.grade.data),
            of=ProtectedPerson(self.of.data),
            until=self.until.day,
        )


class ReadersForm(BaseForm):
    """Who may open the case."""

    readers = TicksField(
        lazy_gettext("Who may open the case?"),
        required=lazy_gettext("Somebody must be able to open the case."),
        description=lazy_gettext("Only those who need it for this child. The others meet no case."),
    )

    @property
    def chosen(self) -> frozenset[uuid.UUID]:
        """Their accounts; only after the form has held."""
        return frozenset(map(uuid.UUID, self.readers.data or ()))


class LiftForm(BaseForm):
    """Why the protection ends."""

    reason = AreaField(
        lazy_gettext("Why does the protection end?"),
        required=lazy_gettext("Write why the protection ends."),
        max_length=_LONGEST,
        description=lazy_gettext(
            "For example that the registry has ended it, and when you looked."
        ),
    )
