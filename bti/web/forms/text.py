"""What is done to every text before it is kept, and which signs may stand in it. Pure."""

import unicodedata
from typing import Final

_ALLOWED_CONTROLS: Final = frozenset("\n\t")
# Bidirectional overrides can make a name read as another one; nobody types them.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT: Final = "\ufffd"


def tidy(text: str) -> str:
    """NFC, one kind of line ending, no space around. Æ, ø, å and Sámi letters have one form each."""
    one_ending = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", one_ending).strip()


def refused_signs(text: str) -> bool:
    """Whether the text holds a sign that cannot be stored or shown safely.

    Control characters (Unicode Cc but line feed and tab), surrogates, noncharacters and
    bidirectional overrides. Emoji, joiners and every letter are welcome.
    """
    return any(map(_refused, text))


def printable(text: str) -> str:
    """The text with every refused sign shown as U+FFFD, so that it can stand in a page."""
    one_ending = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_REPLACEMENT if _refused(sign) else sign for sign in one_ending)


def _refused(sign: str) -> bool:
    if sign in _ALLOWED_CONTROLS:
        return False
    if sign in _TURNING or unicodedata.category(sign) in {"Cc", "Cs"}:
        return True
    point = ord(sign)
    # Unicode 23.7: U+FDD0..U+FDEF and the last two of every plane are noncharacters.
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE  # noqa: PLR2004 - the standard's numbers
