import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.disclosure.release import Release, ReleaseError, prepare, seal
from bti.disclosure.tables import ProtectedTable
from bti.disclosure.verify import NotSafe
from tests.unit.disclosure.samples import a_count_table, a_municipality


def a_release(children: int = 150) -> Release:
    verified = prepare(a_municipality(children, seed=1))
    return seal(verified, municipality_number="9901", municipality_name="Lindvik")


SMALL_RELEASE = a_release(25).canonical_json()


def test_a_release_reads_back_to_the_same_text_and_fingerprint():
    release = a_release()
    again = Release.reopen(release.canonical_json())
    assert again == release
    assert again.sha256() == release.sha256()
    assert len(release.sha256()) == 64


def test_hidden_numbers_leave_no_trace_in_the_text():
    counts = a_count_table(((4, 731), (977, 3)))
    release = seal(prepare(counts), municipality_number="9901", municipality_name="Lindvik")
    cells = json.loads(release.canonical_json())["cells"]
    assert cells[0][0] is None
    assert cells[1][1] is None


def test_only_a_verified_table_becomes_a_release():
    table: ProtectedTable = a_release().table
    with pytest.raises(TypeError):
        Release(municipality_number="9901", municipality_name="Lindvik", table=table, method=())


def test_a_release_edited_to_show_a_small_number_is_refused():
    release = a_release()
    content = json.loads(release.canonical_json())
    row, column = release.table.hidden()[0]
    content["cells"][row][column] = 3
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with pytest.raises(NotSafe):
        Release.reopen(text)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"format":"stafett-release-1"}', "[" * 15_000, "x" * 30_000]
)
def test_a_text_that_is_no_release_is_refused(text: str):
    with pytest.raises(ReleaseError):
        Release.reopen(text)


def test_the_same_numbers_in_another_spelling_are_refused():
    with pytest.raises(ReleaseError):
        Release.reopen(a_release().canonical_json().replace('"cells":', '"cells": '))


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)
)


@settings(max_examples=200, deadline=None)
@given(
    key=st.sampled_from(
        [
            "format",
            "municipality",
            "period",
            "threshold",
            "method",
            "rows",
            "columns",
            "cells",
            "structural",
        ]
    ),
    value=st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)
def test_any_part_replaced_by_rubbish_is_refused_and_never_crashes(key: str, value: object):
    content = json.loads(SMALL_RELEASE)
    if content[key] == value or (key == "method" and isinstance(value, list)):
        return
    content[key] = value
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with pytest.raises((ReleaseError, NotSafe)):
        Release.reopen(text)


@pytest.mark.parametrize(
    ("number", "name"), [("99", "L"), ("99x1", "L"), ("9901", " "), ("9901", "a\nb")]
)
def test_a_municipality_needs_four_digits_and_a_name(number: str, name: str):
    verified = prepare(a_municipality(60, seed=1))
    with pytest.raises(ReleaseError):
        seal(verified, municipality_number=number, municipality_name=name)
