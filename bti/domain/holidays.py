"""The public holidays of Norway: nobody is at work on them, and nobody is reminded.

Lov om helligdager og helligdagsfred (1995) § 2, and lov om 1 og 17 mai som høgtidsdager (1947) § 1.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

from dateutil.easter import easter

#: Month and day.
_FIXED: Final = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
#: Days from Easter Sunday: Maundy Thursday, Good Friday, Easter, the day after, Ascension, Whitsun, the day after.
_FROM_EASTER: Final = (-3, -2, 0, 1, 39, 49, 50)


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Return the holidays of a Gregorian year, those on a Sunday too. Two may be one day: 17 May at Whitsun."""
    fixed = {date(year, month, day) for month, day in _FIXED}
    return frozenset(fixed | {easter(year) + timedelta(days) for days in _FROM_EASTER})
