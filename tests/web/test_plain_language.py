"""What people read is held to LIX, the Nordic measure of how hard a text is (Björnsson 1968).

The words of a sentence, and of a hundred words how many have more than six letters: under 30 is very easy, 40 to 50 a
newspaper. A measure of lengths does not say that a text is good; it says when one has grown heavy.
"""

import re

import pytest
from babel.messages.pofile import read_po

from bti import paths
from tests.web.test_families import TOWNS, towns, visitor  # noqa: F401 - fixture

VERY_EASY, EASY = 30, 40
LONGEST = 30
"""Words in a sentence of the interface. Law that must be quoted whole is quoted beside it."""

_LONG = 6


def words_of(sentence):
    return re.findall(r"\w+", sentence)


def lix(sentences):
    words = [word for one in sentences for word in words_of(one)]
    long = sum(len(word) > _LONG for word in words)
    return len(words) / len(sentences) + 100 * long / len(words)


def sentences_in(texts):
    """Headings, labels and names are no sentences."""
    parts = (part for text in texts for part in re.split(r"(?<=[.!?])\s+", text))
    return [one for one in parts if one.endswith((".", "?", "!"))]


def standing_in(page):
    found = [one for tag in ("p", "li") for one in page.all(tag)]
    return sentences_in(" ".join("".join(one.itertext()).split()) for one in found)


def test_the_measure_is_what_it_is_said_to_be():
    # Four words in a sentence, one in four is long: 4 + 25.
    assert lix(["Mor les avisene høgt."]) == 29
    assert lix(["Rettstryggleiksgarantiar føreset forvaltningskompetanse."]) == 103


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_what_a_family_reads_before_it_signs_in_is_easy(towns, language):  # noqa: F811 - fixture
    client = visitor(towns, language)
    for number, profile, _, _ in TOWNS:
        said = standing_in(client.get(f"/families/{number}"))
        assert len(said) > 40
        assert lix(said) <= VERY_EASY, profile
    for address in ("/help", "/privacy", "/accessibility"):
        said = standing_in(client.get(address))
        assert len(said) > 10
        assert lix(said) <= EASY, address


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_the_interface_is_easy_and_no_sentence_of_it_is_long(language):
    file = paths.TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    with file.open("rb") as opened:
        texts = [one.string for one in read_po(opened) if one.id]
    flat = [one for text in texts for one in (text if isinstance(text, tuple) else (text,))]
    said = sentences_in(re.sub(r"%\(\w+\)[sd]", "x", one) for one in flat)
    assert lix(said) <= VERY_EASY
    assert [one for one in said if len(words_of(one)) > LONGEST] == []
