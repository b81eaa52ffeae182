"""The menu of a half-year at its edges: everybody alike."""

import pytest

from bti.disclosure.half_year import protected
from bti.disclosure.linked.attack import attack
from bti.disclosure.menu import AGE, DIMENSIONS, LEVEL
from bti.disclosure.tables import HalfYear

PERIOD = HalfYear(2026, 1)
POPULATION = dict.fromkeys(DIMENSIONS[AGE], 400)
KEY = bytes(range(32))


@pytest.mark.parametrize("children", [5, 24, 60])
def test_where_all_children_are_in_one_cell_it_is_not_told_that_all_are(children: int):
    codes = tuple(one[0] for one in DIMENSIONS.values())
    everybody = [(f"child-{number}", codes) for number in range(children)]
    found, _ = protected(PERIOD, POPULATION, everybody, [], KEY)
    publication = found.verified.publication
    cell = publication.universe.cell
    least, most = publication.ranges()

    for dimension, (code, *_) in DIMENSIONS.items():
        # One child more may be among all than need be among these, and it need not be like them.
        assert most[cell({})] > least[cell({dimension: code})], dimension
    assert publication.shown[cell({LEVEL: "level_1"})] is None
    assert attack(publication) == ()
