"""A case number as people type it."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = 8
_HALF: Final = 4


def as_number(typed: str) -> str:
    """Accept the number with or without its hyphen; anything else is given back as it is."""
    digits = "".join(sign for sign in typed if sign.isascii() and sign.isdigit())
    return f"{digits[:_HALF]}-{digits[_HALF:]}" if len(digits) == _DIGITS else typed
