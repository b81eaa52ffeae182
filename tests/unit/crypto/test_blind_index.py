import hmac
import unicodedata

import pytest

from bti.crypto.blind_index import national_id_token, username_token
from bti.crypto.envelope import DataKey

DIGITS = "15912345678"  # synthetic: month 11 + 80


def test_the_same_id_has_the_same_token_of_16_bytes(key: DataKey):
    assert national_id_token(key, "child", DIGITS) == national_id_token(key, "child", DIGITS)
    assert len(national_id_token(key, "child", DIGITS)) == 16


def test_the_token_follows_the_written_format(key: DataKey):
    kind_key = hmac.digest(bytes(range(32)), b"stafett/index/v1\x00child\x01", "sha256")
    token = hmac.digest(kind_key, b"stafett/bi/v1\x00child\x00" + DIGITS.encode(), "sha256")[:16]
    assert national_id_token(key, "child", DIGITS) == token


def test_tokens_differ_by_key_kind_and_every_digit(key: DataKey):
    tokens = {national_id_token(key, "child", DIGITS)}
    tokens.add(national_id_token(DataKey.generate(), "child", DIGITS))
    tokens.add(national_id_token(key, "guardian", DIGITS))
    for position in range(11):
        changed = str((int(DIGITS[position]) + 1) % 10)
        tokens.add(
            national_id_token(key, "child", DIGITS[:position] + changed + DIGITS[position + 1 :])
        )
    assert len(tokens) == 14


@pytest.mark.parametrize(
    "digits",
    ["", DIGITS[:10], DIGITS + "0", "159123 5678", "1591234567x", DIGITS + "\n", "١٥٩١٢٣٤٥٦٧٨"],
)
def test_anything_but_eleven_digits_is_refused_without_repeating_it(key: DataKey, digits: str):
    with pytest.raises(ValueError, match="eleven digits") as refused:
        national_id_token(key, "child", digits)
    assert not digits or digits not in str(refused.value)


@pytest.mark.parametrize("kind", ["", "a\0b"])
def test_a_kind_that_could_be_read_in_two_ways_is_refused(key: DataKey, kind: str):
    with pytest.raises(ValueError, match="zero character"):
        national_id_token(key, kind, DIGITS)


def test_a_user_name_is_found_whatever_its_case_and_composition(key: DataKey):
    token = username_token(key, "åse.ŋilut@skole.example")
    for typed in ("ÅSE.ŊILUT@SKOLE.EXAMPLE", "Åse.Ŋilut@Skole.Example"):
        assert username_token(key, typed) == token
        assert username_token(key, unicodedata.normalize("NFD", typed)) == token
    assert len(token) == 16


def test_user_names_that_differ_have_different_tokens(key: DataKey):
    names = ["åse", "ase", "aase", "åse ", "åse1"]
    assert len({username_token(key, name) for name in names}) == len(names)
    assert username_token(DataKey.generate(), "åse") != username_token(key, "åse")


def test_a_user_name_of_digits_is_not_mistaken_for_a_national_id(key: DataKey):
    assert username_token(key, DIGITS) != national_id_token(key, "child", DIGITS)


def test_an_empty_user_name_is_refused(key: DataKey):
    with pytest.raises(ValueError, match="empty"):
        username_token(key, "")
