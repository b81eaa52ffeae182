"""The form for somebody's last day."""

from __future__ import annotations

from flask_babel import lazy_gettext

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import DateField


class LastDayForm(BaseForm):
    """The day after which the account ends."""

    last_day = DateField(
        lazy_gettext("Last day"),
        required=lazy_gettext("Choose the last day."),
        description=lazy_gettext(
            "The account ends after this day, as soon as others have taken over the person's batons."
        ),
    )
