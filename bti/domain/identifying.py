"""What in a text could tell who it is about: names, numbers, addresses, schools, a class with an age.

For texts that must be about nobody: a question to a consultation team, a minute of the network side. It finds
what a hurried writer lets slip. It does not make a text anonymous: in a small place a story is enough, and that
no list sees. Sources: datatilsynet.no on anonymisation; GDPR recital 26 (all means reasonably likely to be used).

Nothing here knows of cases, and the only thing it knows of the municipality is handed to it as ``places``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bti.domain.norwegian_names import EVERYDAY, FIRST_NAMES, SURNAMES, words_in

LONGEST: Final = 40_000
"""How many signs are looked at. A text that may be longer must be refused before."""


class Trace(StrEnum):
    """What kind of thing was found, what tells most first."""

    NATIONAL_ID = "national_id"
    EMAIL = "email"
    NUMBER = "number"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    PLACE = "place"
    CLASS = "class"
    NAME = "name"
    #: A word with a capital letter inside a sentence: most often a name that no list has.
    CAPITAL = "capital"
    #: An age, next to a class or a school in the same sentence.
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Found:
    """Where something stands in the text, as offsets in signs, and the words themselves."""

    trace: Trace
    start: int
    end: int
    words: str = field(repr=False)


_CLASS: Final = r"(?<![\w§.,/-])(?<!§ )(?:10|[1-9])(?:[A-Fa-f]|\s[A-F])(?![\w-])"
_STREET: Final = (
    r"vei|veien|veg|vegen|gate|gata|gaten|allé|alleen|plass|plassen|bakken|lia|åsen|tunet|stien"
    r"|svingen|ringen|haugen|jordet|kroken|torget|toppen|sletta"
)
_KINDS_OF_PLACE: Final = (
    r"barne- og ungdomsskole|barneskole|barneskule|ungdomsskole|ungdomsskule|videregående|vidaregåande"
    r"|skole|skule|barnehage|oppvekstsenter|helsestasjon"
)
_DAY: Final = r"\d{1,2}(?:\.\s?\d{1,2}\.\s?|[/-]\d{1,2}[/-]|\.\s?[a-z]{3,9}\s)(?:\d{4}|\d{2})(?!\d)"
_PATTERNS: Final = (
    (Trace.EMAIL, re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")),
    (Trace.NATIONAL_ID, re.compile(r"(?<!\d)\d{6}[ -]?\d{5}(?!\d)")),
    (
        Trace.PHONE,
        re.compile(
            r"(?<![\d.,+-])(?:(?:\+|00)47 ?)?"
            r"(?:[2-9]\d{7}|[2-9]\d\d \d\d \d{3}|[2-9]\d(?: \d\d){3})(?![\d.,]\d|\d)"
        ),
    ),
    (Trace.NUMBER, re.compile(r"(?<!\d)(?:\d{9}|\d{3} \d{3} \d{3})(?!\d)")),
    (Trace.BIRTH_DATE, re.compile(rf"(?i:\b(?:født|fødd|born|f\.)\s(?:den\s)?){_DAY}")),
    (
        Trace.ADDRESS,
        re.compile(
            rf"(?<!\w)[A-ZÆØÅ][\w.'-]{{0,40}}?(?:{_STREET}|\s(?:{_STREET}))\s\d{{1,4}}\s?[A-Za-z]?(?!\w)"
            r"|(?<!\d)(?!(?:19|20)\d\d)\d{4}\s[A-ZÆØÅ][a-zæøå]{1,30}(?!\w)"
        ),
    ),
    (Trace.CLASS, re.compile(_CLASS)),
)
_PLACE: Final = re.compile(rf"(?<!\w)[A-ZÆØÅ][\w-]{{1,40}}\s(?:{_KINDS_OF_PLACE})(?!\w)")
_AGE: Final = re.compile(
    r"(?i)(?:\bpå\s(?:1?\d|2[0-3])(?![\w.,:%])|(?<!\d)(?:1?\d|2[0-3])(?:\s|-)?år(?:ing)?(?:en)?\b)"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
#: What stands before a word that begins a sentence, a line of a list or a quotation.
_BEGINS: Final = re.compile(r"(?:^|[.!?:…]|[\n•]|[«\"“(])[\s\-–*•«\"“(]*$")
_SHORTENED: Final = re.compile(
    r"(?i)(?:f\.eks|bl\.a|m\.m|m\.fl|ca|dvs|nr|jf|ev|evt|kl|pga|tlf)\.\s*$"
)
_ENDS: Final = re.compile(r"[.!?\n]")
#: Written with a capital letter, and about nobody.
_NOBODY: Final = words_in(
    "norge noreg norges noregs norden europa nav bup abup ppt pp pps bti slt iop barnehuset statens",
    "facebook instagram snapchat snap tiktok youtube teams google discord roblox fortnite minecraft vipps",
    "udir bufdir bufetat datatilsynet helsedirektoratet stafett jul påske ramadan id",
    "de dem deres dykk dykkar i english norwegian monday tuesday wednesday thursday friday saturday",
    "sunday january february march april june july september october november december christmas easter",
)
_BEFORE: Final = 24


def identifying(text: str, places: Iterable[str] = ()) -> tuple[Found, ...]:
    """Return what in ``text`` could tell who it is about, in the order it stands there.

    ``text`` is NFC; ``places`` are names of schools and kindergartens of the municipality. Nothing is
    reported twice: where two kinds overlap, the one that tells most stands.
    """
    text = text[:LONGEST]
    taken: list[Found] = []
    for one in (*_patterns(text), *_named_places(text, places), *_names(text)):
        if not any(one.start < other.end and other.start < one.end for other in taken):
            taken.append(one)
    taken += [
        one
        for one in _ages(text, taken)
        if not any(one.start < other.end and other.start < one.end for other in taken)
    ]
    return tuple(sorted(taken, key=lambda one: one.start))


def _patterns(text: str) -> Iterator[Found]:
    for trace, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield Found(trace, match.start(), match.end(), match[0])


def _named_places(text: str, places: Iterable[str]) -> Iterator[Found]:
    low = _small(text)
    wanted = {_small(one.strip()) for one in places} - {""}
    for place in sorted(wanted, key=len, reverse=True):
        start = low.find(place)
        while start >= 0:
            end = start + len(place)
            if not low[start - 1 : start].isalnum() and not low[end : end + 1].isalnum():
                yield Found(Trace.PLACE, start, end, text[start:end])
            start = low.find(place, end)
    for match in _PLACE.finditer(text):
        # «Ingen skole» at the beginning of a sentence is no school's name.
        if not _begins_sentence(text, match.start()):
            yield Found(Trace.PLACE, match.start(), match.end(), match[0])


def _small(text: str) -> str:
    """Return the text in small letters, sign by sign: as long as before."""
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


def _names(text: str) -> Iterator[Found]:
    words = list(_WORD.finditer(text))
    for at, match in enumerate(words):
        trace = _trace_of(text, match, words[at + 1] if at + 1 < len(words) else None)
        if trace is not None:
            yield Found(trace, match.start(), match.end(), match[0])


def _trace_of(text: str, match: re.Match[str], following: re.Match[str] | None) -> Trace | None:
    word = match[0]
    large = word[0].isupper()
    listed = _listed(word)
    first = _begins_sentence(text, match.start())
    if listed and (listed - EVERYDAY):
        # A surname in small letters is most often a place or a slip; a first name is a first name.
        return Trace.NAME if large or listed & FIRST_NAMES - EVERYDAY else None
    if listed and large and (not first or _goes_on(text, match, following)):
        return Trace.NAME if not word.isupper() else None
    looks = large and len(word) > 1 and not word.isupper() and not first
    return Trace.CAPITAL if looks and _plain(word) not in _NOBODY else None


def _listed(word: str) -> frozenset[str]:
    """Return the listed names in a word: with a genitive, or as one of the parts of a double name."""
    low = word.casefold().replace("’", "'")
    forms = {low, low.rstrip("'"), low.removesuffix("'s")}
    if word[0].isupper() and low.endswith("s"):
        forms.add(low[:-1])
    if "-" in low and word[0].isupper():
        forms |= set(low.split("-"))
    return frozenset(forms) & (FIRST_NAMES | SURNAMES)


def _plain(word: str) -> str:
    low = word.casefold()
    return low.split("-")[0] if "-" in low else low


def _goes_on(text: str, match: re.Match[str], following: re.Match[str] | None) -> bool:
    """Whether the next word is right behind and has a capital letter: «Bjørn Hansen»."""
    if following is None or not following[0][0].isupper():
        return False
    return text[match.end() : following.start()] == " "


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - _BEFORE) : at]
    if at <= _BEFORE and not before.strip():
        return True
    if _SHORTENED.search(before):
        return False
    found = _BEGINS.search(before)
    # A beginning of what was cut off is not the beginning of the text.
    return found is not None and (at <= _BEFORE or found.start() > 0 or before[0] in '.!?:…\n•«"“(')


def _ages(text: str, taken: Iterable[Found]) -> Iterator[Found]:
    places = [one for one in taken if one.trace in {Trace.CLASS, Trace.PLACE}]
    for match in _AGE.finditer(text):
        for one in places:
            low, high = sorted((match.start(), one.start))
            if not _ENDS.search(text, low, high):
                yield Found(Trace.AGE, match.start(), match.end(), match[0])
                break
