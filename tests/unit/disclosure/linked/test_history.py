"""Releases one after the other, and beside each other."""

import random
from dataclasses import replace

import numpy as np
import pytest

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import count
from bti.disclosure.linked.engine import protect
from bti.disclosure.linked.history import Changes, History, Past
from bti.disclosure.linked.publication import shown_truth
from bti.disclosure.linked.spec import Dimension, Method, Rules, Spec, SpecError
from bti.disclosure.linked.verify import NotSafe, verify

KEY = bytes(range(32))
AREA = Dimension("area", ("a", "b"))
LEVEL = Dimension("level", ("1", "2", "3"))
SEX = Dimension("sex", ("f", "m"))


def a_spec(tables, *methods, dimensions=(LEVEL, SEX), **rules):
    rules = {"known_cases": 1, "coalition": 1, **rules}
    if methods:
        rules["methods"] = methods
    return Spec(
        dimensions, tables, rules=Rules(**rules), unit_column="who", household_column="home"
    )


def rows_of(*numbers, first=0):
    """So many children of each level and sex, with names in a line."""
    rows, number = [], first
    for level, (girls, boys) in enumerate(numbers, start=1):
        for sex, many in (("f", girls), ("m", boys)):
            for _ in range(many):
                number += 1
                rows.append({"who": f"c{number}", "home": "", "level": str(level), "sex": sex})
    return rows


def truth(counts, hidden=()):
    return shown_truth(counts.universe, counts.in_cells, list(hidden))


@pytest.fixture(scope="module")
def universe():
    return Universe(a_spec((("level", "sex"),)))


def test_a_number_that_differs_by_few_children_is_not_renewed(universe):
    rows = rows_of((20, 30), (25, 35), (30, 40))
    then, now = count(universe, rows), count(universe, rows[2:])
    past = Past(truth(then), then)
    assert verify(truth(now), now)

    with pytest.raises(NotSafe, match=r"change\.shown"):
        verify(truth(now), now, history=History(now, [past]))


def test_few_who_came_while_as_many_left_are_few_all_the_same(universe):
    rows = rows_of((20, 30), (25, 35), (30, 40))
    new = {"who": "new", "home": "", "level": "1", "sex": "f"}
    then, now = count(universe, rows), count(universe, [*rows[1:], new])
    assert (then.in_cells == now.in_cells).all()
    changes = Changes(then, now)

    assert changes.households(universe.matrix.row(universe.cell({}))) == 2
    with pytest.raises(NotSafe, match=r"change\.shown"):
        verify(truth(now), now, history=History(now, [Past(truth(then), then)]))


def test_siblings_who_leave_together_are_one_change(universe):
    rows = [{**row, "home": "one"} if n < 6 else row for n, row in enumerate(rows_of((20, 30)))]
    then, now = count(universe, rows), count(universe, rows[6:])

    assert Changes(then, now).households(universe.matrix.row(universe.cell({}))) == 1


def test_who_nobody_changed_for_may_be_published_again_and_many_changes_too(universe):
    rows = rows_of((20, 30), (25, 35), (30, 40))
    then, same, other = (count(universe, one) for one in (rows, rows, rows_of(*[(31, 41)] * 3)))
    past = Past(truth(then), then)

    assert verify(truth(same), same, history=History(same, [past]))
    assert verify(truth(other), other, history=History(other, [past]))


def test_a_hidden_number_that_cannot_have_changed_by_many_tells_of_few():
    # One girl has moved from level 2 to 1. Five girls in both levels together: no nine in level 1.
    universe = Universe(a_spec((("level", "sex"),), known_cases=0))
    rows = rows_of((4, 30), (1, 35), (30, 40))
    then = count(universe, rows)
    moved = [
        {**row, "level": "1"} if (row["level"], row["sex"]) == ("2", "f") else row for row in rows
    ]
    now = count(universe, moved)
    sexes = ({}, {"sex": "f"}, {"sex": "m"})
    places = [{"level": level, **sex} for level in "12" for sex in sexes]
    hidden = [universe.cell(where) for where in places]
    past = Past(truth(then, hidden), then)
    assert verify(truth(now, hidden), now)

    with pytest.raises(NotSafe, match=r"change\.told"):
        verify(truth(now, hidden), now, history=History(now, [past]))


def test_each_earlier_release_is_looked_at_with_all_others(universe):
    rows = rows_of((20, 30), (25, 35), (30, 40))
    counts = count(universe, rows)
    history = History(counts, [Past(truth(counts), counts), Past(truth(counts), counts)])
    stated = history.about(0, truth(counts))

    assert len(stated) == 3 * len(universe.cells)


