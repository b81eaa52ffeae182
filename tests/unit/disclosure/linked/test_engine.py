import random
from dataclasses import replace

import numpy as np
import pytest

from bti.disclosure.linked import engine
from bti.disclosure.linked.attack import attack
from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts, count
from bti.disclosure.linked.engine import protect, usefulness
from bti.disclosure.linked.promise import NO_DEMAND, below_threshold, demands, must_hide
from bti.disclosure.linked.publication import shown_truth
from bti.disclosure.linked.rounding import controlled_rounding, random_rounding
from bti.disclosure.linked.spec import Dimension, Method, Population, Rules, Spec, Zeros, margins
from bti.disclosure.linked.suppress import suppress
from bti.disclosure.linked.verify import NotSafe, verify
from tests.unit.disclosure.linked.all_data_sets import a_spec, intervals, some_counts

KEY = bytes(range(32))
SAFE_TABLES = 25


def a_municipality(children: int, seed: int, order: int = 2, **rules) -> Counts:
    """Children spread unevenly over level, age and sex; insiders know one case, unless said otherwise."""
    rules = {"known_cases": 1, "coalition": 1, **rules}
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    lengths = {"level": 4, "age": 6, "sex": 2}
    dimensions = tuple(
        Dimension(name, tuple(f"{name}{code}" for code in range(length)))
        for name, length in lengths.items()
    )
    universe = Universe(Spec(dimensions, margins(lengths, order), rules=Rules(**rules)))
    data = np.zeros(universe.matrix.width, dtype=np.int64)
    for _ in range(children):
        codes = [
            rng.choices(one.codes, [1 / (1 + place) for place in range(len(one.codes))])[0]
            for one in dimensions
        ]
        data[universe.column_of(codes)] += 1
    return Counts(universe, data)


def naive(counts: Counts):
    """Hiding what is small and nothing else."""
    return shown_truth(counts.universe, counts.in_cells, np.flatnonzero(must_hide(counts)))


def test_what_is_published_keeps_its_promises_among_all_data_sets():
    rng = random.Random(11)  # noqa: S311 - repeatable, not secret
    shown = 0
    for _ in range(SAFE_TABLES):
        spec = a_spec(rng.choice(((2, 2), (3, 2), (2, 2, 2))), threshold=3, base=3)
        counts = some_counts(rng, spec, rng.randint(5, 9))
        try:
            publication = protect(counts, key=KEY).verified.publication
        except NotSafe:
            continue
        shown += any(value is not None for value in publication.shown)
        most = int(counts.children.sum()) + 4
        low, high = intervals(publication, most)
        asked = demands(publication, counts)
        for cell in asked.open_cells():
            assert asked.low[cell] == NO_DEMAND or low[cell] <= asked.low[cell]
            assert high[cell] >= asked.high[cell]
    assert shown > SAFE_TABLES // 2


@pytest.mark.parametrize("children", [40, 90])
def test_our_releases_give_nothing_away_and_naive_hiding_most(children):
    counts = a_municipality(children, seed=children)
    small = naive(counts)

    safe = protect(counts, key=KEY).verified.publication
    assert attack(safe) == ()
    assert attack(verify(suppress(counts), counts).publication) == ()
    assert len(attack(small)) > 0
    with pytest.raises(NotSafe):
        verify(small, counts)


def test_most_of_what_naive_hiding_hides_in_one_table_is_recovered():
    rng = random.Random(5)  # noqa: S311 - repeatable, not secret
    hidden = recovered = 0
    for _ in range(20):
        spec = a_spec((4, 4), threshold=5)
        counts = some_counts(rng, spec, rng.randint(110, 140))
        small = naive(counts)
        hidden += len(small.hidden)
        recovered += len(attack(small))

    assert recovered > hidden / 2


def test_an_insider_learns_no_more_than_her_own_cases():
    counts = a_municipality(60, seed=4, known_cases=3, coalition=2)
    publication = protect(counts, key=KEY).verified.publication
    own = np.flatnonzero(counts.children)

    for first in range(0, 18, 6):
        assert attack(publication, known=[int(c) for c in own[first : first + 6]]) == ()


def test_what_is_safe_from_outsiders_is_refused_where_insiders_see_through():
    def hidden_inside(known):
        spec = a_spec((2, 2), tables=(("d0", "d1"),), known_cases=known, coalition=1)
        counts = Counts(Universe(spec), np.array([1, 5, 5, 9]))
        inner = np.flatnonzero(counts.universe.orders == 2)
        return shown_truth(counts.universe, counts.in_cells, inner), counts

    assert verify(*hidden_inside(known=0))
    with pytest.raises(NotSafe, match=r"insider\.not_high"):
        verify(*hidden_inside(known=5))


def test_a_combination_that_no_table_shows_is_not_told_either():
    # Every number of two properties is 0 or at least 3, and one child of three is certain all the same.
    spec = a_spec((2, 3, 3), threshold=3, base=3, zeros=Zeros.SHOW, known_cases=0)
    spec = replace(spec, dimensions=tuple(replace(one, harmless=True) for one in spec.dimensions))
    children = np.array([1, 5, 5, 0, 5, 0, 4, 0, 0, 5, 1, 0, 0, 5, 0, 0, 0, 5])
    counts = Counts(Universe(spec), children)
    assert not must_hide(counts).any()

    with pytest.raises(NotSafe, match=r"combination\.stated"):
        verify(shown_truth(counts.universe, counts.in_cells, []), counts)


