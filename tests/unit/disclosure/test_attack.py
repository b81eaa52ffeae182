from bti.disclosure.attack import attack
from bti.disclosure.release import prepare
from bti.disclosure.tables import CountTable, masked
from bti.disclosure.verify import examine
from tests.unit.disclosure.samples import a_count_table, a_municipality

SIZES = tuple(range(150, 400, 10))


def _threshold_only(counts: CountTable):
    truth = counts.with_totals()
    hidden = frozenset(
        (row, column) for row, column in counts.shape.positions() if 1 <= truth[row][column] < 5
    )
    return masked(counts, hidden, 5)


def test_the_outsider_breaks_most_of_a_table_that_only_hides_small_numbers():
    hidden = recovered = 0
    for size in SIZES:
        counts = a_municipality(size, seed=size)
        truth = counts.with_totals()
        found = attack(_threshold_only(counts), hidden_least=1, hidden_most=4)
        hidden += len(found)
        for one in found:
            recovered += one.is_recovered
            assert one.least <= truth[one.position[0]][one.position[1]]
            assert one.most is None or one.most >= truth[one.position[0]][one.position[1]]
    assert recovered / hidden > 0.5


def test_the_outsider_recovers_nothing_from_what_we_release():
    for size in (*SIZES, 5, 12, 25, 40, 60, 90):
        table = prepare(a_municipality(size, seed=size)).table
        for one in attack(table):
            assert not one.is_recovered
            if not table.shape.is_total(one.position):
                assert not one.breaks(table.threshold)


def test_the_outsider_sees_through_sums_that_only_fall_together():
    # No line has a single hidden number, but two rows minus one column leave one.
    counts = a_count_table(((9, 3, 8), (7, 6, 8), (9, 9, 9)))
    hidden = frozenset({(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)})
    found = {one.position: one for one in attack(masked(counts, hidden, 5))}
    assert found[1, 2].is_recovered
    assert found[1, 2].least == 8


def test_what_the_outsider_recovers_the_verifier_had_refused():
    for size in SIZES:
        table = _threshold_only(a_municipality(size, seed=size))
        refused = {weakness.position for weakness in examine(table)[1]}
        assert {one.position for one in attack(table) if one.is_recovered} <= refused
