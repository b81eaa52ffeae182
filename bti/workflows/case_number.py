"""Case numbers: random, so that no gap tells of a case one may not see, and checked."""

from __future__ import annotations

import re
import secrets
from typing import Final

_DIGITS: Final = 7
_MODULUS: Final = 10
_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{4}", re.ASCII)


def new_number() -> str:
    """Return a random case number "NNNN-NNNN"; its last digit checks the others.

    Two alike are refused by the unique constraint, and the transaction is tried again.
    """
    body = f"{secrets.randbelow(_MODULUS**_DIGITS):0{_DIGITS}d}"
    digits = f"{body}{check_digit(body)}"
    return f"{digits[:4]}-{digits[4:]}"


def check_digit(body: str) -> int:
    """Return the ISO 7064 MOD 11,10 check digit: it catches every single wrong digit."""
    product = _MODULUS
    for digit in body:
        rest = (product + int(digit)) % _MODULUS or _MODULUS
        product = rest * 2 % (_MODULUS + 1)
    return (_MODULUS + 1 - product) % _MODULUS


def can_be_number(text: str) -> bool:
    """Tell whether ``text`` has the form of a case number and its check digit is right."""
    digits = text.replace("-", "")
    return bool(_FORM.fullmatch(text)) and check_digit(digits[:-1]) == int(digits[-1])
