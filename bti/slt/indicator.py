"""An indicator: a number somebody else has published about the municipality, with its source and its time.

Pure. What was not said is empty, what the source does not publish is the sign it put there, and neither is ever 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from bti.slt.plan import Unit

SHORT: Final = 200
MOST_READINGS: Final = 2000
MOST_FAULTS: Final = 50
LARGEST: Final = 10_000_000
FIRST_YEAR: Final = 1950
_LONGEST_SPAN: Final = 10

SIGNS: Final = (":", ".", "..", "-")
"""What Statistics Norway puts where it gives no number: confidential, cannot occur, missing, and none."""

_CODE: Final = re.compile(r"[^\W_][\w.-]{0,39}")
_FORMULA: Final = ("=", "+", "@")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?", re.ASCII)
_PERIOD: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:"
    r"H(?P<half>[12])|[KQ](?P<quarter>[1-4])|[M-](?P<month>0[1-9]|1[0-2])|[-–](?P<last>[0-9]{4})"
    r")?",
    re.ASCII,
)
_MOST_OF: Final[Mapping[Unit, int]] = {
    Unit.PERCENT: 100,
    Unit.COUNT: LARGEST,
    Unit.DAYS: 100_000,
}


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """When a number is about: a year, a half-year, a quarter, a month or several years. Sorted in time."""

    year: int
    part: int
    last: int
    text: str

    @classmethod
    def parse(cls, text: str, today: date) -> Period | None:
        """The period that is written; None for what is none, or lies before 1950 or ahead in time."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            return None
        year = int(found["year"])
        last = int(found["last"] or year)
        # A school year that has begun has its second half ahead.
        if not FIRST_YEAR <= year <= today.year or last > today.year + 1:
            return None
        if found["last"] and not 0 < last - year <= _LONGEST_SPAN:
            return None
        if found["half"]:
            part, said = 6 * int(found["half"]) - 5, f"{year}H{found['half']}"
        elif found["quarter"]:
            part, said = 3 * int(found["quarter"]) - 2, f"{year}K{found['quarter']}"
        elif found["month"]:
            part, said = int(found["month"]), f"{year}-{found['month']}"
        else:
            part, said = 0, str(year) if last == year else f"{year}–{last}"
        return None if (year, part) > (today.year, today.month) else cls(year, part, last, said)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or the sign that stands instead of one. With neither nothing was said."""

    value: Decimal | None = None
    sign: str = ""


NOT_SAID: Final = Figure()


@dataclass(frozen=True, slots=True)
class IndicatorReading:
    """What an indicator was, at a time, for some people. ``base`` is how many answered, where that is said."""

    code: str
    name: str
    unit: Unit
    population: str
    period: Period
    value: Figure
    comparison: Figure = NOT_SAID
    base: int | None = None
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What may stand once in a file."""
        return self.code, self.population, self.period.text


@dataclass(frozen=True, slots=True)
class IndicatorFile:
    """A file that has been read. ``title`` and ``source`` are what the file itself says, if it does."""

    readings: tuple[IndicatorReading, ...]
    sha256: str
    title: str = ""
    source: str = ""
    compared_with: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorFault:
    """What is wrong in one place. ``line`` 0 is no line; an empty ``column`` is all of it.

    ``template`` is English and may hold names in %(name)s form, filled from ``values``.
    """

    line: int
    column: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, translate: Callable[[str], str]) -> str:
        """The fault in the language of ``translate``, without its place."""
        text = translate(self.template)
        return text % self.values if self.values else text


class IndicatorFileError(Exception):
    """A file cannot be used. Holds everything that is wrong with it, at most 50 places."""

    def __init__(self, *faults: IndicatorFault) -> None:
        self.faults = faults[:MOST_FAULTS]
        super().__init__("; ".join(one.said(str) for one in self.faults))


def code_of(text: str) -> str | None:
    """The code of an indicator as it is kept: letters, digits, dot and line, at most 40; None for no such."""
    return text if _CODE.fullmatch(text) else None


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would work the text out. A tab or a space in front does not change that."""
    return text.strip().startswith(_FORMULA)


def is_line(text: str, most: int = SHORT) -> bool:
    """Whether the text is one line of at most ``most`` signs that can all be seen."""
    return len(text) <= most and text.isprintable() and unicodedata.is_normalized("NFC", text)


def figure_of(text: str) -> Figure | None:
    """The number or the sign that is written, with comma or point; None for anything else.

    Two decimals at most, so that what is shown is what the file says.
    """
    if not text:
        return NOT_SAID
    if text in SIGNS:
        return Figure(sign=text)
    tidy = "".join(text.split()).removesuffix("%")
    if not _NUMBER.fullmatch(tidy):
        return None
    return figure_from(Decimal(tidy.replace(",", ".")))


def figure_from(number: Decimal) -> Figure | None:
    """A number as it is kept; None for one that is negative, has more than two decimals or is no number."""
    try:
        exact = number == round(number, 2)
    except InvalidOperation:
        return None
    return Figure(number) if exact and 0 <= number <= LARGEST else None


def within(figure: Figure, unit: Unit) -> bool:
    """Whether a number can be of its unit: a share is at most 100, and nobody counts halves."""
    if figure.value is None:
        return True
    whole = unit is not Unit.COUNT or figure.value == int(figure.value)
    return whole and figure.value <= _MOST_OF[unit]
