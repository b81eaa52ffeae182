"""Disclosure control for anybody's table, from the command line."""

import json
import random

import pytest
from click.testing import CliRunner

from bti.cli import main

SPEC = """
title = "Children followed up"
period = "2026H1"
margins = 2
[[dimension]]
name = "level"
codes = ["1", "2", "3"]
[[dimension]]
name = "age"
codes = ["6-9", "10-12", "13-15"]
groups = { "6-12" = ["6-9", "10-12"] }
"""


def bti(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def some_rows(children=45, seed=1):
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    levels, ages = ("1", "1", "2", "3"), ("6-9", "10-12", "10-12", "13-15")
    rows = [f"{rng.choice(levels)},{rng.choice(ages)}" for _ in range(children)]
    return "level,age\n" + "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "counts.csv").write_text(some_rows(), encoding="utf-8")
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def protect(folder, *more):
    words = ("--counts", folder / "counts.csv", "--spec", folder / "spec.toml")
    return bti("protect", *words, "--out", folder / "out", *more)


def test_a_table_is_protected_and_cannot_be_attacked(folder):
    done = protect(folder)
    assert done.exit_code == 0, done.output
    attacked = bti("attack", "--release", folder / "out")

    assert attacked.exit_code == 0, attacked.output
    assert attacked.output.startswith("0 recovered")
    names = {path.name for path in (folder / "out").iterdir()}
    tables = {"01-level-age.csv", "01-level-age.json", "tables.xlsx"}
    assert names == {"release.json", "report.json"} | tables


def test_files_are_for_norwegian_excel_and_for_json_stat(folder):
    assert protect(folder).exit_code == 0
    raw = (folder / "out" / "01-level-age.csv").read_bytes()
    lines = raw.decode("utf-8-sig").splitlines()
    stat = json.loads((folder / "out" / "01-level-age.json").read_text(encoding="utf-8"))

    assert raw.startswith(b"\xef\xbb\xbflevel;age;children\r\n")
    assert len(lines) == 1 + 4 * 5
    assert (stat["version"], stat["class"], stat["size"]) == ("2.0", "dataset", [4, 5, 1, 1])
    shown = [line.rsplit(";", 1)[1] for line in lines[1:]]
    assert [None if one == ":" else int(one) for one in shown] == stat["value"]
    assert {place for place, sign in stat["status"].items() if sign == ":"} == {
        str(place) for place, one in enumerate(shown) if one == ":"
    }


def test_the_report_names_the_method_and_no_true_number(folder):
    assert protect(folder).exit_code == 0
    report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))

    assert report["method"] == "suppression"
    assert report["proof"]["least_width_of_hidden"] >= 1
    assert {one["method"] for one in report["tried"]} == {"suppression", "controlled", "rounding"}


def test_a_key_of_rounding_is_made_once_and_kept(folder):
    key = folder / "key"
    assert protect(folder, "--key", key).exit_code == 0
    made = key.read_text(encoding="ascii")
    first = (folder / "out" / "release.json").read_text(encoding="utf-8")
    (folder / "out").rename(folder / "first")
    assert protect(folder, "--key", key).exit_code == 0

    assert key.stat().st_mode & 0o077 == 0
    assert key.read_text(encoding="ascii") == made
    assert (folder / "out" / "release.json").read_text(encoding="utf-8") == first


def test_a_careless_release_is_broken(folder):
    assert protect(folder).exit_code == 0
    path = folder / "out" / "release.json"
    release = json.loads(path.read_text(encoding="utf-8"))
    # One row of three cells, total shown: the hidden one is what is left.
    release["dimensions"] = [
        {"name": "age", "codes": ["a", "b", "c"], "groups": {}, "harmless": False}
    ]
    release["tables"] = [{"dimensions": ["age"], "shown": [20, 30, None, 53]}]
    path.write_text(json.dumps(release), encoding="utf-8")
    attacked = bti("attack", "--release", folder / "out")

    assert attacked.exit_code == 1
    assert attacked.output == "age=c: 3\n1 recovered; 1 of 4 numbers are hidden.\n"


def test_an_insider_says_whom_she_knows(folder):
    assert protect(folder).exit_code == 0
    (folder / "known.csv").write_text("level,age\n1,6-9\n", encoding="utf-8")
    known = bti("attack", "--release", folder / "out", "--know", folder / "known.csv")
    (folder / "known.csv").write_text("level,age\n9,6-9\n", encoding="utf-8")
    unknown = bti("attack", "--release", folder / "out", "--know", folder / "known.csv")

    assert known.exit_code == 0, known.output
    assert unknown.exit_code == 2


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "level,age\n",
        "level,age\n1,6-9,2\n",
        "level\n1\n",
        "level,age\n4,6-9\n",
        "level,level\n1,1\n",
        "level,age\n" + "1,6-9\n" * 3,
        "level,age\n1,6-9\n",
    ],
)
def test_bad_or_few_rows_write_nothing(folder, rows):
    (folder / "counts.csv").write_text(rows, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert not (folder / "out").exists()


@pytest.mark.parametrize("amount", ["-1", "2.5", "", "x", "99999999999", "1e3"])
def test_bad_counts_write_nothing(folder, amount):
    (folder / "spec.toml").write_text('count = "n"\n' + SPEC, encoding="utf-8")
    (folder / "counts.csv").write_text(f"level,age,n\n1,6-9,{amount}\n", encoding="utf-8")

    assert protect(folder).exit_code == 1
    assert not (folder / "out").exists()


def test_totals_that_do_not_add_up_write_nothing(folder):
    (folder / "spec.toml").write_text('count = "n"\n' + SPEC, encoding="utf-8")
    good = "level,age,n\n1,6-9,20\n2,6-9,30\n_T,6-12,50\n"
    (folder / "counts.csv").write_text(good.replace("50", "51"), encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert "line 4 is a sum that does not add up" in done.output
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "spec",
    [
        "margins = ",
        "margins = 2",
        SPEC.replace("margins = 2", ""),
        SPEC.replace("margins = 2", "margins = 0"),
        SPEC.replace('"13-15"]', '"13-15", "6-9"]'),
        SPEC.replace('["6-9", "10-12"] }', '["6-9", "1"] }'),
        SPEC + "[rules]\nthreshold = 2\n",
        SPEC + "[rules]\nthresold = 5\n",
        SPEC + '[rules]\nmethods = ["magic"]\n',
        SPEC + "[[structural]]\nlevel = ['7']\n",
        SPEC + "".join(f'[[dimension]]\nname = "d{n}"\ncodes = ["a", "b"]\n' for n in range(9)),
    ],
)
def test_bad_specs_write_nothing(folder, spec):
    (folder / "spec.toml").write_text(spec, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert not (folder / "out").exists()


def test_columns_that_differ_by_spaces_alone_are_one_column_twice(folder):
    text = "level,level ,age\n1,2,6-9\n" + "1,2,6-9\n" * 20
    (folder / "counts.csv").write_text(text, encoding="utf-8")
    done = protect(folder)

    assert done.exit_code == 1
    assert "name each column once" in done.output


def test_a_file_in_another_encoding_or_a_full_folder_is_refused(folder):
    (folder / "counts.csv").write_bytes("level,age\nø,6-9\n".encode("latin-1"))
    assert protect(folder).exit_code == 1
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("kept", encoding="utf-8")
    assert protect(folder).exit_code == 1

    assert [path.name for path in (folder / "out").iterdir()] == ["mine.txt"]
