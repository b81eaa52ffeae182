"""The year drawn as a wheel of twelve parts, on the server, and the same in words.

Everything on it stands in the list beside it too. What is late has a sign and not a colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from flask_babel import gettext, ngettext

from bti.slt.year import MONTHS, Standing
from bti.slt.year_stored import YearPage
from bti.web.slt_year_labels import month_label, month_short

# The drawing is 400 by 400, with a little room around the ring for the frame of this month.
SIZE: Final = 400
_MIDDLE: Final = SIZE / 2
_OUTER: Final = 192.0
_INNER: Final = 84.0
_NAME_AT: Final = 166.0
_COUNT_AT: Final = 132.0
_SIGN_AT: Final = 104.0
_PART: Final = 2 * pi / len(MONTHS)


@dataclass(frozen=True, slots=True)
class Part:
    """One month of the wheel. ``sign`` is "!" where something is late, a tick where everything is done."""

    month: int
    path: str
    name: str
    count: int
    sign: str
    is_now: bool
    is_late: bool
    name_at: tuple[float, float]
    count_at: tuple[float, float]
    sign_at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wheel:
    """Twelve parts, January first and at the top, and the same in words."""

    year: int
    parts: tuple[Part, ...]
    words: str


def drawn(page: YearPage) -> Wheel:
    """Return the wheel of a year."""
    parts = tuple(_part(page, month) for month in MONTHS)
    return Wheel(page.year, parts, " ".join(_in_words(one) for one in parts))


def _part(page: YearPage, month: int) -> Part:
    lines = page.of(month)
    stands: Mapping[Standing, int] = {
        one: sum(line.standing is one for line in lines) for one in Standing
    }
    begin = (month - 1) * _PART
    middle = begin + _PART / 2
    late = stands[Standing.LATE] > 0
    done = bool(lines) and stands[Standing.DONE] == len(lines)
    return Part(
        month=month,
        path=_ring(begin, begin + _PART),
        name=month_short(month),
        count=len(lines),
        sign="!" if late else "✓" if done else "",
        is_now=(page.year, month) == (page.today.year, page.today.month),
        is_late=late,
        name_at=_at(middle, _NAME_AT),
        count_at=_at(middle, _COUNT_AT),
        sign_at=_at(middle, _SIGN_AT),
    )


def _at(angle: float, radius: float) -> tuple[float, float]:
    """A point at an angle from the top, clockwise."""
    return round(_MIDDLE + radius * sin(angle), 1), round(_MIDDLE - radius * cos(angle), 1)


def _ring(begin: float, end: float) -> str:
    """The outline of a part of the ring."""
    (ax, ay), (bx, by) = _at(begin, _OUTER), _at(end, _OUTER)
    (cx, cy), (dx, dy) = _at(end, _INNER), _at(begin, _INNER)
    return (
        f"M{ax} {ay}A{_OUTER:g} {_OUTER:g} 0 0 1 {bx} {by}"
        f"L{cx} {cy}A{_INNER:g} {_INNER:g} 0 0 0 {dx} {dy}Z"
    )


def _in_words(part: Part) -> str:
    count = (
        ngettext("%(num)d thing", "%(num)d things", part.count)
        if part.count
        else gettext("nothing")
    )
    words = gettext("%(month)s: %(count)s", month=month_label(part.month), count=count)
    if part.is_late:
        words = gettext("%(words)s, something is late", words=words)
    if part.is_now:
        words = gettext("%(words)s, this month", words=words)
    return f"{words}."
