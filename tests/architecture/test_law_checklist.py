"""docs/law-checklist.md says of every row what is held, and names tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "law-checklist.md"
RESULTS = {"held", "partly", "not yet", "does not apply"}
#: How many rows each part has.
PARTS = {"C": 23, "L": 17, "I": 13, "U": 5, "S": 5, "F": 3}


def rows():
    """Each row as its cells."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]\d+", cells[0]):
            yield cells


def test_every_row_is_there_once_and_in_order():
    expected = [f"{part}{number}" for part, many in PARTS.items() for number in range(1, many + 1)]
    assert [cells[0] for cells in rows()] == expected


def test_what_is_held_is_shown_by_a_test_that_exists_and_what_is_not_says_what_is_left():
    for number, level, asked, result, how, shown in rows():
        assert level.startswith(("must", "should")), number
        assert result in RESULTS, number
        assert asked, number
        assert how, number
        references = re.findall(r"`([^`]+)`", shown)
        assert references or (shown == "nothing to try" and result != "held"), number
        for reference in references:
            path, _, name = reference.partition("::")
            file = ROOT / "tests" / path
            assert file.is_file(), f"{number}: {path}"
            assert not name or f"def {name}(" in file.read_text("utf-8"), f"{number}: {reference}"


def test_the_sums_on_the_page_are_right():
    counted = Counter(cells[3] for cells in rows())
    found = re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(found) == {result: str(times) for result, times in counted.items()}
