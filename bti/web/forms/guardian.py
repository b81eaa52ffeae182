"""A guardian: who it is and who said so, keeping one out, and letting one in again."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l

from bti.domain.guardians import BlockReason, Source
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    ListField,
    RadioField,
    TextField,
    TickField,
)
from bti.web.guardian_words import BLOCK_REASON, SOURCE
from bti.web.labels import GUARDIAN_RELATION, choices
from bti.workflows.guardian import SaveGuardian
from bti.workflows.guardian_block import BlockGuardian


class GuardianForm(BaseForm):
    """A guardian, and what has been checked."""

    name = TextField(_l("Name"), required=_l("Write the guardian's name."))
    relation = ListField(
        _l("Relation to the child"),
        choices=choices(GUARDIAN_RELATION),
    )
    parental_responsibility = TickField(
        _l("Decides for the child"),
        description=_l(
            "Those with parental responsibility, an appointed guardian, or child welfare services "
            "under a care order. Being a parent is not enough."
        ),
    )
    source = ListField(
        _l("Who says so?"),
        choices=choices(SOURCE),
        blank=_l("Choose"),
        required=False,
    )
    checked_on = DateField(
        _l("Checked in the national register or a decision, which day?"),
        too_late=_l("The day cannot be in the future."),
        required=False,
    )
    national_id = TextField(
        _l("National identity number"),
        description=_l(
            "Kept as a code that nobody can read back. It tells a guardian from a colleague with "
            "the same name when look-ups are checked."
        ),
        max_length=20,
        required=False,
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )

    def prepare(self, relation: str) -> None:
        """Keep a relation that was written before there was a list."""
        if relation and relation not in {value for value, _ in self.relation.choices}:
            self.relation.choices = [*self.relation.choices, (relation, relation)]

    def to_command(self, case_id: uuid.UUID, person_id: uuid.UUID | None) -> SaveGuardian:
        """What was typed, for the workflow."""
        return SaveGuardian(
            case_id=case_id,
            version=self.version.data,
            person_id=person_id,
            name=self.name.data or "",
            relation=self.relation.data or "",
            parental_responsibility=bool(self.parental_responsibility.data),
            checked_on=self.checked_on.data,
            source=Source(self.source.data) if self.source.data else None,
            national_id=self.national_id.data or "",
        )


class BlockForm(BaseForm):
    """Why somebody is kept out."""

    why = RadioField(
        _l("What is the ground?"), choices=choices(BLOCK_REASON), required=_l("Choose the ground.")
    )
    reason = AreaField(
        _l("What do you know, and where is it written?"),
        description=_l("The judgment, decision or message, and its date. Not what it says."),
        max_length=600,
    )

    def to_command(self, case_id: uuid.UUID, person_id: uuid.UUID) -> BlockGuardian:
        """Return what was filled in; the form has been validated."""
        return BlockGuardian(
            case_id=case_id,
            version=self.version.data,
            person_id=person_id,
            why=BlockReason(self.why.data),
            reason=self.reason.data or "",
        )


class LiftForm(BaseForm):
    """Why somebody is let in again."""

    reason = AreaField(
        _l("Why is it lifted, and where is it written?"),
        description=_l("Nothing opens by itself: what this person may read is decided anew."),
        max_length=600,
    )
