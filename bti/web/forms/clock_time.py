"""A time of day as people type it, and with its day an instant in Norway."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext
from wtforms.validators import StopValidation

from bti.clock import NORWAY
from bti.web.forms.fields import TextField

if TYPE_CHECKING:
    from datetime import date

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])", re.ASCII)
_LENGTH: Final = 5


class TimeField(TextField):
    """A time as 14:30, 14.30 or 1430. `time` is None when nothing was typed."""

    def __init__(self, label: str, *, required: bool | str = True, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to WTForms
        kwargs.setdefault("render_kw", {"autocomplete": "off", "inputmode": "numeric"})
        super().__init__(label, required=required, max_length=_LENGTH, **kwargs)

    def pre_validate(self, form: object) -> None:
        """Raise StopValidation for what is no time of day."""
        super().pre_validate(form)
        if self.data and self.time is None:
            raise StopValidation(gettext("Write the time as hours and minutes, for example 14:30."))

    @property
    def time(self) -> time | None:
        """The time that was typed."""
        found = _TIME.fullmatch(self.data or "")
        return time(int(found[1]), int(found[2])) if found else None


def instant(day: date | None, at: time | None) -> datetime | None:
    """The instant (UTC) of a Norwegian day and time; None unless both are there."""
    if day is None or at is None:
        return None
    return datetime.combine(day, at, NORWAY).astimezone(UTC)
