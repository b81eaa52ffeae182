import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.disclosure.protect import hide_all, protect
from bti.disclosure.release import prepare
from bti.disclosure.tables import ProtectedTable
from bti.disclosure.verify import NotSafe, verify
from tests.unit.disclosure.samples import a_count_table, a_municipality

grids = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda size: st.tuples(
        *[st.tuples(*[st.one_of(st.integers(0, 8), st.integers(0, 60))] * size[1])] * size[0]
    )
)


@settings(max_examples=150, deadline=None)
@given(counts=grids, threshold=st.integers(3, 10))
def test_every_proposal_for_any_counts_passes_the_verifier(counts, threshold: int):
    table = a_count_table(counts)
    verify(protect(table, threshold=threshold), table)


@settings(max_examples=100, deadline=None)
@given(counts=grids, data=st.data())
def test_declared_structural_zeros_stay_visible_and_the_rest_is_still_safe(counts, data):
    zeros = [
        (row, column)
        for row, values in enumerate(counts)
        for column, value in enumerate(values)
        if value == 0
    ]
    declared = frozenset(data.draw(st.sets(st.sampled_from(zeros))) if zeros else ())
    table = a_count_table(counts, structural=declared)
    protected = prepare(table).table
    assert all(protected.value(spot) == 0 for spot in declared)


@pytest.mark.parametrize("children", [25, 60, 150, 400])
def test_small_counts_and_zeros_are_hidden_in_every_position(children: int):
    counts = a_municipality(children, seed=children)
    truth = counts.with_totals()
    protected = protect(counts)
    for row, column in protected.shape.positions():
        if truth[row][column] < 5:
            assert protected.value((row, column)) is None
        else:
            assert protected.value((row, column)) in (None, truth[row][column])


def test_a_larger_municipality_gets_all_its_totals():
    protected = protect(a_municipality(400, seed=7))
    totals = [spot for spot in protected.shape.positions() if protected.shape.is_total(spot)]
    assert all(protected.value(spot) is not None for spot in totals)


def test_a_table_without_small_counts_is_shown_in_full():
    assert protect(a_count_table(((9, 8), (7, 6)))).hidden() == ()


@pytest.mark.parametrize("counts", [((0, 0), (0, 0)), ((1, 2), (0, 1)), ((4, 0), (0, 0))])
def test_fewer_children_than_the_threshold_gives_too_few_and_no_number(counts):
    protected = protect(a_count_table(counts))
    assert protected.says_too_few
    assert protected == hide_all(a_count_table(counts))


def test_a_group_with_all_its_members_in_one_cell_is_not_given_away():
    protected = prepare(a_count_table(((12, 0, 0), (20, 30, 25)))).table
    assert (protected.value((0, 0)), protected.value((0, 3))) != (12, 12)


def _one_more(protected: ProtectedTable, counts, spot) -> ProtectedTable:
    truth = counts.with_totals()
    cells = [list(row) for row in protected.cells]
    cells[spot[0]][spot[1]] = truth[spot[0]][spot[1]]
    return ProtectedTable(
        period=protected.period,
        rows=protected.rows,
        columns=protected.columns,
        cells=tuple(tuple(row) for row in cells),
        threshold=protected.threshold,
    )


def test_no_total_is_hidden_that_could_be_shown_alone():
    rng = random.Random(3)  # noqa: S311 - repeatable, not secret
    for _ in range(20):
        counts = a_municipality(rng.randint(20, 300), seed=rng.randint(0, 10_000))
        protected = protect(counts)
        for spot in protected.hidden():
            if protected.shape.is_total(spot):
                with pytest.raises(NotSafe):
                    verify(_one_more(protected, counts, spot), counts)
