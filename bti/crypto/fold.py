"""Names folded to plain letters, so that a search finds them however they were typed.

For comparison in memory only: a stored index of folded names would give most surnames away by frequency.
"""

import re
import unicodedata

_LETTERS = str.maketrans(
    {
        "æ": "ae", "ä": "ae", "ø": "oe", "ö": "oe", "å": "aa", "œ": "oe", "ü": "y",
        "đ": "d", "ð": "d", "ŋ": "ng", "ŧ": "t", "þ": "th", "ǥ": "g", "ʒ": "z", "ł": "l", "ı": "i",
        # Letters by Unicode's book, but typed as apostrophes in names.
        "\u02bc": " ", "\u02bb": " ", "\u02b9": " ",
    }
)  # fmt: skip
_BETWEEN_TOKENS = re.compile(r"[\W_]+")


def fold(name: str) -> tuple[str, ...]:
    """Give the folded words of ``name``, in order: "Bjørn-Åge Đoŋŋá" is bjoern, aage, dongnga.

    NFKC, casefold, Norwegian and Sámi letters spelt out, other marks dropped; hyphens, apostrophes and all
    punctuation part words.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    apart = unicodedata.normalize("NFKD", composed.translate(_LETTERS))
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    # A second time: letters such as ǿ show their ø only after the accent is gone.
    return tuple(token for token in _BETWEEN_TOKENS.split(bare.translate(_LETTERS)) if token)
