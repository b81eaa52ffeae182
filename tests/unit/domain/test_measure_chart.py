"""The drawing of measures over time: one scale, everything inside it, and in the order of days."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import Arena, Decision, MeasureResult
from bti.domain.measure_chart import MOST_TICKS, chart
from bti.domain.measures import EvaluationFacts, MeasureFacts, View
from tests.unit.domain.samples import GOAL, TODAY, an_id

HEARD = View(given=True)
days = st.integers(-900, 900).map(lambda number: TODAY + timedelta(days=number))


@st.composite
def plans(draw):
    """Measures with evaluations after their start, as they are agreed and written down."""
    measures, evaluations = [], []
    for number in range(draw(st.integers(1, 6))):
        start = draw(days)
        measure = MeasureFacts(
            measure_id=an_id(100 + number),
            goal_id=GOAL,
            title="x",
            arena=Arena.SCHOOL,
            responsible="x",
            start_on=start,
            evaluate_on=start + timedelta(days=draw(st.integers(0, 120))),
        )
        measures.append(measure)
        on = start
        for _one in range(draw(st.integers(0, 4))):
            on += timedelta(days=draw(st.integers(0, 90)))
            decision = draw(st.sampled_from([Decision.CONTINUE, Decision.CLOSE]))
            ends = decision is Decision.CLOSE
            evaluations.append(
                EvaluationFacts(
                    measure_id=measure.measure_id,
                    on=on,
                    result=draw(st.sampled_from(MeasureResult)),
                    child=HEARD,
                    guardians=HEARD,
                    professional=HEARD,
                    decision=decision,
                    next_evaluation_on=None if ends else on + timedelta(days=42),
                )
            )
            if ends:
                break
    return measures, evaluations


@given(plans())
def test_every_measure_is_drawn_once_inside_the_drawing(plan):
    measures, evaluations = plan
    drawn = chart(measures, evaluations, today=TODAY)
    assert sorted(bar.measure_id for bar in drawn.bars) == sorted(m.measure_id for m in measures)
    for bar in drawn.bars:
        assert 0 <= bar.start <= bar.start + bar.width <= 100.01
        assert bar.first <= bar.last
        for mark in bar.dots:
            assert 0 <= mark.at <= 100
    assert 0 <= drawn.today <= 100


@given(plans())
def test_days_stand_in_their_order_on_one_scale(plan):
    drawn = chart(*plan, today=TODAY)
    placed = [(TODAY, drawn.today), *((tick.on, tick.at) for tick in drawn.ticks)]
    for bar in drawn.bars:
        placed += [(bar.first, bar.start), *((mark.on, mark.at) for mark in bar.dots)]
    whole = (drawn.last - drawn.first).days
    for (day, at), (later, further) in pairwise(sorted(placed)):
        assert at <= further
        assert abs((further - at) - 100 * (later - day).days / whole) < 0.02


@given(plans())
def test_a_bar_ends_where_it_was_closed_or_at_the_coming_evaluation(plan):
    measures, evaluations = plan
    for bar in chart(measures, evaluations, today=TODAY).bars:
        own = [one for one in evaluations if one.measure_id == bar.measure_id]
        assert len(bar.dots) == len(own)
        closed = [one.on for one in own if one.decision is Decision.CLOSE]
        assert bar.ended is bool(closed)
        if closed:
            assert bar.last == closed[-1]
        elif own:
            assert bar.last >= own[-1].next_evaluation_on


@given(plans())
def test_the_edge_names_few_months_evenly(plan):
    ticks = chart(*plan, today=TODAY).ticks
    assert 1 <= len(ticks) <= MOST_TICKS
    assert all(tick.on.day == 1 for tick in ticks)
    gaps = {(b.on.year - a.on.year) * 12 + b.on.month - a.on.month for a, b in pairwise(ticks)}
    assert len(gaps) <= 1


def test_nothing_begun_is_nothing_drawn():
    assert chart([], [], today=date(2026, 1, 1)) is None
