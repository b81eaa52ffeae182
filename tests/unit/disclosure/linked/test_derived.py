"""Percentages and medians: they follow from what is shown, and are proven with it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Child, Counts
from bti.disclosure.linked.derived import percentage
from bti.disclosure.linked.engine import protect
from bti.disclosure.linked.publication import UNLIMITED, Publication, shown_truth
from bti.disclosure.linked.quantiles import band_of, places, statements, with_quantiles
from bti.disclosure.linked.spec import Dimension, Method, Quantile, Rules, Spec, SpecError
from bti.disclosure.linked.verify import NotSafe, verify

ARENA = Dimension("arena", ("home", "school"))
WAITING = Dimension("waiting", ("0-6", "7-13", "14-27", "28-"), harmless=True)
PARTS = (25, 50, 75)


def a_universe(**rules):
    return Universe(
        Spec(
            (ARENA, WAITING),
            (("arena",),),
            rules=Rules(**{"known_cases": 1, "coalition": 1, **rules}),
            quantiles=(Quantile("waiting", ("arena",), PARTS),),
        )
    )


UNIVERSE = a_universe()
waiting = st.lists(st.integers(0, 9), min_size=8, max_size=8)


def shown_with_quantiles(numbers, parts=PARTS):
    counts = Counts(UNIVERSE, np.array(numbers))
    return with_quantiles(shown_truth(UNIVERSE, counts.in_cells, []), counts, parts), counts


@settings(max_examples=60, deadline=None)
@given(waiting, waiting)
def test_what_a_quantile_says_is_exactly_what_readers_are_taken_to_know(numbers, others):
    publication, counts = shown_with_quantiles(numbers)
    other = Counts(UNIVERSE, np.array(others))
    for place, band in zip(places(UNIVERSE), publication.bands, strict=True):
        if band is None or other.in_cells[place.cell] != counts.in_cells[place.cell]:
            continue
        alone = Publication(
            UNIVERSE,
            Method.SUPPRESSION,
            publication.shown,
            bands=tuple(band if one == place else None for one in places(UNIVERSE)),
        )
        agrees = all(
            one.most == UNLIMITED and one.least <= int(one.weights @ other.children[one.columns])
            for one in statements(alone)
        )
        assert agrees == (band_of(other, place) == band)


def test_a_median_is_told_of_ten_and_not_of_nine_nor_of_nine_households():
    assert shown_with_quantiles([5, 5, 0, 0, 3, 3, 3, 0])[0].bands[:2] == (0, 0)
    assert shown_with_quantiles([5, 4, 0, 0, 9, 9, 9, 9])[0].bands[:3] == (None, None, None)
    people = tuple(Child(str(n), f"h{n % 9}", 0) for n in range(12))
    counts = Counts(UNIVERSE, np.array([12, 0, 0, 0, 0, 0, 0, 0]), people)

    assert {band_of(counts, place) for place in places(UNIVERSE)} == {None}


def test_an_untrue_median_or_one_of_too_few_is_refused():
    publication, counts = shown_with_quantiles([6, 6, 6, 6, 9, 9, 9, 9])
    wrong = tuple(3 if one == 0 else one for one in publication.bands)

    assert verify(publication, counts)
    with pytest.raises(NotSafe, match=r"quantile\.wrong"):
        verify(Publication(UNIVERSE, Method.SUPPRESSION, publication.shown, bands=wrong), counts)


def test_quantiles_that_say_too_much_are_left_out():
    # Ten children, seven of whom waited long: quartiles and totals leave few others in the first weeks.
    universe = a_universe(known_cases=3, coalition=2)
    counts = Counts(universe, np.array([0, 3, 0, 7, 9, 9, 9, 9]))
    everything = with_quantiles(shown_truth(universe, counts.in_cells, []), counts, PARTS)
    with pytest.raises(NotSafe):
        verify(everything, counts)

    found = protect(counts).verified.publication
    assert found.shown == everything.shown
    assert sum(one is not None for one in found.bands) < sum(
        one is not None for one in everything.bands
    )


def test_quantiles_of_groups_that_no_table_has_are_refused():
    spec = Spec((ARENA, WAITING), (("waiting",),), quantiles=(Quantile("waiting", ("arena",)),))

    with pytest.raises(SpecError, match="no table"):
        places(Universe(spec))
    with pytest.raises(SpecError):
        Quantile("waiting", ("waiting",))
    with pytest.raises(SpecError):
        Quantile("waiting", parts=(33,))
    with pytest.raises(SpecError):
        Quantile("waiting", least=5)


def test_a_percentage_is_of_shown_numbers_with_enough_on_both_sides():
    universe = Universe(Spec((ARENA, WAITING), (("arena", "waiting"),)))
    shown = shown_truth(
        universe, Counts(universe, np.array([8, 9, 3, 20, 33, 0, 0, 0])).in_cells, []
    )
    found = {
        (arena, wait): percentage(
            shown, universe.cell({"arena": arena, "waiting": wait}), "waiting"
        )
        for arena in ARENA.codes
        for wait in WAITING.codes
    }

    assert found["home", "0-6"] == Decimal("20.0")
    assert found["home", "7-13"] == Decimal("22.5")
    assert found["home", "14-27"] is None
    assert found["school", "0-6"] is None
    assert percentage(shown, universe.cell({"arena": "home"}), "waiting") == 100
