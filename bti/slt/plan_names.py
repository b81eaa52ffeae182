"""What in a text of a plan could tell of a person. A plan is about services; a name in it is most often a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bti.domain.identifying import Trace, identifying

#: Names of programmes, bodies and schools, which plans are full of: only what is new to the plan is asked about.
_ORDINARY: Final = frozenset({Trace.CAPITAL, Trace.PLACE})
_WORD: Final = re.compile(r"\w+")


def names_in(
    texts: Iterable[str], *, before: Iterable[str] = (), plan: Iterable[str] = ()
) -> tuple[str, ...]:
    """The words in ``texts`` that may tell of somebody, each once, in the order they stand.

    ``before`` are the texts these replace: what stands there has been asked about. ``plan`` are texts of the same
    plan: a word with a capital letter that is in use there is no news.
    """
    passed = {found.words.casefold() for text in before for found in identifying(text)}
    in_use = {word.casefold() for text in plan for word in _WORD.findall(text)}
    told: dict[str, None] = {}
    for text in texts:
        for found in identifying(text):
            words = found.words.casefold()
            ordinary = found.trace in _ORDINARY and set(_WORD.findall(words)) <= in_use
            if words not in passed and not ordinary:
                told.setdefault(found.words)
    return tuple(told)


def persons_in(texts: Iterable[str]) -> tuple[str, ...]:
    """As ``names_in``, for a whole document that is new: names of programmes and places are left."""
    found = (one for text in texts for one in identifying(text))
    return tuple(dict.fromkeys(one.words for one in found if one.trace not in _ORDINARY))