def test_the_insiders_intervals_are_those_of_counting():
    rng = random.Random(8)  # noqa: S311 - repeatable, not secret
    broken = 0
    for _ in range(20):
        counts = some_counts(rng, a_spec((3, 2), threshold=3, base=3), 8)
        publication = shown_truth(
            counts.universe,
            counts.in_cells,
            [n for n in range(len(counts.in_cells)) if counts.universe.orders[n] == 2],
        )
        known = [int(c) for c in np.flatnonzero(counts.children)[:2]]
        low, high = intervals(publication, 8, known)
        own = counts.universe.matrix.times(np.bincount(known, minlength=len(counts.children)))
        expected = [
            (cell, low[cell], high[cell])
            for cell in publication.hidden
            if low[cell] == high[cell] or (low[cell] > own[cell] and high[cell] - own[cell] < 3)
        ]
        found = [(one.cell, one.least, one.most) for one in attack(publication, known=known)]
        assert found == expected
        broken += bool(found)
    assert broken


def test_the_same_number_is_always_rounded_the_same_way_and_another_key_rounds_otherwise():
    counts = a_municipality(300, seed=2)
    once, again = (random_rounding(counts, KEY) for _ in range(2))

    assert once.shown == again.shown
    assert once.shown != random_rounding(counts, bytes(32)).shown


def test_random_rounding_is_right_on_average():
    spec = a_spec((2, 2), tables=(("d0", "d1"),))
    counts = Counts(Universe(spec), np.array([11, 12, 13, 14]))
    keys = (number.to_bytes(32, "big") for number in range(400))
    shown = np.array([random_rounding(counts, key).shown for key in keys])

    assert np.abs(shown.mean(axis=0) - counts.in_cells).max() < 0.6
    assert np.abs(shown - counts.in_cells).max() < spec.rules.base


def test_controlled_rounding_adds_up_and_stays_within_one_base():
    counts = a_municipality(120, seed=6)
    publication = controlled_rounding(counts, KEY)
    shown = np.array(publication.shown)

    assert (shown % 5 == 0).all()
    assert np.abs(shown - counts.in_cells).max() <= 5
    for one in counts.universe.sums:
        assert shown[one.total] == shown[list(one.members)].sum()


def test_nothing_is_rounded_without_a_secret():
    outcome = protect(a_municipality(60, seed=1))

    assert outcome.verified.publication.method is Method.SUPPRESSION
    assert {one.method for one in outcome.tries if one.use} == {Method.SUPPRESSION}


def test_the_most_useful_of_the_safe_methods_is_chosen():
    counts = a_municipality(90, seed=3)
    outcome = protect(counts, key=KEY)
    best = max(outcome.tries, key=lambda one: one.use)

    assert outcome.verified.publication.method is best.method
    assert usefulness(outcome.verified.publication, counts) == best.use > 0


def test_a_method_that_cannot_be_more_useful_is_not_tried():
    outcome = protect(a_municipality(40, seed=3), key=KEY)
    spared = {one.method for one in outcome.tries if one.refused == ("method.less_useful",)}

    assert outcome.verified.publication.method is Method.CONTROLLED
    assert spared == {Method.SUPPRESSION, Method.ROUNDING}


def test_a_long_search_for_what_to_hide_is_spared_only_where_another_method_is_safe(monkeypatch):
    monkeypatch.setattr(engine, "MOST_UNLISTED", 0)
    counts = a_municipality(250, seed=3, order=1)
    refused = {one.method: one.refused for one in protect(counts, key=KEY).tries}

    assert refused[Method.SUPPRESSION] == ("method.too_large",)
    few = a_municipality(30, seed=1, order=1)
    assert protect(few).verified.publication.method is Method.SUPPRESSION


def test_a_small_population_is_not_broken_down():
    dimensions = (Dimension("district", ("north", "south")), Dimension("age", ("young", "old")))
    spec = Spec(
        dimensions,
        (("district", "age"),),
        populations=(Population((("district", "north"),), 35),),
    )
    counts = Counts(Universe(spec), np.array([30, 31, 32, 33]))
    shown = protect(counts, key=KEY).verified.publication.shown

    for age in ("young", "old"):
        assert shown[counts.universe.cell({"district": "north", "age": age})] is None


def test_siblings_are_one_secret():
    universe = Universe(
        Spec((Dimension("level", ("a", "b")),), (("level",),), household_column="home")
    )
    rows = [{"level": "a", "home": f"h{n % 2}"} for n in range(6)]
    rows += [{"level": "b", "home": f"g{n}"} for n in range(20)]

    counts = count(universe, rows)

    assert below_threshold(counts)[universe.cell({"level": "a"})]
    assert not below_threshold(counts)[universe.cell({"level": "b"})]


def test_a_group_that_shares_one_value_is_not_told_so():
    spec = a_spec((2, 3), threshold=3, base=3, zeros=Zeros.SHOW)
    counts = Counts(Universe(spec), np.array([9, 0, 0, 4, 5, 6]))

    with pytest.raises(NotSafe, match=r"group\.one_value"):
        verify(shown_truth(counts.universe, counts.in_cells, []), counts)
