from datetime import date

import pytest

from bti.disclosure.tables import Axis, CellStatus, CountTable, HalfYear, TableError, masked
from tests.unit.disclosure.samples import AGES, LEVELS, PERIOD, a_count_table


def test_totals_are_the_sums_of_their_cells():
    table = a_count_table(((1, 2), (3, 4)))
    assert table.with_totals() == ((1, 2, 3), (3, 4, 7), (4, 6, 10))


def test_hidden_positions_have_no_number_in_the_protected_table():
    table = masked(a_count_table(((1, 9), (8, 7))), frozenset({(0, 0), (2, 2)}), 5)
    assert table.status((0, 0)) is CellStatus.HIDDEN
    assert table.status((0, 1)) is CellStatus.PUBLISHED
    assert table.cells == ((None, 9, 10), (8, 7, 15), (9, 16, None))


def test_true_counts_do_not_show_in_a_repr():
    assert "4321" not in repr(a_count_table(((4321, 5), (6, 7))))


@pytest.mark.parametrize(
    "text", ["2026", "2026H3", "2026h1", "1999H1", "2026H1 ", "", "H1", "٢٠٢٦H1"]
)
def test_a_period_that_is_no_half_year_is_refused(text: str):
    with pytest.raises(TableError):
        HalfYear.parse(text)


def test_a_half_year_knows_its_days_and_its_name():
    second = HalfYear.parse("2026H2")
    assert (second.first_day, second.last_day) == (date(2026, 7, 1), date(2026, 12, 31))
    assert str(second) == "2026H2"
    assert HalfYear.parse("2026H1") < second


@pytest.mark.parametrize(
    "codes", [(), ("a", "a"), ("Ola Nordmann",), ("<b>",), tuple("abcdefghijk")]
)
def test_an_axis_takes_a_few_different_plain_codes(codes: tuple[str, ...]):
    with pytest.raises(TableError):
        Axis("level", codes)


@pytest.mark.parametrize("counts", [((1, 2),), ((1,), (2,)), ((1, 2), (3, -1))])
def test_counts_that_do_not_fit_the_axes_or_are_negative_are_refused(
    counts: tuple[tuple[int, ...]],
):
    with pytest.raises(TableError):
        CountTable(
            period=PERIOD, rows=Axis("r", ("a", "b")), columns=Axis("c", ("d", "e")), counts=counts
        )


def test_a_structural_zero_that_holds_children_is_refused():
    with pytest.raises(TableError):
        a_count_table(((1, 2), (3, 4)), structural=frozenset({(0, 0)}))


@pytest.mark.parametrize("threshold", [0, 1, 2, 11])
def test_thresholds_outside_three_to_ten_are_refused(threshold: int):
    with pytest.raises(TableError):
        masked(a_count_table(((9, 9), (9, 9))), frozenset(), threshold)


def test_the_first_table_has_four_levels_and_six_age_bands():
    counts = tuple((0,) * len(AGES.codes) for _ in LEVELS.codes)
    table = CountTable(period=PERIOD, rows=LEVELS, columns=AGES, counts=counts)
    assert (table.shape.height, table.shape.width) == (4, 6)
