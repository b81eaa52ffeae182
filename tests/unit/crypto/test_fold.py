import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.crypto.fold import fold


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("Kari Nordmann", ("kari", "nordmann")),
        ("Bjørn-Åge Sæther", ("bjoern", "aage", "saether")),
        ("BJØRN-ÅGE SÆTHER", ("bjoern", "aage", "saether")),
        ("Aage Sæter", ("aage", "saeter")),
        ("Björn Jäger", ("bjoern", "jaeger")),
        ("Müller", ("myller",)),
        ("Máret Ánne Sárá", ("maret", "anne", "sara")),
        ("Đorvi Ŋilut Ŧuomas", ("dorvi", "ngilut", "tuomas")),
        ("Čáhcesuolu Šuoš Žiga", ("cahcesuolu", "suos", "ziga")),
        ("Þóra Óðinsdóttir", ("thora", "odinsdottir")),
        ("O'Brien", ("o", "brien")),
        ("O’Brien", ("o", "brien")),
        ("Oʼbrien", ("o", "brien")),
        ("Anne\u2010Marie", ("anne", "marie")),
        ("Anne\u2013Marie", ("anne", "marie")),
        ("Nordmann, Ola A.", ("nordmann", "ola", "a")),
        ("  Ola\t\nNordmann\u00a0 ", ("ola", "nordmann")),
        ("Ｏｌａ", ("ola",)),
        ("Straße", ("strasse",)),
        ("İbrahim Yıldız", ("ibrahim", "yildiz")),
        ("Łukasz", ("lukasz",)),
        ("Ǿystein", ("oeystein",)),
        ("Ola Ola", ("ola", "ola")),
        ("", ()),
        (" - ' ", ()),
    ],
)
def test_names_fold_to_plain_words(name: str, tokens: tuple[str, ...]):
    assert fold(name) == tokens
    assert fold(unicodedata.normalize("NFD", name)) == tokens


@pytest.mark.parametrize(
    ("one", "other"), [("Kari", "Kåre"), ("Per", "Petter"), ("Åse", "Ase"), ("Bø", "Bo")]
)
def test_names_that_are_different_names_stay_apart(one: str, other: str):
    assert fold(one) != fold(other)


@given(st.text())
def test_no_word_is_empty_or_holds_a_space(name: str):
    assert all(token and not token.isspace() and len(token.split()) == 1 for token in fold(name))


@given(st.text(st.characters(codec="latin-1") | st.sampled_from("ŋđŧčšžáǿþðłßıİ’‐"), max_size=30))
def test_folding_folded_words_changes_nothing_more(name: str):
    assert fold(" ".join(fold(name))) == fold(name)
