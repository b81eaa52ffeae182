"""One-time codes: RFC 6238's own vectors, drift of one step, each code once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.identity import totp

SECRET = b"12345678901234567890"
# RFC 6238 appendix B, SHA-1. The RFC prints eight digits; six are the last six of them.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
AT = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.mark.parametrize(("seconds", "digits"), VECTORS)
def test_codes_are_those_of_rfc_6238(seconds, digits):
    at = datetime.fromtimestamp(seconds, UTC)

    assert totp.code_at(SECRET, at) == digits[-6:]
    assert totp.matched_step(SECRET, digits[-6:], at) == seconds // 30


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_one_step_of_drift_is_accepted_and_named(drift):
    code = totp.code_at(SECRET, AT + drift * STEP)
    assert totp.matched_step(SECRET, code, AT) == int(AT.timestamp()) // 30 + drift


@pytest.mark.parametrize("drift", [-2, 2])
def test_two_steps_of_drift_are_not(drift):
    assert totp.matched_step(SECRET, totp.code_at(SECRET, AT + drift * STEP), AT) is None


def test_a_code_is_good_once():
    code = totp.code_at(SECRET, AT)
    step = totp.matched_step(SECRET, code, AT)

    assert totp.matched_step(SECRET, code, AT + STEP, after=step) is None
    following = totp.code_at(SECRET, AT + STEP)
    assert totp.matched_step(SECRET, following, AT + STEP, after=step) == step + 1


def test_a_code_typed_with_a_space_is_the_code():
    code = totp.code_at(SECRET, AT)
    assert totp.matched_step(SECRET, f" {code[:3]} {code[3:]} ", AT) is not None


@given(st.text(max_size=12))
def test_what_is_no_code_never_matches(text):
    codes = {totp.code_at(SECRET, AT + drift * STEP) for drift in (-1, 0, 1)}
    assert (totp.matched_step(SECRET, text, AT) is not None) == ("".join(text.split()) in codes)


def test_digits_of_other_scripts_are_no_digits():
    arabic = totp.code_at(SECRET, AT).translate({48 + n: 0x0660 + n for n in range(10)})
    assert totp.matched_step(SECRET, arabic, AT) is None


def test_new_secrets_are_160_bits_and_differ():
    first, second = totp.new_secret(), totp.new_secret()

    assert len(first) == len(second) == 20
    assert first != second


def test_the_app_gets_issuer_account_and_secret():
    uri = totp.provisioning_uri(SECRET, account="kari@skole.example", issuer="Stafett")

    assert uri.startswith("otpauth://totp/Stafett:kari%40skole.example?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri
    assert "issuer=Stafett" in uri


def test_the_secret_can_be_typed_in_groups_of_four():
    text = totp.spelt(SECRET)

    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", text)
    assert text.replace(" ", "") == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        totp.code_at(SECRET, datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
