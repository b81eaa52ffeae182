"""What the municipalities name: each row leads to an address or a file that exists and says so."""

import re
from collections import Counter
from pathlib import Path

from bti.web.access import ROUTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "seed-systems.md").read_text(encoding="utf-8")
ROWS = [
    cells
    for line in PAGE.splitlines()
    if re.fullmatch(r"[BSR]\d+", (cells := [one.strip() for one in line.strip("|").split("|")])[0])
]
# How many bodies, systems and routines the documents name.
NUMBERS = [
    f"{part}{number}"
    for part, many in {"B": 41, "S": 16, "R": 38}.items()
    for number in range(1, many + 1)
]
SIDES = {"case", "network", "reference", "outside"}


def test_each_of_the_ninety_five_is_there_once_and_in_order():
    assert [cells[0] for cells in ROWS] == NUMBERS
    assert len(NUMBERS) == 95
    names = Counter(cells[1] for cells in ROWS)
    assert [name for name, times in names.items() if times > 1] == []


def test_each_says_who_names_it_and_leads_to_what_exists():
    for number, name, by, side, how, where in ROWS:
        assert re.fullmatch(r"–|[MVNAH](?: [MVNAH])*", by), number
        assert side in SIDES, number
        assert name, number
        assert how, number
        references = re.findall(r"`([^`]+)`", where)
        assert references, number
        for reference in references:
            path, _, words = reference.partition("::")
            if "/" not in path:
                assert reference in ROUTES, f"{number}: {reference}"
            else:
                assert (ROOT / path).is_file(), f"{number}: {path}"
                assert words in (ROOT / path).read_text(encoding="utf-8"), f"{number}: {reference}"


def test_the_sums_on_the_page_are_right():
    counted = Counter(cells[3] for cells in ROWS)
    found = re.findall(r"^\| (case|network|reference|outside) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert dict(found) == {side: str(times) for side, times in counted.items()}
