"""Passwords: accepted by length and guessability, stored by Argon2id, checked alike for everyone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.identity.password import (
    Argon2Cost,
    DamagedHashError,
    PasswordRefusedError,
    Passwords,
    check_new,
)

CHEAP = Argon2Cost(memory_kib=64, passes=1)
PASSWORDS = Passwords(CHEAP)


def test_production_cost_is_64_mib_six_passes_argon2id():
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=65536,t=6,p=1$")


def test_the_right_password_is_right_and_another_is_not():
    stored = PASSWORDS.hash("en tur langs elva i regn")

    assert PASSWORDS.verify(stored, "en tur langs elva i regn").right
    assert not PASSWORDS.verify(stored, "en tur langs elva i Regn").right


def test_two_hashes_of_one_password_differ():
    assert PASSWORDS.hash("samme") != PASSWORDS.hash("samme")


def test_a_letter_typed_as_one_or_two_code_points_is_the_same_letter():
    word = "blåbær på Ånnerud-åsen"
    stored = PASSWORDS.hash(unicodedata.normalize("NFD", word))

    assert PASSWORDS.verify(stored, unicodedata.normalize("NFC", word)).right


def test_a_hash_made_at_another_cost_is_to_be_made_anew():
    stored = PASSWORDS.hash("en tur langs elva i regn")
    dearer = Passwords(Argon2Cost(memory_kib=128, passes=2))

    assert dearer.verify(stored, "en tur langs elva i regn").rehash
    assert not PASSWORDS.verify(stored, "en tur langs elva i regn").rehash


def test_an_unknown_name_is_always_wrong():
    assert not PASSWORDS.verify_nobody().right


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_answered_not_crashed_on(text):
    stored = PASSWORDS.hash("en tur langs elva i regn")
    assert PASSWORDS.verify(stored, text).right == (text == "en tur langs elva i regn")


def test_an_overlong_password_is_wrong_even_if_it_was_stored():
    assert not PASSWORDS.verify(PASSWORDS.hash("x" * 129), "x" * 129).right


@pytest.mark.parametrize("stored", ["$argon2id$v=19$damaged", "plain text", ""])
def test_a_damaged_hash_is_a_fault_and_not_a_wrong_password(stored):
    with pytest.raises(DamagedHashError):
        PASSWORDS.verify(stored, "x")


@pytest.mark.parametrize(
    "password",
    [
        "en tur langs elva i regn",
        "Guovdageaidnu čáppa dálvi",
        "kaktus-trompet-ull-79",
        "🦊🦊 sju rever danser tango",
        "x7#Qp2!vM9$kL4&wZ",
        "a" + "bølgeblikk tårnfrid" * 6,
    ],
)
def test_a_passphrase_of_ordinary_words_is_accepted(password):
    check_new(password, context=["Kari Nordmann", "kari@vaaler.example"])


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("kort", "password.too_short"),
        ("fjorten tegn.!", "password.too_short"),
        ("lang" + "æbcde fghxy" * 12, "password.too_long"),
        ("linje\nog en linje til her", "password.control"),
        ("nullbyte\0nullbyte i midten", "password.control"),
        ("aaaaaaaaaaaaaaaaaaaa", "password.guessable"),
        ("abcabcabcabcabcabc", "password.guessable"),
        ("123456789012345", "password.guessable"),
        ("qwertyuiopasdfghjkl", "password.guessable"),
        ("Passord123456789", "password.guessable"),
        ("P@ssw0rdP@ssw0rd2026!", "password.guessable"),
        ("Sommer2026!Sommer2026!", "password.guessable"),
        ("stafettlogg-kommune-2026", "password.guessable"),
        ("correct horse battery staple", "password.guessable"),
        ("Correct Horse Battery Staple!1", "password.guessable"),
        ("KariNordmann1984!!", "password.guessable"),
        ("kari.nordmann@vaaler", "password.guessable"),
        ("VAALER-vaaler-Vaaler", "password.guessable"),
    ],
)
def test_a_password_that_is_tried_first_is_refused(password, code):
    with pytest.raises(PasswordRefusedError) as refused:
        check_new(password, context=["Kari Nordmann", "kari@vaaler.example"])
    assert refused.value.code == code


def refused(password, context=()):
    try:
        check_new(password, context=context)
    except PasswordRefusedError:
        return True
    return False


@given(st.text(min_size=13, max_size=130), st.lists(st.text(max_size=20), max_size=3))
def test_what_is_refused_for_anyone_is_refused_for_a_person_one_knows(password, context):
    assert refused(password, context) or not refused(password)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_judged_not_crashed_on(password):
    assert refused(password) or 15 <= len(unicodedata.normalize("NFC", password)) <= 128
