"""National identity numbers: whether the digits can be one. Nothing about the person is derived.

Birth date and sex are registered facts of their own: the date in the number may differ from the
birth date (folkeregisterforskriften § 3-3-4), and from 2032 the digits tell neither century nor sex.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from bti.domain.errors import RuleBroken

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORM: Final = re.compile(r"([0-9]{6}) ?([0-9]{5})", re.ASCII)
_WEIGHTS_1: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_WEIGHTS_2: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_REMAINDERS_1: Final = frozenset({0, 1, 2, 3})  # only 0 before 2032; old numbers stay valid
_D_NUMBER: Final = 40
_SYNTHETIC_MONTHS: Final = (80, 65, 40)  # Tenor, mixed sets, NAV
_MONTHS: Final = 12
_LENGTH: Final = 11
#: Individual digits and the years they were given for (folkeregisterforskriften § 2-2-1).
_YEARS: Final = (
    (range(500), range(1900, 2000)),
    (range(500, 1000), range(2000, 2040)),
    (range(500, 750), range(1854, 1900)),
    (range(900, 1000), range(1940, 2000)),
)
_NEW_RULE_FROM: Final = date(2032, 1, 1)


class Kind(StrEnum):
    """What sort of number it is."""

    FNR = "fnr"
    D_NUMBER = "d_number"


Synthetic = Literal["only", "never"]


@dataclass(frozen=True, slots=True)
class NationalId:
    """A number that passed. Its digits stay out of repr."""

    kind: Kind
    digits: str = field(repr=False)
    synthetic: bool


def validate(text: str, *, today: date, synthetic: Synthetic) -> NationalId:
    """Check an eleven-digit number, written with or without the usual space.

    ``synthetic="never"`` is for production, ``"only"`` for every other installation: a real
    number never enters a test, a made-up one never enters production. Raises ``RuleBroken`` with
    national_id.form, national_id.date, national_id.check_digits, national_id.synthetic or
    national_id.not_synthetic. Source: folkeregisterforskriften §§ 2-2-1, 2-2-2.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise RuleBroken("national_id.form")
    digits = match[1] + match[2]
    day, month = int(digits[:2]), int(digits[2:4])
    kind = Kind.D_NUMBER if day > _D_NUMBER else Kind.FNR
    offset = next((one for one in _SYNTHETIC_MONTHS if one < month <= one + _MONTHS), 0)
    real_day = day - _D_NUMBER if kind is Kind.D_NUMBER else day
    if not _possible_date(real_day, month - offset, digits, kind, today):
        raise RuleBroken("national_id.date")
    if not _check_digits_hold(digits):
        raise RuleBroken("national_id.check_digits")
    if offset and synthetic == "never":
        raise RuleBroken("national_id.synthetic")
    if not offset and synthetic == "only":
        raise RuleBroken("national_id.not_synthetic")
    return NationalId(kind, digits, bool(offset))


def made_up(born: date, individuals: Iterable[int]) -> str:
    """Return a number of the synthetic series (month + 80), which is never given to anybody.

    With the first of ``individuals`` (three digits) that gives one for that day. Raises
    ``RuleBroken`` with national_id.check_digits where none does.
    """
    start = f"{born.day:02}{born.month + _SYNTHETIC_MONTHS[0]}{born.year % 100:02}"
    for individual in individuals:
        digits = f"{start}{individual:03}"
        for weights in (_WEIGHTS_1[:-1], _WEIGHTS_2[:-1]):
            rest = -sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11
            digits += str(rest)  # 10 where there is none: then it is too long
        if len(digits) == _LENGTH:
            return validate(digits, today=born, synthetic="only").digits
    raise RuleBroken("national_id.check_digits")


def _check_digits_hold(digits: str) -> bool:
    values = [int(one) for one in digits]
    first = sum(w * v for w, v in zip(_WEIGHTS_1, values, strict=False)) % 11
    second = sum(w * v for w, v in zip(_WEIGHTS_2, values, strict=True)) % 11
    return first in _REMAINDERS_1 and second == 0


def _possible_date(day: int, month: int, digits: str, kind: Kind, today: date) -> bool:
    """Whether the digits name a day that has been, in any century they could mean."""
    if not 1 <= month <= _MONTHS:
        return False
    return any(
        1 <= day <= monthrange(year, month)[1] and date(year, month, day) <= today
        for year in _possible_years(digits, kind, today)
    )


def _possible_years(digits: str, kind: Kind, today: date) -> set[int]:
    short, individual = int(digits[4:6]), int(digits[6:9])
    years = {century + short for century in range(1800, today.year + 1, 100)}
    if kind is Kind.D_NUMBER or not _by_old_rule(digits) or today >= _NEW_RULE_FROM:
        return years  # these carry no century
    return {
        year
        for year in years
        if any(individual in given and year in span for given, span in _YEARS)
    }


def _by_old_rule(digits: str) -> bool:
    return sum(w * int(v) for w, v in zip(_WEIGHTS_1, digits, strict=False)) % 11 == 0
