"""A rule lets something be destroyed only when it ends in that, has run out, and covers all of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.retention import Fate, RetentionRule, Since, check_disposal, rule_for
from bti.profiles import retention

days = st.dates(date(1990, 1, 1), date(2150, 12, 31))


def a_rule(fate=Fate.DISPOSE, years=10, code="drafts", columns=("a.x", "a.y")):
    return RetentionRule(code, frozenset(columns), fate, Since.WRITTEN, years, "§", {})


@given(st.sampled_from(Fate), st.none() | st.integers(0, 60), days, days)
def test_only_a_rule_that_ends_in_disposal_and_has_run_out_lets_go(fate, years, event_on, today):
    rules = {"drafts": a_rule(fate, years)}
    over = years is not None and (
        today.year - event_on.year - ((today.month, today.day) < (event_on.month, event_on.day))
        >= years
    )
    if fate is Fate.DISPOSE and over:
        check_disposal(rules, "drafts", ["a.x"], event_on=event_on, today=today)
    else:
        with pytest.raises(RuleBroken):
            check_disposal(rules, "drafts", ["a.x"], event_on=event_on, today=today)


@pytest.mark.parametrize(
    ("code", "columns", "told"),
    [
        ("none", ["a.x"], "retention.unknown_rule"),
        ("drafts", ["a.x", "b.z"], "retention.other_content"),
        ("drafts", ["a.x"], "retention.too_early"),
    ],
)
def test_a_refusal_says_why(code, columns, told):
    today = date(2026, 9, 1)
    with pytest.raises(RuleBroken) as refused:
        check_disposal({"drafts": a_rule()}, code, columns, event_on=today, today=today)
    assert refused.value.code == told


def test_what_began_on_a_leap_day_ends_on_the_first_of_march():
    assert a_rule(years=1).ends_on(date(2024, 2, 29)) == date(2025, 3, 1)
    assert a_rule(years=4).ends_on(date(2024, 2, 29)) == date(2028, 2, 29)


def test_a_column_without_a_rule_is_not_passed_over():
    with pytest.raises(LookupError):
        rule_for({"drafts": a_rule()}, "b.z")


_ONE = 'columns = ["a.x"]\nfate = "keep"\nsince = "written"\nsource = "§"\nnb = "a"\nnn = "a"\nen = "a"\n'


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        f"[rules.a]\n{_ONE}[rules.b]\n{_ONE}",
        f"[rules.a]\n{_ONE}years = -1\n",
        f"[rules.a]\n{_ONE}years = true\n",
        f"[rules.a]\n{_ONE}more = 1\n",
        f"[rules.a]\n{_ONE.replace('keep', 'burn')}",
        "[rules.a]\ncolumns = []\n",
    ],
)
def test_a_file_that_says_two_things_or_too_little_is_refused(text):
    with pytest.raises(retention.RetentionError):
        retention.read(text)
    assert retention.read(f"[rules.a]\n{_ONE}")["a"].fate is Fate.KEEP
