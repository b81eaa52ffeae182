"""Files of indicators: what is read from CSV and JSON-stat, and what is wrong with one, line by line."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.disclosure.menu import CONCERN, DIMENSIONS
from bti.slt.indicator import (
    SIGNS,
    Figure,
    IndicatorFileError,
    Period,
    figure_of,
    is_formula,
    within,
)
from bti.slt.indicator_csv import COLUMNS, digest_of, example
from bti.slt.indicator_file import load, read_file, shipped, text_of, themes
from bti.slt.plan import Unit

TODAY = date(2026, 12, 1)
HEAD = "Kode;Indikator;Enhet;Gruppe;År;Verdi;Sammenligning;Svar;Merknad\n"
GOOD = "truancy;Skulking;prosent;8.–10. trinn;2024;31,5;27;180;\n"


def read(text):
    return read_file(text, "1547", today=TODAY)


def faults(text):
    with pytest.raises(IndicatorFileError) as refused:
        read(text)
    return [(one.line, one.column, one.said(str)) for one in refused.value.faults]


def dataset(**changes):
    """A dataset as Statistics Norway answers: two contents, two places, two sexes, two years."""
    content = {
        "version": "2.0",
        "class": "dataset",
        "label": "13563: Unge utenfor",
        "source": "Statistisk sentralbyrå",
        "id": ["Region", "Kjonn", "ContentsCode", "Tid"],
        "size": [2, 1, 2, 2],
        "dimension": {
            "Region": {
                "category": {
                    "index": {"1547": 0, "0": 1},
                    "label": {"1547": "Aukra", "0": "Landet"},
                }
            },
            "Kjonn": {"category": {"index": ["0"], "label": {"0": "Begge kjønn"}}},
            "ContentsCode": {
                "category": {
                    "index": {"Prosent": 1, "Personer": 0},
                    "label": {"Personer": "Personer", "Prosent": "Andel"},
                    "unit": {"Personer": {"base": "personer"}, "Prosent": {"base": "prosent"}},
                }
            },
            "Tid": {"category": {"index": {"2023": 0, "2024": 1}}},
        },
        "role": {"time": ["Tid"], "geo": ["Region"], "metric": ["ContentsCode"]},
        "value": [12, None, 7.5, 0, 50000, 51000, 8.1, 8.2],
        "status": {"1": ":", "3": ".."},
    }
    return {**content, **changes}


def test_a_table_is_read_with_comma_mark_and_either_line_ending():
    found = read(("\ufeff" + HEAD + GOOD).replace("\n", "\r\n"))
    [one] = found.readings
    assert (one.code, one.unit, one.population, one.period.text) == (
        "truancy",
        Unit.PERCENT,
        "8.–10. trinn",
        "2024",
    )
    assert (one.value.value, one.comparison.value, one.base) == (Decimal("31.5"), Decimal(27), 180)
    assert found.sha256 == read(HEAD + GOOD).sha256 == digest_of(HEAD + GOOD.rstrip())
    assert read("\n".join(";".join(row) for row in example())).readings[1].value == Figure(sign=":")


def test_what_is_not_published_and_what_is_not_said_are_never_nought():
    for text in SIGNS:
        assert figure_of(text) == Figure(None, text)
    assert figure_of("") == Figure(None, "")
    assert figure_of("0") == Figure(Decimal(0), "")


@given(st.decimals(0, 999_999, places=2))
def test_a_number_is_kept_as_it_was_written_with_comma_or_point(number):
    for text in (str(number), str(number).replace(".", ",")):
        assert figure_of(text) == Figure(number)
    assert figure_of(f"{number}1") is None
    assert figure_of(f"-{number}") is None


@given(st.text(max_size=12))
def test_anything_in_a_cell_is_a_number_a_sign_nothing_or_refused(text):
    found = figure_of(text)
    assert found is None or found.value is None or 0 <= found.value <= 10**9
    Period.parse(text, TODAY)


@pytest.mark.parametrize(
    ("row", "line", "column", "words"),
    [
        ("tru ancy;S;prosent;;2024;1;;;", 3, "Kode", "at most 40 letters"),
        ("a;;prosent;;2024;1;;;", 3, "Indikator", "missing"),
        ("a;=1+1;prosent;;2024;1;;;", 3, "Indikator", "spreadsheet"),
        ("a;S;prosent;@SUM(A1);2024;1;;;", 3, "Gruppe", "spreadsheet"),
        ("a;S;prosent;;2024;1;;;+47", 3, "Merknad", "spreadsheet"),
        (f"a;{'S' * 201};prosent;;2024;1;;;", 3, "Indikator", "at most 200"),
        ("a;S;promille;;2024;1;;;", 3, "Enhet", "The unit is"),
        ("a;S;prosent;;1066;1;;;", 3, "År", "a year that has begun"),
        ("a;S;prosent;;2027;1;;;", 3, "År", "a year that has begun"),
        ("a;S;prosent;;2024;=2;;;", 3, "Verdi", "a number with at most two"),
        ("a;S;prosent;;2024;100,5;;;", 3, "Verdi", "cannot be a number of its unit"),
        ("a;S;antall;;2024;1,5;;;", 3, "Verdi", "cannot be a number of its unit"),
        ("a;S;prosent;;2024;1;101;;", 3, "Sammenligning", "cannot be a number of its unit"),
        ("a;S;prosent;;2024;1;;ti;", 3, "Svar", "a whole number"),
        ("a;S;prosent;;2024;1;;;;mer", 3, "", "more cells"),
        (GOOD.strip(), 3, "", "stand on line 2"),
        ("truancy;Skulk;prosent;;2024;1;;;", 3, "Kode", "another name or unit on line 2"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(row, line, column, words):
    [(at, where, said)] = faults(HEAD + GOOD + row + "\n")
    assert (at, where) == (line, column)
    assert words in said


def test_all_that_is_wrong_is_told_at_once_and_at_most_fifty_places():
    told = faults(HEAD + "=a;=b;c;=d;e;f;g;h;=i\n")
    assert [column for _, column, _ in told] == [
        "Kode", "Enhet", "År", "Indikator", "Gruppe", "Merknad", "Verdi", "Sammenligning", "Svar",
    ]  # fmt: skip
    assert len(faults(HEAD + "a b;S;prosent;;2024;1;;;\n" * 60)) == 50


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing in the file"),
        (HEAD, "no rows under"),
        ("Kode;Indikator;Enhet;År\na;b;prosent;2024\n", "column is missing"),
        (HEAD.replace("Merknad", "Verdi") + GOOD, "stands there twice"),
        (HEAD.replace("Merknad", "Annet") + GOOD, "No column is called this"),
        (HEAD + 'a;"b;prosent;;2024;1;;;\n', "never closed"),
        (HEAD + "a;b;prosent;;2024;1;;;\n" * 2001, "at most 2000"),
        (HEAD + "a\0;b;prosent;;2024;1;;;\n", "cannot be read"),
        ("x" * 300_000, "too large"),
    ],
)
def test_a_text_that_is_no_such_table_is_refused_with_what_to_do(text, words):
    assert words in faults(text)[0][2]


def test_letters_that_are_not_utf_8_are_refused_with_their_line():
    assert text_of("\ufeffæøå".encode()) == "æøå"
    for data, line, words in (
        (HEAD.encode() + "Trænger".encode("cp1252"), 2, "not UTF-8"),
        ("år".encode("utf-16"), 0, "Unicode text"),
        (b"PK\x03\x04", 0, "spreadsheet itself"),
        (b"x" * 300_000, 0, "too large"),
    ):
        with pytest.raises(IndicatorFileError) as refused:
            text_of(data)
        [one] = refused.value.faults
        assert one.line == line
        assert words in one.said(str)


def test_periods_are_years_and_their_parts_and_sorted_in_time():
    written = ("2021-2023", "2024", "2024H1", "2024K2", "2024-05", "2024M06", "2024H2", "2025-2026")
    found = [Period.parse(one, TODAY) for one in written]
    assert [one.text for one in found] == [
        "2021–2023", "2024", "2024H1", "2024K2", "2024-05", "2024-06", "2024H2", "2025–2026",
    ]  # fmt: skip
    assert sorted(found) == found
    for no in (
        "24",
        "2024K5",
        "2024-13",
        "2026-2029",
        "2027",
        "1949",
        "2024-2023",
        "2010-2024",
        "٢٠٢٤",
    ):
        assert Period.parse(no, TODAY) is None
    assert Period.parse("2026H2", date(2026, 3, 1)) is None


def test_a_dataset_gives_the_municipality_beside_what_it_is_compared_with():
    found = read(json.dumps(dataset()))
    assert (found.title, found.source, found.compared_with) == (
        "13563: Unge utenfor",
        "Statistisk sentralbyrå",
        "Landet",
    )
    told = [(one.code, one.period.text, one.value, one.comparison.value) for one in found.readings]
    assert told == [
        ("Personer", "2023", Figure(Decimal(12)), 50000),
        ("Personer", "2024", Figure(None, ":"), 51000),
        ("Prosent", "2023", Figure(Decimal("7.5")), Decimal("8.1")),
        # A number beside such a sign is no number, and least of all 0.
        ("Prosent", "2024", Figure(None, ".."), Decimal("8.2")),
    ]
    assert {one.population for one in found.readings} == {"Begge kjønn"}


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"class": "collection"}, "", "no dataset"),
        ({"version": "1.0"}, "", "no dataset"),
        ({"size": [2, 1, 2]}, "id", "same length"),
        ({"size": [2, 1, 2, 3]}, "size", "not those of"),
        ({"id": ["Region", "Region", "ContentsCode", "Tid"]}, "id", "same length"),
        ({"role": {"geo": ["Region"], "metric": ["ContentsCode"]}}, "role.time", "this role"),
        ({"role": {"time": ["Tid"]}}, "role.metric", "this role"),
        ({"role": {"time": ["Tid"], "metric": [{}, []]}}, "role.metric", "this role"),
        ({"dimension": {}}, "dimension.Region", "no categories"),
        ({"value": [1, 2]}, "value", "too few"),
        ({"value": "alle"}, "value", "A list or a table"),
        ({"value": [101.5] * 8}, "value.0", "cannot be a number of its unit"),
        ({"value": [-1] * 8}, "value.0", "no number"),
        ({"value": ["=1"] * 8}, "value.0", "no number"),
        ({"label": "=1+1"}, "label", "one line"),
        ({"source": ["a"]}, "source", "one line"),
    ],
)
def test_a_dataset_that_does_not_say_what_it_is_is_refused(change, column, words):
    [(_, where, said)] = faults(json.dumps(dataset(**change)))
    assert where == column
    assert words in said


def test_a_dataset_of_another_place_or_with_too_much_is_refused():
    with pytest.raises(IndicatorFileError, match="1506, is not among the places"):
        read_file(json.dumps(dataset()), "1506", today=TODAY)
    for text, line in (('{"version":\n"2.0",\n}', 3), ("[" * 100_000, 0), ('{"a": NaN}', 0)):
        assert faults(text)[0][0] == line
    units = dataset()
    units["dimension"]["ContentsCode"]["category"]["unit"]["Prosent"] = {"base": "indeks"}
    assert faults(json.dumps(units))[0][1] == "dimension.ContentsCode.Prosent.unit"


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(sorted(dataset())), one, max_size=4), max_leaves=8), st.sampled_from(sorted(dataset())))  # fmt: skip
def test_a_dataset_with_anything_anywhere_is_read_or_refused(junk, key):
    text = json.dumps(dataset(**{key: junk}))
    try:
        found = read(text)
    except IndicatorFileError:
        return
    assert all(within(one.value, one.unit) for one in found.readings)


def test_what_is_shipped_is_the_table_of_the_plan_and_leaves_empty_what_it_does_not_say():
    assert shipped() == ("aukra-ungdata-2024",)
    about, text = load("aukra-ungdata-2024")
    found = {one.key: one for one in read(text).readings}
    youth, junior = "8.–10. trinn", "5.–7. trinn"
    assert (about.address, about.terms) == ("", "")
    assert found["truancy", youth, "2024"].value.value == 36
    assert ("truancy", junior, "2024") not in found
    assert found["local_area_satisfied", youth, "2021"].value.value == 67
    assert found["school_satisfied", junior, "2024"].comparison.value == 80
    assert {key for key, one in found.items() if one.comparison.value is not None} == {
        ("school_satisfied", junior, "2024"),
        ("school_satisfied", youth, "2024"),
        ("health_satisfied", youth, "2024"),
        ("cannabis_ever", youth, "2024"),
    }
    assert {one.base for key, one in found.items() if key[2] == "2021"} == {None}


def test_each_pairing_is_with_something_that_is_counted_and_shipped():
    codes = {one.code for key in shipped() for one in read(load(key)[1]).readings}
    assert set(themes()) <= codes
    assert set(themes().values()) <= set(DIMENSIONS[CONCERN])
    # There is no count of its own for any of these: to place them beside «something else» would say too much.
    assert codes - set(themes()) == {
        "response", "safe_neighbourhood", "local_area_satisfied", "culture_satisfied",
        "organised_leisure", "sports", "exercise_weekly", "health_satisfied",
    }  # fmt: skip


def test_nothing_that_is_shipped_or_given_as_an_example_begins_as_a_formula():
    rows = [
        *example(),
        *(line.split(";") for key in shipped() for line in load(key)[1].splitlines()),
    ]
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    assert len(example()[0]) == len(COLUMNS)
