"""docs/asvs.md names every requirement of levels 1 and 2, and tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
#: Section of ASVS 5.0.0 -> the level of its first, second ... requirement: 70, 183 and 92 of them.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3",
    "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333",
    "6.6": "2223", "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222",
    "10.6": "22", "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23",
    "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
STATES = {"met", "partly", "not met", "does not apply"}


def rows():
    """Each row of the page as its cells."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"\d+\.\d+\.\d+", cells[0]):
            yield cells


def named(cell):
    """The requirements a first cell stands for: one, or a run within a section."""
    first, _, last = cell.partition(" to ")
    section, _, begin = first.rpartition(".")
    end = last.rpartition(".")[2] or begin
    return [f"{section}.{number}" for number in range(int(begin), int(end) + 1)]


def level_of(requirement):
    section, _, number = requirement.rpartition(".")
    return LEVELS[section][int(number) - 1]


def test_the_levels_are_those_of_the_standard():
    assert Counter("".join(LEVELS.values())) == {"1": 70, "2": 183, "3": 92}


def test_every_requirement_of_levels_1_and_2_has_one_row():
    listed = Counter(one for cells in rows() for one in named(cells[0]))
    asked = {
        f"{section}.{number}"
        for section, levels in LEVELS.items()
        for number, level in enumerate(levels, 1)
        if level != "3"
    }

    assert not asked - listed.keys()
    assert not [one for one, times in listed.items() if times > 1]


def test_every_row_says_its_level_state_and_reason():
    for requirement, level, asks, state, how, shown in rows():
        assert {level_of(one) for one in named(requirement)} == {level}, requirement
        assert state in STATES, requirement
        assert asks, requirement
        assert how, requirement
        assert shown or state != "met", f"{requirement} is met, and nothing shows it"


def test_every_test_that_is_named_exists():
    for requirement, *_, shown in rows():
        for reference in re.findall(r"`([^`]+)`", shown):
            path, _, name = reference.partition("::")
            file = ROOT / "tests" / path
            assert file.is_file(), f"{requirement}: {path}"
            assert not name or f"def {name}(" in file.read_text(encoding="utf-8"), (
                f"{requirement}: {reference}"
            )


def test_the_sums_on_the_page_are_right():
    page = PAGE.read_text(encoding="utf-8")
    counted = Counter()
    for cells in rows():
        counted[cells[3]] += len(named(cells[0]))

    assert dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", page, re.MULTILINE)) == {
        state: str(times) for state, times in counted.items()
    }
