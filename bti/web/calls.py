"""Numbers to call when it is urgent, as the component ``phone`` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.profiles.profile import Phone

Call = tuple[str, str, str, bool]
"""A number, whose it is, when to call it, and whether it is the first to call."""

_FIRST: Final = "police"


def urgent_calls(phones: Iterable[Phone], language: str) -> tuple[Call, ...]:
    """Return the numbers of a municipality in the reader's language, in their own order."""
    return tuple((one.number, one.label[language], "", one.code == _FIRST) for one in phones)
