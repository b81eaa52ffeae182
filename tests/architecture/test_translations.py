"""Bokmål and nynorsk are complete: every text, no guess, the same placeholders. English is the source."""

import ast
import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "bti" / "translations"
KEYWORDS = {
    "N_": None,
    "_": None,
    "_l": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
}
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}|</?[a-z]+>")
# Words that belong to one written standard only: a text copied into the other is found by them.
BOKMAL_ONLY = re.compile(
    r"\b(ikke|jeg|hva|hvem|hvor|hvorfor|hvordan|noen|noe|også|gjøre)\b", re.IGNORECASE
)
NYNORSK_ONLY = re.compile(
    r"\b(ikkje|eg|kva|kven|kvar|kvifor|korleis|nokon|noko|òg|gjere|frå)\b", re.IGNORECASE
)


def extracted() -> Catalog:
    """Every text in code and templates."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    for filename, line, message, comments, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS
    ):
        catalog.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return catalog


def translated(language: str) -> Catalog:
    """The catalogue of a language."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes()), locale=language)


def forms(value) -> tuple[str, ...]:
    """A text or its singular and plural."""
    return (value,) if isinstance(value, str) else tuple(value)


SOURCE = extracted()
IDS = [message.id for message in SOURCE if message.id]


def test_texts_are_found_at_all():
    assert len(IDS) > 100


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_every_text_is_translated(language):
    catalog = translated(language)
    missing = [
        forms(text)[0]
        for text in IDS
        if (found := catalog.get(forms(text)[0])) is None
        or not found.string
        or not all(forms(found.string))
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_translation_is_a_guess(language):
    assert [message.id for message in translated(language) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_translation_is_left_over(language):
    known = {forms(text)[0] for text in IDS}
    left = [forms(m.id)[0] for m in translated(language) if m.id and forms(m.id)[0] not in known]
    assert left == []


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_placeholders_are_the_same(language):
    wrong = []
    for message in translated(language):
        if not message.id:
            continue
        source, target = forms(message.id), forms(message.string)
        wanted = [Counter(PLACEHOLDER.findall(text)) for text in source]
        wrong += [source[0] for t in target if Counter(PLACEHOLDER.findall(t)) not in wanted]
    assert wrong == []


@pytest.mark.parametrize(("language", "foreign"), [("nb", NYNORSK_ONLY), ("nn", BOKMAL_ONLY)])
def test_the_two_written_standards_are_not_mixed(language, foreign):
    mixed = [
        (text, foreign.findall(text))
        for message in translated(language)
        if message.id
        for text in forms(message.string)
        if foreign.search(text)
    ]
    assert mixed == []


def test_no_text_hides_inside_another_text():
    """What is asked for within an f-string is one token to the extractor, which does not look into it."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "bti").rglob("*.py"))
        for joined in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in KEYWORDS
    ]
    assert hidden == []
