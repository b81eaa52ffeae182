"""What is put beside an entry: the right information, or the family's own view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask_babel import lazy_gettext as _l

from bti.domain.correction import Stance, Voice
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, RadioField
from bti.web.labels import VOICE, choices
from bti.workflows.correction import WriteBeside

if TYPE_CHECKING:
    import uuid

_NOBODY: Final = "none"


class CorrectionForm(BaseForm):
    """One addition. That a reason is needed is said by the rules, so that it is said once."""

    stance = RadioField(
        _l("What do you put beside it?"),
        choices=[
            (Stance.CORRECTION.value, _l("It is wrong. I write what is right")),
            (Stance.STATEMENT.value, _l("It stands. I write the family's own view")),
        ],
        required=_l("Choose what you put beside it."),
    )
    text = AreaField(
        _l("What is right, or what is their view?"),
        description=_l("What was written stays, and this stands under it."),
    )
    why = AreaField(
        _l("Why was it wrong, or why do you not correct it?"),
        description=_l("The family can read this."),
    )
    voice = RadioField(
        _l("If it is a view: whose?"),
        required=False,
        # So that a choice made by mistake can be taken back without a script.
        choices=[(_NOBODY, _l("Nobody's, it is a correction")), *choices(VOICE)],
    )
    told = AreaField(
        _l("How were those told who can no longer read it?"),
        required=False,
        description=_l("Only for a correction. Also write if it could not be done."),
    )

    def to_command(self, case_id: uuid.UUID, entry_id: uuid.UUID) -> WriteBeside:
        """The addition; only after the form has held."""
        voice = self.voice.data
        return WriteBeside(
            case_id=case_id,
            entry_id=entry_id,
            submission=self.submission.data,
            stance=Stance(self.stance.data),
            text=self.text.data or "",
            why=self.why.data or "",
            voice=None if voice in {None, "", _NOBODY} else Voice(voice),
            told=self.told.data or "",
        )
