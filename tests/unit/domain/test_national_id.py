from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.national_id import Kind, validate

TODAY = date(2026, 11, 22)
LATER = date(2040, 1, 1)
_W1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_W2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)

# Public test persons of the population registry's test documentation.
SYNTHETIC = ["02838897382", "02898597531", "28873847516", "24836395774", "03815499122"]
# Public vectors for the numbers of 2032: the last two hold by the new rule only.
OLD_RULE = ["02013299997", "30108299920", "02013299806"]
NEW_RULE = ["02013299903", "30108299939"]


def with_check_digits(nine):
    """Nine digits and their two check digits by the old rule, or None where there are none."""
    first = -sum(w * int(d) for w, d in zip(_W1, nine, strict=True)) % 11
    ten = f"{nine}{first}"
    second = -sum(w * int(d) for w, d in zip(_W2, ten, strict=False)) % 11
    return None if 10 in {first, second} else f"{ten}{second}"


def refused(text, **changes):
    with pytest.raises(RuleBroken) as broken:
        validate(text, **({"today": TODAY, "synthetic": "never"} | changes))
    return broken.value.code


@pytest.mark.parametrize("number", SYNTHETIC)
def test_a_synthetic_number_is_for_tests_only(number):
    assert validate(number, today=LATER, synthetic="only").synthetic
    assert refused(number, today=LATER) == "national_id.synthetic"


@pytest.mark.parametrize("number", [*OLD_RULE, *NEW_RULE])
def test_numbers_of_2032_hold_when_they_are_given(number):
    found = validate(number, today=LATER, synthetic="never")
    assert (found.kind, found.digits, found.synthetic) == (Kind.FNR, number, False)
    assert refused(number, today=LATER, synthetic="only") == "national_id.not_synthetic"


@pytest.mark.parametrize("number", NEW_RULE)
def test_a_number_of_the_new_rule_tells_no_century_so_no_date_is_read_from_it(number):
    assert validate(number, today=TODAY, synthetic="never").digits == number


def test_an_old_number_may_not_name_a_day_to_come():
    number = next(
        found
        for serial in range(500, 900)
        if (found := with_check_digits(f"231126{serial}")) is not None
    )
    assert refused(number) == "national_id.date"
    assert validate(number, today=date(2026, 11, 23), synthetic="never")


@pytest.mark.parametrize("month_offset", [0, 40, 65, 80])
def test_a_d_number_has_forty_added_to_the_day(month_offset):
    number = next(
        found
        for serial in range(1000)
        if (found := with_check_digits(f"55{1 + month_offset:02}15{serial:03}")) is not None
    )
    mode = "only" if month_offset else "never"
    assert validate(number, today=TODAY, synthetic=mode).kind is Kind.D_NUMBER


@pytest.mark.parametrize("text", ["", "1234567890", "123456789012", "0283889738a", "٠٢٨٣٨٨٩٧٣٨٢"])
def test_anything_but_eleven_digits_is_refused(text):
    assert refused(text) == "national_id.form"


def test_the_usual_space_is_understood():
    assert validate(" 028388 97382 ", today=TODAY, synthetic="only").digits == "02838897382"


@pytest.mark.parametrize("nine", ["310215123", "000115123", "011315123", "320115123", "720115123"])
def test_an_impossible_date_is_refused(nine):
    assert refused(f"{nine}00") == "national_id.date"


@given(st.sampled_from(SYNTHETIC), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number, place, added):
    wrong = (int(number[place]) + added) % 10
    text = f"{number[:place]}{wrong}{number[place + 1 :]}"
    with pytest.raises(RuleBroken):
        validate(text, today=TODAY, synthetic="only")


@given(st.text(max_size=20))
def test_any_text_is_answered_with_a_rule_and_never_a_fault(text):
    with pytest.raises(RuleBroken, match=r"^national_id\.\w+$"):
        validate(f"{text}x", today=TODAY, synthetic="only")


def test_the_digits_stay_out_of_logs():
    found = validate(SYNTHETIC[0], today=TODAY, synthetic="only")
    assert SYNTHETIC[0] not in repr(found)
