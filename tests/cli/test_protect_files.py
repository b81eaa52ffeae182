"""What `bti protect` writes for whom, what it reads of earlier releases, and what it refuses."""

import json
import xml.etree.ElementTree as ET
import zipfile

import pytest

from tests.cli.test_protect import SPEC, bti, folder, protect, some_rows

__all__ = ["folder"]

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CATALOGUE = """
[catalogue]
address = "https://data.example.no/barn/2026H1"
publisher = "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/999999999"
contact = "mailto:slt@example.no"
"""
EARLIER = """
[[published]]
release = "first"
counts = "first.csv"
"""


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A release with percentages, a median, and a description."""
    there = tmp_path_factory.mktemp("full")
    waits = ("0-6", "7-13", "14-")
    rows = [f"{1 + n % 2},{waits[n * n % 3]}" for n in range(90)] + ["3,0-6"] * 2
    (there / "counts.csv").write_text("level,wait\n" + "\n".join(rows) + "\n", encoding="utf-8")
    spec = """
    percentages = ["level"]
    period = "2026H1"
    [[dimension]]
    name = "level"
    codes = ["1", "2", "3"]
    [[dimension]]
    name = "wait"
    codes = ["0-6", "7-13", "14-"]
    harmless = true
    [[table]]
    dimensions = ["level"]
    [[quantile]]
    dimension = "wait"
    [rules]
    known_cases = 1
    """
    (there / "spec.toml").write_text(spec + CATALOGUE, encoding="utf-8")
    done = protect(there)
    assert done.exit_code == 0, done.output
    return there / "out"


def test_percentages_have_a_decimal_comma_and_hidden_ones_the_sign(full):
    lines = (full / "01-level.csv").read_text(encoding="utf-8-sig").splitlines()
    fields = [line.split(";") for line in lines]

    assert fields[0] == ["level", "children", "percent of level"]
    assert [":", ":"] in [line[1:] for line in fields]
    assert any("," in line[2] for line in fields[1:])
    assert "." not in "".join(line[2] for line in fields[1:])


def test_the_median_is_a_band(full):
    lines = (full / "quantiles-01-wait.csv").read_text(encoding="utf-8-sig").splitlines()

    assert lines == ["part in 100;wait", "50;7-13"]


def test_json_stat_has_contents_and_signs_for_each_of_them(full):
    stat = json.loads((full / "01-level.json").read_text(encoding="utf-8"))

    assert stat["id"] == ["level", "ContentsCode", "Tid"]
    assert stat["size"] == [4, 2, 1]
    assert len(stat["value"]) == 8
    assert stat["role"] == {"time": ["Tid"], "metric": ["ContentsCode"]}
    assert all(stat["value"][int(place)] is None for place in stat["status"])
    assert set(stat["status"].values()) == {":"}


def test_the_workbook_has_a_sheet_for_each_table_and_no_formula(full):
    with zipfile.ZipFile(full / "tables.xlsx") as book:
        workbook = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - our own
        names = [one.get("name") for one in workbook.iter(f"{SHEET}sheet")]
        texts = [text for text in book.namelist() if text.startswith("xl/worksheets/sheet")]
        cells = [
            cell
            for name in texts
            for cell in ET.fromstring(book.read(name)).iter(f"{SHEET}c")  # noqa: S314 - our own
        ]

    assert names == ["Om tabellene", "01-level", "quantiles-01-wait"]
    assert cells
    assert not [cell for cell in cells if cell.find(f"{SHEET}f") is not None]


def test_the_description_names_every_file_of_tables(full):
    said = json.loads((full / "dataset.jsonld").read_text(encoding="utf-8"))
    files = {path.name for path in full.iterdir()}
    told = {one["dct:title"]["@value"] for one in said["dcat:distribution"]}

    assert told == files - {"release.json", "report.json", "dataset.jsonld"}
    for name in ("title", "description", "identifier", "publisher"):
        assert said[f"dct:{name}"]
    assert said["dcat:contactPoint"]
    assert said["dcat:theme"]


def test_a_release_is_read_back_with_its_medians(full):
    attacked = bti("attack", "--release", full)

    assert attacked.exit_code == 0, attacked.output
    release = json.loads((full / "release.json").read_text(encoding="utf-8"))
    release["bands"] = [0, 0]
    (full / "release.json").rename(full / "kept.json")
    (full / "release.json").write_text(json.dumps(release), encoding="utf-8")
    refused = bti("attack", "--release", full)
    (full / "kept.json").replace(full / "release.json")
    assert refused.exit_code == 2


def named(rows, first=0):
    """The same rows with a name for each child."""
    head, *lines = rows.splitlines()
    return "\n".join([f"who,{head}", *(f"c{n + first},{x}" for n, x in enumerate(lines))]) + "\n"


def test_the_next_period_is_proven_with_the_first(folder):
    rows = named(some_rows(children=300))
    (folder / "counts.csv").write_text(rows, encoding="utf-8")
    (folder / "spec.toml").write_text('unit = "who"\n' + SPEC, encoding="utf-8")
    assert protect(folder).exit_code == 0
    (folder / "out").rename(folder / "first")
    (folder / "first.csv").write_text(rows, encoding="utf-8")
    later = SPEC.replace("2026H1", "2026H2") + EARLIER
    (folder / "spec.toml").write_text('unit = "who"\n' + later, encoding="utf-8")
    same = protect(folder)
    (folder / "out").rename(folder / "same")
    (folder / "counts.csv").write_text(rows + "new,1,6-9\n", encoding="utf-8")
    late = protect(folder)

    def hidden(name):
        return (folder / name / "01-level-age.csv").read_text(encoding="utf-8-sig").split(":")

    assert same.exit_code == late.exit_code == 0, same.output + late.output
    assert len(hidden("same")) == 1
    # One came into one cell: it, the two sums of each of its kinds of age and level, and all.
    assert hidden("out")[0].endswith("1;6-9;")
    assert len(hidden("out")) - 1 == 6


@pytest.mark.parametrize("more", ["first", "nowhere"])
def test_earlier_releases_that_are_not_there_or_not_whole_write_nothing(folder, more):
    (folder / "first").mkdir()
    (folder / "first" / "release.json").write_text("{}", encoding="utf-8")
    added = f'[[published]]\nrelease = "{more}"\n'
    (folder / "spec.toml").write_text(SPEC + added, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert not (folder / "out").exists()


TEN = "".join(f'[[dimension]]\nname = "d{n}"\ncodes = ["a", "b"]\n' for n in range(10))
TEN_ROWS = ",".join(f"d{n}" for n in range(10)) + "\n" + ",".join("a" * 10) + "\n"
MISSING = SPEC.replace('codes = ["1", "2", "3"]', "codes = []")
COUNTED = 'count = "n"\n' + SPEC
SMALL = SPEC + "[[population]]\nwhere = { age = '6-9' }\nbase = 38\n"


@pytest.mark.parametrize(
    ("spec", "rows", "said"),
    [
        (MISSING, some_rows(), "1 to 2000 codes"),
        (SPEC.replace('"3"]', '"4"]'), some_rows(), "has no code"),
        ("margins = 10\n" + TEN, TEN_ROWS, "margins must say how many"),
        ("margins = 2\n" + TEN, TEN_ROWS, "1 to 9 dimensions"),
        (SPEC, "level,age\n", "no rows"),
        (COUNTED, "level,age,n\n1,6-9,0\n", "No safe release"),
        (SPEC, "level,age\n1,6-9\n", "No safe release"),
        (COUNTED, "level,age,n\n1,6-9,-3\n", "not a whole number"),
        (COUNTED, "level,age,n\n1,6-9,2.5\n", "not a whole number"),
        (COUNTED, "level,age,n\n1,6-9,20\n_T,6-9,21\n", "does not add up"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_is_written(folder, spec, rows, said):
    (folder / "spec.toml").write_text(spec, encoding="utf-8")
    (folder / "counts.csv").write_text(rows, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert said in done.output
    assert not (folder / "out").exists()


def test_all_cases_in_one_cell_are_not_told_to_be(folder):
    (folder / "counts.csv").write_text("level,age\n" + "1,6-9\n" * 60, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 0, done.output
    release = json.loads((folder / "out" / "release.json").read_text(encoding="utf-8"))
    assert release["tables"][0]["shown"] == [None] * 19 + [60]
    assert bti("attack", "--release", folder / "out").exit_code == 0


def test_a_municipality_of_two_hundred_children_is_not_broken_down(folder):
    (folder / "spec.toml").write_text(SMALL, encoding="utf-8")
    (folder / "counts.csv").write_text(some_rows(children=200), encoding="utf-8")
    done = protect(folder)
    assert done.exit_code == 0, done.output
    lines = (folder / "out" / "01-level-age.csv").read_text(encoding="utf-8-sig").splitlines()

    inside = [line for line in lines if ";6-9;" in line and not line.startswith("_T")]
    assert {line.rsplit(";", 1)[1] for line in inside} == {":"}
