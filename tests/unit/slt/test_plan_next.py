"""Rolling a plan over: what goes on is whole, what ends is gone, and nothing points at what is not there."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.slt.plan import Decision, Indicator, Unit
from bti.slt.plan_file import load, shipped
from bti.slt.plan_next import NextPeriod, next_plan


@given(st.data())
def test_each_measure_goes_on_as_it_was_or_ends_with_all_that_belongs_to_it(data):
    plan = load(data.draw(st.sampled_from(shipped())))
    followed = tuple(
        Indicator(f"own_{at}", "Tall", Unit.COUNT, measure=one.number)
        for at, one in enumerate(plan.measures)
    )
    plan = replace(plan, indicators=(*plan.indicators, *followed))
    decisions = {
        one.number: data.draw(st.sampled_from(Decision), label=one.number) for one in plan.measures
    }
    wanted = NextPeriod("Ny", date(2029, 1, 1), date(2030, 12, 31), decisions, "")
    after = next_plan(plan, wanted)
    kept = {number for number, one in decisions.items() if one is not Decision.END}
    assert {one.number for one in after.measures} == kept
    before = {one.number: one for one in plan.measures}
    for one in after.measures:
        old = before[one.number]
        assert (one.title, one.actions, one.responsible) == (
            old.title,
            old.actions,
            old.responsible,
        )
        assert (one.status, one.level, one.strand) == (old.status, old.level, old.strand)
        assert set(one.same_as) == set(old.same_as) & kept
        assert one.place == ""
    readings = {one.code: one.readings for one in plan.indicators if not one.measure}
    assert {one.code: one.readings for one in after.indicators if not one.measure} == readings
    assert {one.measure for one in after.indicators} - {""} == kept
    assert (after.first_day, after.adopted, after.appendices) == (date(2029, 1, 1), None, ())
    assert after.key == plan.key.rpartition("-")[0] + "-2029"


@pytest.mark.parametrize("key", ["x" * 60, "moss", "-", "a-b-2025"])
def test_the_key_of_a_new_plan_says_its_year_and_is_short(key):
    plan = load("moss-2025")
    wanted = NextPeriod("Ny", date(2029, 1, 1), date(2030, 1, 1), {"1": Decision.CHANGE}, "")
    made = next_plan(replace(plan, key=key), wanted).key
    assert made.endswith("-2029")
    assert len(made) <= 60
