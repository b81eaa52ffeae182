import random
from math import prod

import pytest

from bti.disclosure.release import prepare
from bti.disclosure.tables import ProtectedTable, masked
from bti.disclosure.verify import NotSafe, Verified, Weakness, Witness, agrees, examine, verify
from tests.unit.disclosure.enumerator import all_tables, choices
from tests.unit.disclosure.samples import a_count_table, a_municipality

SMALL_TABLES = 2_400
MOST_COMBINATIONS = 20_000


def _verdict_by_counting(table: ProtectedTable, highest: int) -> set[tuple[str, tuple[int, int]]]:
    """What `examine` should say about hidden inner cells, from the list of all tables."""
    imagined = list(all_tables(table, highest=highest))
    assert imagined, "the true table is always among them"
    weak = set()
    for row, column in table.hidden():
        if table.shape.is_total((row, column)):
            continue
        values = {grid[row][column] for grid in imagined}
        if 0 not in values:
            weak.add(("cell.not_zero", (row, column)))
        if max(values) < table.threshold:
            weak.add(("cell.not_many", (row, column)))
    return weak


def _totals_by_counting(table: ProtectedTable, highest: int) -> set[tuple[int, int]]:
    """Hidden totals a reader could pin down to one number."""
    imagined = list(all_tables(table, highest=highest))
    return {
        (row, column)
        for row, column in table.hidden()
        if len({grid[row][column] for grid in imagined}) == 1
    }


def _ceiling(table: ProtectedTable) -> int:
    """No cell needs more: enough to reach the threshold while serving any published number."""
    return table.threshold + max(value or 0 for row in table.cells for value in row)


def _countable(table: ProtectedTable) -> bool:
    shape = table.shape
    sizes = (
        len(choices(table, row, column, _ceiling(table)))
        for row in range(shape.height)
        for column in range(shape.width)
    )
    return prod(sizes) <= MOST_COMBINATIONS


def _random_small_table(rng: random.Random) -> ProtectedTable:
    while True:
        table = _any_small_table(rng)
        if _countable(table):
            return table


def _any_small_table(rng: random.Random) -> ProtectedTable:
    height, width = rng.choice(((2, 2), (2, 2), (2, 3), (3, 2)))
    top = 4 if height * width == 4 else 3
    counts = a_count_table(
        tuple(tuple(rng.randint(0, top) for _ in range(width)) for _ in range(height))
    )
    share = rng.choice((0.3, 0.5, 0.7))
    hidden = frozenset(
        spot
        for spot in counts.shape.positions()
        if rng.random() < (share if not counts.shape.is_total(spot) else share / 2)
    )
    return masked(counts, hidden, 3)


def test_the_verifier_agrees_with_counting_every_possible_small_table():
    rng = random.Random(20260630)  # noqa: S311 - repeatable, not secret
    differing = safe = 0
    for _ in range(SMALL_TABLES):
        table = _random_small_table(rng)
        highest = _ceiling(table)
        _, weaknesses = examine(table)
        found = {
            (weakness.code, weakness.position)
            for weakness in weaknesses
            if weakness.code in {"cell.not_zero", "cell.not_many"}
            and weakness.position is not None
            and not table.shape.is_total(weakness.position)
        }
        expected = _verdict_by_counting(table, highest)
        assert found == expected, table
        differing += bool(expected)
        safe += not expected
        pinned = _totals_by_counting(table, highest)
        named = {weakness.position for weakness in weaknesses}
        assert pinned <= named, table
    assert differing > 200
    assert safe > 200


def test_a_passed_table_carries_two_witnesses_for_every_hidden_number():
    counts = a_municipality(150, seed=11)
    verified = prepare(counts)
    table = verified.table
    assert {witness.position for witness in verified.witnesses} == set(table.hidden())
    for witness in verified.witnesses:
        low, high = (
            grid[witness.position[0]][witness.position[1]] for grid in (witness.low, witness.high)
        )
        assert agrees(table, witness.low)
        assert agrees(table, witness.high)
        assert high - low >= 5
        if not table.shape.is_total(witness.position):
            assert low == 0


def test_one_hidden_cell_beside_its_totals_is_refused():
    counts = a_count_table(((2, 20), (30, 40)))
    with pytest.raises(NotSafe) as refusal:
        verify(masked(counts, frozenset({(0, 0)}), 5), counts)
    assert Weakness("cell.not_zero", (0, 0)) in refusal.value.weaknesses


def test_two_small_cells_whose_sum_is_small_are_refused():
    counts = a_count_table(((1, 3, 40), (20, 30, 40), (10, 10, 10)))
    hidden = frozenset({(0, 0), (0, 1), (1, 0), (1, 1)})
    with pytest.raises(NotSafe):
        verify(masked(counts, hidden, 5), counts)


def test_an_interval_that_is_wide_only_for_fractions_is_refused():
    # Three hidden cells in a ring of odd sums: a linear programme sees room, whole numbers do not.
    counts = a_count_table(((5, 1), (1, 5)))
    hidden = frozenset({(0, 0), (0, 1), (1, 0), (1, 1)})
    _, weaknesses = examine(masked(counts, hidden, 7))
    assert {weakness.code for weakness in weaknesses} == {"cell.not_many", "number.too_small"}


@pytest.mark.parametrize("value", [1, 2, 3, 4])
def test_a_published_small_number_is_refused(value: int):
    counts = a_count_table(((value, 20), (30, 40)))
    with pytest.raises(NotSafe) as refusal:
        verify(masked(counts, frozenset(), 5), counts)
    assert refusal.value.weaknesses == (Weakness("number.too_small", (0, 0)),)


def test_a_zero_is_refused_unless_it_was_declared_structural():
    open_zero = a_count_table(((0, 20), (30, 40)))
    with pytest.raises(NotSafe) as refusal:
        verify(masked(open_zero, frozenset(), 5), open_zero)
    assert {weakness.code for weakness in refusal.value.weaknesses} == {
        "zero.undeclared",
        "group.one_value",
    }
    declared = a_count_table(((0, 20), (30, 40)), structural=frozenset({(0, 0)}))
    assert verify(masked(declared, frozenset(), 5), declared).table.value((0, 0)) == 0


def test_a_number_that_is_not_the_true_one_is_refused():
    counts, other = a_count_table(((9, 20), (30, 40))), a_count_table(((8, 20), (30, 40)))
    with pytest.raises(NotSafe) as refusal:
        verify(masked(other, frozenset(), 5), counts)
    assert "number.wrong" in str(refusal.value)


def test_numbers_that_do_not_add_up_are_refused():
    counts = a_count_table(((9, 20), (30, 40)))
    honest = masked(counts, frozenset(), 5)
    cells = ((10, *honest.cells[0][1:]), *honest.cells[1:])
    broken = ProtectedTable(
        period=honest.period, rows=honest.rows, columns=honest.columns, cells=cells
    )
    assert Weakness("sums.impossible") in examine(broken)[1]


def test_nobody_but_the_verifier_makes_a_verified_table():
    table = masked(a_count_table(((1, 2), (3, 4))), frozenset(), 5)
    with pytest.raises(TypeError):
        Verified(table=table, witnesses=())
    with pytest.raises(TypeError):
        Verified(table=table, witnesses=(), passed=Witness)
