"""What could tell who a text is about is found, and everyday words are left alone."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.identifying import LONGEST, Trace, identifying
from bti.domain.norwegian_names import EVERYDAY, FIRST_NAMES, SURNAMES

SCHOOLS = ("Solvik skole", "Trollhaugen barnehage")
CERTAIN = sorted(name for name in FIRST_NAMES - EVERYDAY if "-" not in name)
# Nothing in it is a name, a number or a place.
PLAIN = (
    "En gutt på 14 år sover lite. Han er ofte sliten i helga, og lærer og helsesykepleier lurer på hva "
    "de kan gjøre. Er det lov å be om råd? Vår erfaring er at det hjelper å snakke sammen."
)


def traces(text):
    return [(one.trace, one.words) for one in identifying(text, SCHOOLS)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Vi snakket med jonas i går.", [(Trace.NAME, "jonas")]),
        ("Jonas sover lite.", [(Trace.NAME, "Jonas")]),
        ("Karis mor har ringt.", [(Trace.NAME, "Karis")]),
        ("Bror til Anne-Grete er syk.", [(Trace.NAME, "Anne-Grete")]),
        ("Vi traff Stein i går.", [(Trace.NAME, "Stein")]),
        ("Bjørn Hansen kom.", [(Trace.NAME, "Bjørn"), (Trace.NAME, "Hansen")]),
        ("Familien til Xhemile er ny her.", [(Trace.CAPITAL, "Xhemile")]),
        ("Broren, f.eks. Xhemile, er ny.", [(Trace.CAPITAL, "Xhemile")]),
        ("Nummeret er 158112 12345.", [(Trace.NATIONAL_ID, "158112 12345")]),
        ("Ring 912 34 567.", [(Trace.PHONE, "912 34 567")]),
        ("Ring +47 91 23 45 67 i dag.", [(Trace.PHONE, "+47 91 23 45 67")]),
        ("Sak 123456789 ligger her.", [(Trace.NUMBER, "123456789")]),
        ("Skriv til mor@eksempel.no i dag.", [(Trace.EMAIL, "mor@eksempel.no")]),
        ("Hun er født 12.03.2012 her.", [(Trace.BIRTH_DATE, "født 12.03.2012")]),
        ("Han er født 2. mai 2011.", [(Trace.BIRTH_DATE, "født 2. mai 2011")]),
        ("De bor i Storgata 12 B nå.", [(Trace.ADDRESS, "Storgata 12 B")]),
        ("Adressen er 1540 Lindvik.", [(Trace.ADDRESS, "1540 Lindvik")]),
        ("hun går på solvik skole", [(Trace.PLACE, "solvik skole")]),
        ("Hun går på Fjordnes ungdomsskole.", [(Trace.PLACE, "Fjordnes ungdomsskole")]),
        ("En gutt på 14 i 9B sover lite.", [(Trace.AGE, "på 14"), (Trace.CLASS, "9B")]),
    ],
)
def test_what_could_tell_who_it_is_about_is_found(text, found):
    assert traces(text) == found


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "Vi så en bjørn, og den satt på en stein i mai.",
        "Bjørn og stein er ord. Stein også. Dag og natt.",
        "«Dag er snill», sa hun.\n- Liv og røre på gangen\n• Per dags dato",
        "Timen er tom, per i dag. Jo flere, jo verre. Kanskje i juni.",
        "Etter § 13 b og § 7-2 a, i uke 4, fikk 12 elever 100 000 kroner i 2026.",
        "Hun er på Snapchat og Nav vet det; PP-tjenesten og BUP også.",
        "Ingen skole vil. Ny skole i høst. Denne barnehagen er fin.",
        "En jente på 8 år er trist. Hun går i 3. klasse.",
        "DETTE HASTER. VI TRENGER RÅD.",
        "",
    ],
)
def test_everyday_words_raise_no_alarm(text):
    assert traces(text) == []


def test_an_age_tells_only_in_the_same_sentence_as_a_class_or_a_school():
    assert traces("Han er 14 år. Klassen er 9B.") == [(Trace.CLASS, "9B")]


@given(st.sampled_from(CERTAIN), st.sampled_from([str.lower, str.capitalize, str.upper]))
def test_a_name_that_is_no_word_is_found_wherever_it_stands(name, written):
    for text in (f"{written(name)} sover lite.", f"Vi har snakket med {written(name)}"):
        assert any(one.words.casefold() == name.casefold() for one in identifying(text))


@given(st.sampled_from(sorted(EVERYDAY)))
def test_a_name_that_is_a_word_is_found_inside_a_sentence_with_a_capital_letter_alone(name):
    assert identifying(f"De har en {name} der.") == ()
    assert identifying(f"{name.capitalize()} er der.") == ()
    assert [one.trace for one in identifying(f"De ser {name.capitalize()} der.")] == [Trace.NAME]


@given(st.text("0123456789", min_size=11, max_size=11), st.sampled_from(["", " ", "-"]))
def test_eleven_digits_are_found_whatever_they_add_up_to(digits, between):
    number, word = digits[:6] + between + digits[6:], "Nummer"
    assert Trace.NATIONAL_ID in {one.trace for one in identifying(f"{word} {number} {word}")}


@given(st.text(max_size=300))
def test_what_is_found_stands_there_in_order_and_does_not_overlap(text):
    found = identifying(text, SCHOOLS)
    assert all(text[one.start : one.end] == one.words != "" for one in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


def test_what_was_found_stays_out_of_logs():
    assert "Jonas" not in repr(identifying("Vi traff Jonas."))


@pytest.mark.parametrize("piece", ["a", "Aa ", "1 ", "aa@"])
def test_a_long_text_is_read_to_its_end(piece):
    text = piece * (LONGEST // len(piece) - 4)
    assert Trace.NATIONAL_ID in {one.trace for one in identifying(f"{text[:9_000]}. 15811212345")}


def test_the_lists_hold_what_they_say():
    names = FIRST_NAMES | SURNAMES
    assert names >= EVERYDAY
    assert len(FIRST_NAMES) > 700
    assert len(SURNAMES) > 250
    assert all(re.fullmatch(r"[a-zæøåáäéí-]+", name) for name in names)