def test_two_patterns_of_hiding_over_the_same_children_give_nothing_away_together():
    spec = a_spec((("level", "sex"),), known_cases=0)
    universe = Universe(spec)
    counts = count(universe, rows_of((3, 30), (25, 35), (30, 40)))
    small = {"level": "1", "sex": "f"}

    def hiding(other):
        corners = [small, {**small, "sex": "m"}, {**small, "level": other}]
        corners.append({"level": other, "sex": "m"})
        return truth(counts, [universe.cell(where) for where in corners])

    assert verify(hiding("2"), counts)
    assert verify(hiding("3"), counts)
    with pytest.raises(NotSafe):
        verify(hiding("3"), counts, history=History(counts, [Past(hiding("2"))]))


def test_a_new_release_does_not_open_an_earlier_one():
    # Nobody came or went in level 1; then its numbers were hidden to save a small one of those days.
    spec = a_spec((("level", "sex"),), known_cases=0)
    universe = Universe(spec)
    rows = rows_of((20, 30), (3, 35), (30, 40))
    then = count(universe, rows)
    pairs = [{"level": level, "sex": sex} for level in "12" for sex in "fm"]
    past = Past(truth(then, [universe.cell(where) for where in pairs]), then)
    more = rows_of((0, 0), (12, 9), (0, 0), first=1000)
    now = count(universe, [*rows, *more])
    assert verify(past.publication, then)
    assert verify(truth(now), now)

    # Girls of level 1 are told now and have not changed: then the girls of level 2 were what is left.
    with pytest.raises(NotSafe, match=r"earlier\.promise"):
        verify(truth(now), now, history=History(now, [past]))


def test_a_region_beside_its_municipalities_is_proven_with_them():
    spec = a_spec((("area", "level"), ("level",)), dimensions=(AREA, LEVEL), known_cases=0)
    universe = Universe(spec)
    sizes = {
        ("a", "1"): 3,
        ("a", "2"): 12,
        ("a", "3"): 9,
        ("b", "1"): 14,
        ("b", "2"): 15,
        ("b", "3"): 16,
    }
    rows = [
        {"who": f"{area}{level}{n}", "home": "", "area": area, "level": level}
        for (area, level), many in sizes.items()
        for n in range(many)
    ]
    counts = count(universe, rows)
    own = Universe(a_spec((("level",),), dimensions=(LEVEL,), known_cases=0))
    inside = count(own, [row for row in rows if row["area"] == "a"])
    local = truth(inside, [own.cell({"level": "1"}), own.cell({"level": "2"})])
    assert verify(local, inside)
    cells = [universe.cell({"area": a, "level": level}) for a in "ab" for level in "13"]
    regional = truth(counts, cells)
    assert verify(regional, counts)

    # Together: level 3 of a is told by its own release, and so is level 1.
    with pytest.raises(NotSafe):
        verify(regional, counts, history=History(counts, [Past(local, None, (("area", "a"),))]))


def test_children_without_names_cannot_be_followed():
    spec = replace(a_spec((("level", "sex"),)), unit_column="", household_column="")
    counts = count(Universe(spec), rows_of((20, 30)))

    with pytest.raises(SpecError, match="unit"):
        History(counts, [Past(truth(counts), counts)])


@pytest.mark.parametrize("method", [Method.SUPPRESSION, Method.ROUNDING, Method.CONTROLLED])
def test_half_years_with_late_corrections_never_tell_of_few(method):
    rng = random.Random(3)  # noqa: S311 - repeatable, not secret
    universe = Universe(a_spec((("level", "sex"),), method, known_cases=0))
    rows, pasts, shown = rows_of((14, 19), (25, 11), (9, 16)), [], 0
    for half in range(4):
        counts = count(universe, rows)
        history = History(counts, pasts)
        try:
            publication = protect(counts, key=KEY, history=history).verified.publication
        except NotSafe:
            publication = None
        if publication is not None:
            shown += publication.shown[universe.cell({})] is not None
            for past in pasts:
                assert not told(past, Past(publication, counts))
            pasts.append(Past(publication, counts))
        late = 2 if half == 1 else rng.randint(5, 20)
        rows = rows[late // 2 :] + rows_of(*[(1, 1)] * 3, first=1000 * half)[: late - late // 2]

    assert shown


def told(past, new):
    """Cells whose true numbers two releases show, and that few have come into or left."""
    if new.publication.method is not Method.SUPPRESSION:
        return []
    changes = Changes(past.counts, new.counts)
    return [
        cell
        for cell in range(len(new.publication.shown))
        if past.publication.shown[cell] is not None
        and new.publication.shown[cell] is not None
        and 0 < changes.households(new.counts.universe.matrix.row(cell)) < 5
    ]


def test_codes_that_are_gone_cannot_be_compared(universe):
    counts = count(universe, rows_of((20, 30)))
    fewer = Universe(a_spec((("level", "sex"),), dimensions=(Dimension("level", ("1",)), SEX)))
    then = Past(truth(counts))

    with pytest.raises(SpecError, match="level"):
        History(count(fewer, rows_of((20, 30))), [then])
    assert np.array_equal(History(counts, [then]).stands, np.zeros(len(universe.cells), dtype=bool))
