import pytest

from bti.disclosure.menu import AGE_BANDS, LEVELS, age_band, level_by_age
from bti.disclosure.tables import HalfYear, TableError


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "age_0_5"),
        (5, "age_0_5"),
        (6, "age_6_9"),
        (12, "age_10_12"),
        (18, "age_16_18"),
        (23, "age_19_23"),
    ],
)
def test_every_age_from_birth_to_23_has_one_band(age: int, band: str):
    assert age_band(age) == band


@pytest.mark.parametrize("age", [-1, 24, 99])
def test_an_age_outside_the_table_is_refused(age: int):
    with pytest.raises(TableError):
        age_band(age)


def test_the_first_table_counts_levels_by_age_and_fills_in_nobody():
    table = level_by_age(HalfYear(2026, 1), {("level_1", "age_6_9"): 7})
    assert table.counts[1] == (0, 7, 0, 0, 0, 0)
    assert table.with_totals()[-1][-1] == 7
    assert (len(LEVELS.codes), len(AGE_BANDS.codes)) == (4, 6)


def test_a_code_outside_the_menu_is_refused():
    with pytest.raises(TableError):
        level_by_age(HalfYear(2026, 1), {("level_4", "age_6_9"): 7})
