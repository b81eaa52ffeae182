"""A file from a register, and the answer to one thing it proposes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, RadioField

_LONGEST = 8000


class FileForm(BaseForm):
    """What stands in the file."""

    text = AreaField(
        _l("Paste what stands in the file"),
        description=_l(
            "The first line says what it is and the day it was drawn; then one line for the child and one for each "
            "guardian, with semicolons between. Nobody is changed by reading it."
        ),
        max_length=_LONGEST,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class AnswerForm(BaseForm):
    """Accept or refuse."""

    answer = RadioField(
        _l("What do you do with it?"),
        choices=[("accepted", _l("Accept it")), ("refused", _l("Refuse it"))],
        required=_l("Choose whether you accept it."),
    )
