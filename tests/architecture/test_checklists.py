"""Pages that say row by row what is held, and name tests that exist: the law, and what people want."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = {"held", "partly", "not yet", "does not apply"}


class Page(NamedTuple):
    """A page of `docs/`, and the numbers of its rows."""

    name: str
    numbers: list[str]
    #: What may stand in the second column.
    second: tuple[str, ...]

    @property
    def text(self) -> str:
        return (ROOT / "docs" / self.name).read_text(encoding="utf-8")

    def rows(self):
        """Each row as its cells."""
        for line in self.text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if re.fullmatch(r"[A-Z]?\d+", cells[0]):
                yield cells


# How many rows each part of the law has, and how many stories there are.
LAW = [
    f"{part}{number}"
    for part, many in {"C": 23, "L": 17, "I": 13, "U": 5, "S": 5, "F": 3}.items()
    for number in range(1, many + 1)
]
PAGES = [
    pytest.param(Page("law-checklist.md", LAW, ("must", "should")), id="law"),
    pytest.param(
        Page("user-stories.md", [str(number) for number in range(1, 49)], ("",)), id="stories"
    ),
]


@pytest.fixture(params=PAGES)
def page(request):
    return request.param


def test_every_row_is_there_once_and_in_order(page):
    assert [cells[0] for cells in page.rows()] == page.numbers


def test_what_is_held_is_shown_by_a_test_that_exists_and_what_is_not_says_what_is_left(page):
    for number, second, asked, result, how, shown in page.rows():
        assert second.startswith(page.second), number
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


def test_the_sums_on_the_page_are_right(page):
    counted = Counter(cells[3] for cells in page.rows())
    found = re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", page.text, re.MULTILINE)
    assert dict(found) == {result: str(times) for result, times in counted.items()}
