"""What every table of counts has in common: the half-year it is of, and the limits of the threshold."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

DEFAULT_THRESHOLD = 5
LOWEST_THRESHOLD = 3
HIGHEST_THRESHOLD = 10

_PERIOD = re.compile(r"(?P<year>20[0-9]{2})H(?P<half>[12])")


class TableError(ValueError):
    """The numbers do not form a table; the message names the first thing wrong."""


@dataclass(frozen=True, slots=True, order=True)
class HalfYear:
    """One half of a calendar year, the finest period that is ever released."""

    year: int
    half: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2026H1"; anything else raises TableError."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise TableError(f"period must look like 2026H1, not {text[:20]!r}")
        return cls(year=int(match["year"]), half=int(match["half"]))

    @property
    def first_day(self) -> date:
        """1 January or 1 July."""
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last_day(self) -> date:
        """30 June or 31 December."""
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    def __str__(self) -> str:
        return f"{self.year:04d}H{self.half}"
