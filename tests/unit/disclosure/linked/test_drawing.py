"""What is found quickly, beside the solver and beside adding everything up."""

import random

import numpy as np
import pytest

from bti.disclosure.linked.cells import incidence
from bti.disclosure.linked.counts import Child, Counts
from bti.disclosure.linked.drawing import Draw
from bti.disclosure.linked.publication import UNLIMITED, Range, shown_truth
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.rounding import (
    controlled_rounding,
    drawn_by_solver,
    drawn_by_steps,
    within_one_base,
)
from bti.disclosure.linked.solver import Programme
from bti.disclosure.linked.verify import silent
from bti.disclosure.linked.walk import Walk
from tests.unit.disclosure.linked.all_data_sets import a_small_publication, a_spec, some_counts

KEY = bytes(range(32))
STEPS = 300


def some_ranges(rng):
    """Rows over some combinations with ranges that a data set may keep or none does."""
    width = rng.randint(2, 7)
    rows = [
        np.array(sorted(rng.sample(range(width), rng.randint(1, width))))
        for _ in range(rng.randint(1, 6))
    ]
    least = np.array([rng.randint(0, 4) for _ in rows])
    most = least + np.array([rng.randint(0, 2) for _ in rows])
    return incidence(rows, width), least, most


def test_steps_find_only_what_keeps_every_range_and_nothing_where_the_solver_proves_there_is_nothing():
    rng = random.Random(4)  # noqa: S311 - repeatable, not secret
    found = none = missed = 0
    for _ in range(250):
        rows, least, most = some_ranges(rng)
        zero = np.zeros(rows.width, dtype=np.int64)
        prices = np.array([rng.random() for _ in range(rows.width)])
        mine = Draw(rows, least, most, prices).near(zero, steps=STEPS, progress=silent)
        programme = Programme(rows, least, most, floor=zero, ceiling=20)
        theirs, final = programme.whole(prices, seconds=60.0)
        assert final
        if mine is None:
            none, missed = none + 1, missed + (theirs is not None)
            continue
        sums = rows.times(mine)
        assert theirs is not None
        assert (mine >= 0).all()
        assert (sums >= least).all()
        assert (sums <= most).all()
        found += 1

    assert found > 50
    assert none > 50
    assert missed < found // 10


@pytest.mark.parametrize("shape", [(4, 6, 2), (3, 3, 3, 2)])
def test_what_is_drawn_by_steps_is_as_near_the_truth_as_what_the_solver_draws(shape):
    rng = random.Random(6)  # noqa: S311 - repeatable, not secret
    error = {"steps": 0, "solver": 0}
    for children in (40, 60, 80, 120, 250):
        counts = some_counts(rng, a_spec(shape, threshold=5), children)
        prices = np.array([rng.random() for _ in counts.children]) - np.minimum(counts.children, 9)
        rows, least, most = within_one_base(counts)
        for name, data in (
            ("steps", drawn_by_steps(counts, prices)),
            ("solver", drawn_by_solver(counts, prices)),
        ):
            assert data is not None
            bases = counts.universe.matrix.times(data)[rows]
            assert ((bases >= least) & (bases <= most)).all()
            error[name] += int(np.abs(5 * bases - counts.in_cells[rows]).sum())

    assert error["steps"] < 1.1 * error["solver"]


def test_a_draw_is_made_again_for_the_same_children_and_another_key_draws_another():
    counts = some_counts(random.Random(1), a_spec((4, 6, 2), threshold=5), 90)  # noqa: S311 - not secret
    first = controlled_rounding(counts, KEY)

    assert first is not None
    assert controlled_rounding(counts, KEY) == first
    assert controlled_rounding(counts, KEY, draw=1).shown != first.shown
    assert controlled_rounding(counts, bytes(32)).shown != first.shown


def test_a_cell_whose_children_insiders_may_know_is_not_shown_a_whole_base_lower():
    spec = a_spec((2,), tables=(("d0",),), threshold=5, known_cases=3, coalition=2)
    counts = some_counts(random.Random(1), spec, 1)  # noqa: S311 - repeatable, not secret
    # Six known and four others at most: ten cases are too few, whatever their children are.
    for children, homes, lowest in ((10, 10, 2), (11, 11, 2), (15, 15, 2), (15, 10, 3)):
        people = tuple(Child(str(n), f"h{n % homes}", 0) for n in range(children))
        some = Counts(counts.universe, np.array([children, 0]), people)
        rows, least, _ = within_one_base(some)
        place = int(np.flatnonzero(rows == counts.universe.cell({"d0": "00"}))[0])
        assert least[place] == lowest


def test_the_difference_to_what_was_added_up_before_adds_up_to_the_same():
    rng = random.Random(9)  # noqa: S311 - repeatable, not secret
    counts = some_counts(rng, a_spec((6, 5, 4)), 60)
    universe = counts.universe
    most = [number for number in range(len(universe.cells)) if number % 11]
    publication = shown_truth(universe, counts.in_cells, most)
    agreed = 0
    for _ in range(40):
        reader = Reader(publication, start=counts.children)
        data = counts.children.copy()
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] += 1
            data[rng.choice(np.flatnonzero(data))] -= 1
        fresh = Reader(publication)
        taken = fresh.take(data)
        assert reader.take(data) == taken
        agreed += taken
        if taken:
            cells = universe.matrix.times(data)
            assert (reader.low_seen == np.minimum(counts.in_cells, cells)).all()
            assert (reader.high_seen == np.maximum(counts.in_cells, cells)).all()

    assert 0 < agreed < 40


def test_where_small_steps_lead_the_solver_says_that_one_can_get_there():
    rng = random.Random(11)  # noqa: S311 - repeatable, not secret
    led = 0
    for _ in range(120):
        publication, counts, _ = a_small_publication(rng)
        weights = np.array([rng.choice((-60, 60, 40)) for _ in counts.children])
        everything = np.arange(len(counts.children))
        heavy = Range(everything, int(weights @ counts.children) - 70, UNLIMITED, weights)
        earlier = rng.choice(((), (heavy,)))
        reader = Reader(publication, earlier=earlier, start=counts.children)
        walk = Walk(reader, counts.children)
        cell = rng.randrange(len(publication.shown))
        universe = counts.universe
        down = rng.random() < 1 / 2
        wanted = int(counts.in_cells[cell]) + (-1 if down else 1)
        if wanted < 0:
            continue
        if walk.bring(universe.box(universe.cells[cell].nodes), down=down, wanted=wanted):
            sign = 1 if down else -1
            cost = sign * reader.cost_of(universe.matrix.row(cell))
            solver = Reader(publication, earlier=earlier)
            assert solver.reach(cost, sign * wanted)
            led += 1

    assert led > 20
