"""A day as people type it. Pure."""

from datetime import date, datetime
from typing import Final

# No day of anybody alive, and none that a deadline can be counted from, lies outside.
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
_FORMATS: Final = ("%Y-%m-%d", "%d.%m.%Y")
_LETTERS: Final = 10


def read_day(typed: str) -> date | None:
    """The day, typed as 2026-11-17 or 17.11.2026, or None."""
    if len(typed) > _LETTERS or not typed.isascii():
        return None
    for form in _FORMATS:
        try:
            return datetime.strptime(typed, form).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    return None
