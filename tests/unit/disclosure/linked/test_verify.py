import numpy as np
import pytest

from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.publication import shown_truth
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.verify import NotSafe, Verified, verify
from tests.unit.disclosure.linked.agreement import agreements, combinations_agree, insiders_agree
from tests.unit.disclosure.linked.all_data_sets import a_spec

SMALL_TABLES = 200


def test_the_verifier_agrees_with_counting_every_possible_data_set():
    tables, weak = agreements(20260630, SMALL_TABLES)

    assert tables // 5 < weak < tables


def test_what_insiders_can_tell_agrees_with_counting_for_everybody_who_might_know_some_cases():
    asked, no = insiders_agree(20260630, 40)

    assert 0 < no < asked


def test_what_is_told_of_combinations_without_a_table_agrees_with_counting():
    compared, told = combinations_agree(20260630, 25)

    assert 0 < told < compared


def test_what_is_hidden_alone_in_a_row_is_refused():
    universe = Universe(a_spec((2, 2), threshold=5))
    counts = Counts(universe, np.array([3, 20, 15, 12]))
    only = universe.cell({"d0": "00", "d1": "10"})

    with pytest.raises(NotSafe) as refused:
        verify(shown_truth(universe, counts.in_cells, [only]), counts)

    assert {one.cell for one in refused.value.weaknesses} == {only}


def test_a_number_that_is_too_small_or_wrong_is_refused():
    universe = Universe(a_spec((2, 2)))
    counts = Counts(universe, np.array([3, 9, 9, 9]))

    with pytest.raises(NotSafe, match=r"cell\.shown"):
        verify(shown_truth(universe, counts.in_cells, []), counts)
    with pytest.raises(NotSafe, match=r"number\.wrong"):
        verify(shown_truth(universe, counts.in_cells + 1, []), counts)


def test_nothing_else_makes_a_verified_publication():
    universe = Universe(a_spec((2, 2)))
    publication = shown_truth(universe, np.full(len(universe.cells), 9), [])

    with pytest.raises(TypeError):
        Verified(publication, None)


def test_hidden_numbers_that_can_be_added_up_to_less_than_the_threshold_are_refused():
    universe = Universe(a_spec((4,), tables=(("d0",),), threshold=5))
    counts = Counts(universe, np.array([1, 3, 20, 30]))
    hidden = [universe.cell({"d0": "00"}), universe.cell({"d0": "01"})]

    with pytest.raises(NotSafe, match=r"cell\.not_high"):
        verify(shown_truth(universe, counts.in_cells, hidden), counts)


def test_a_data_set_without_the_children_a_reader_knows_is_none_of_hers():
    universe = Universe(a_spec((3,), tables=(("d0",),)))
    publication = shown_truth(universe, np.array([0, 9, 9, 18]), [0, 1, 2])
    reader = Reader(publication, known=[0])

    assert not reader.take(np.array([0, 9, 9]))
    assert reader.take(np.array([1, 8, 9]))
