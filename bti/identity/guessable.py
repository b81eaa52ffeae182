"""How much of a password is left when what an attacker tries first is taken out.

The list is small and local on purpose: nobody's password, nor a part of its hash, is sent to a
service on the internet.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import takewhile
from pathlib import Path

_WORDS = Path(__file__).with_name("guessable_words.txt")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyzæøå",
    "0123456789",
    "1234567890",
    "qwertyuiopå",
    "asdfghjkløæ",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)
_RUN = 4
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEATED = re.compile(r"(.{1,8}?)\1{2,}")
_LOOKALIKES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"})


def leftover(password: str, *, context: Iterable[str] = ()) -> str:
    """The letters and digits of ``password`` that no list or pattern explains.

    Taken out, in order: repeated blocks (one is kept), keyboard and counting runs, years, the
    shipped words and ``context``, also when written with look-alike signs.
    """
    text = _REPEATED.sub(r"\1", _plain(password))
    text = _without_runs(text)
    text = _YEAR.sub(" ", text)
    own = {word for phrase in context for word in _parts(phrase) if len(word) >= _RUN - 1}
    for word in sorted(own | _shipped(), key=len, reverse=True):
        text = _without_word(text, word)
    return "".join(character for character in text if character.isalnum())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _parts(phrase: str) -> list[str]:
    return re.findall(r"\w+", _plain(phrase).replace("_", " "))


def _without_word(text: str, word: str) -> str:
    seen = text.translate(_LOOKALIKES)
    spelt = word.translate(_LOOKALIKES)
    while (at := seen.find(spelt)) >= 0:
        text = text[:at] + " " + text[at + len(spelt) :]
        seen = seen[:at] + " " + seen[at + len(spelt) :]
    return text


def _without_runs(text: str) -> str:
    kept = []
    at = 0
    while at < len(text):
        length = max(_run_at(text, at, row) for row in (*_ROWS, *(row[::-1] for row in _ROWS)))
        kept.append(" " if length >= _RUN else text[at])
        at += length if length >= _RUN else 1
    return "".join(kept)


def _run_at(text: str, at: int, row: str) -> int:
    """How many characters from ``at`` follow ``row``, from wherever in it they begin."""
    start = row.find(text[at])
    if start < 0:
        return 0
    pairs = zip(text[at:], row[start:], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@cache
def _shipped() -> frozenset[str]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if line and not line.startswith("#"))
