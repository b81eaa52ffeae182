"""docs/attacks.md has all of its attacks once, and names tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "attacks.md"
RESULTS = {"refused", "detected", "residual", "does not apply"}
ATTACKS = 104


def rows():
    """Each attack as its cells."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdecimal():
            yield cells


def test_every_attack_has_one_row_in_order():
    assert [int(cells[0]) for cells in rows()] == list(range(1, ATTACKS + 1))


def test_every_row_says_what_happens_and_by_what():
    for number, attack, result, what, tried in rows():
        assert result in RESULTS, number
        assert attack, number
        assert what, number
        assert (tried == "nothing to try") is (result == "does not apply"), number


def test_every_attack_is_tried_by_tests_that_exist():
    for number, *_, tried in rows():
        for reference in re.findall(r"`([^`]+)`", tried):
            path, _, name = reference.partition("::")
            file = ROOT / "tests" / path
            assert file.is_file(), f"{number}: {path}"
            assert f"def {name}(" in file.read_text(encoding="utf-8"), f"{number}: {reference}"


def test_the_sums_on_the_page_are_right():
    counted = Counter(cells[2] for cells in rows())
    page = PAGE.read_text(encoding="utf-8")

    assert dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", page, re.MULTILINE)) == {
        result: str(times) for result, times in counted.items()
    }
