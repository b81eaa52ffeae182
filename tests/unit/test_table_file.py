"""A list as a spreadsheet saves it is read as what it says, or refused with the reason."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.table_file import MOST_BYTES, BadTable, Row, Signs, TableFault, decoded, rows_of

TEXT = "Navn;Født\r\nÅse Øygård;04.03.2014\r\n"
_CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n;",\t'), max_size=12
)


@pytest.mark.parametrize(
    ("data", "signs"),
    [
        (TEXT.encode("utf-8-sig"), Signs.UTF_8),
        (TEXT.encode("utf-8"), Signs.UTF_8),
        (TEXT.encode("cp1252"), Signs.WINDOWS),
    ],
)
def test_the_three_ways_that_norwegian_excel_writes_letters_are_read(data, signs):
    assert decoded(data) == (TEXT, signs)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"PK\x03\x04 a workbook", TableFault.WORKBOOK),
        (b"\xd0\xcf\x11\xe0 an old one", TableFault.WORKBOOK),
        (TEXT.encode("utf-16"), TableFault.WIDE),
        (b"\x81\x8d", TableFault.SIGNS),
        (b"x" * (MOST_BYTES + 1), TableFault.TOO_LARGE),
    ],
)
def test_what_is_no_text_is_called_by_its_name(data, fault):
    with pytest.raises(BadTable) as bad:
        decoded(data)
    assert bad.value.fault is fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", TableFault.EMPTY),
        (";;\n ; \n", TableFault.EMPTY),
        ('Navn;Født\n"Åse;04.03.2014\n', TableFault.BROKEN),
        (";" * 50 + "x", TableFault.BROKEN),
        ("Navn\0;Født", TableFault.SIGNS),
    ],
)
def test_what_is_no_table_is_refused(text, fault):
    with pytest.raises(BadTable) as bad:
        rows_of(text)
    assert bad.value.fault is fault


def test_a_row_knows_its_line_also_after_one_of_several_lines():
    text = 'Navn;Sett\n\n"Åse";"to\nlinjer"\nOla;=1+1\n'
    assert rows_of(text) == (
        Row(1, ("Navn", "Sett")),
        Row(3, ("Åse", "to\nlinjer")),
        Row(5, ("Ola", "=1+1")),
    )


@given(st.lists(st.lists(_CELL, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_a_spreadsheet_writes_is_read_as_it_was(table):
    out = io.StringIO()
    head = ["a", "b", "c", "d"]
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([head, *table])
    wanted = [tuple(cell.strip() for cell in row) for row in table]
    found = [row.cells for row in rows_of(out.getvalue())][1:]
    assert found == [row for row in wanted if any(row)]


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused_in_the_one_way(data):
    try:
        text, _signs = decoded(data)
        rows = rows_of(text)
    except BadTable:
        return
    assert all(any(row.cells) for row in rows)
