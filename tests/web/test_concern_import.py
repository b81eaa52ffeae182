"""Concerns from a list: every fault at its place, nothing kept before it is saved, all of it or nothing."""

import io
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bti.db.models import Case, Entry, OwnRecord
from bti.workflows import own_record, worklist
from tests.integration.workflows import cases
from tests.web.api_site import app_of
from tests.web.case_site import acts
from tests.web.critic import goes_to
from tests.web.small_site import client_for

HEAD = "Barnets navn;Fødselsdato;Klasse eller gruppe;Hva er sett eller hørt;Det gjelder"
ODA = "Oda Vik;04.03.2014;5B;Har vært borte fem mandager på rad.;ABS"
ALI = "Ali Čáhppe;5.4.2014;5B;=HYPERLINK(1);ABS, SOC"
PAGE = "/concern/list"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(world):
    """Ingrid's browser."""
    made = client_for(world, app_of(world), "ingrid")
    assert made.get(PAGE).status == 200
    return made


def sent(client, *lines, go="look", **more):
    """The form with a list as text."""
    fields = {"danger": "no", "table": "\n".join((HEAD, *lines)), "go": go, **more}
    return client.post(PAGE, fields)


def counted(world, table):
    """How many rows a table has."""
    with world.looking() as session:
        return session.scalar(select(func.count()).select_from(table))


def faults(page):
    """Line, column and what is wrong, as they are shown."""
    table = next(one for one in page.all("table") if "mended" in "".join(one.itertext()))
    rows = [["".join(cell.itertext()).strip() for cell in row] for row in table.iter("tr")]
    return [tuple(row) for row in rows[1:]]


def test_a_list_is_looked_at_and_then_saved_each_child_in_a_case_of_its_own(world, client):
    world.run("ingrid", own_record.save_draft, form="concern", fields={"seen": ["noe annet"]})
    looked = sent(client, ODA, ALI)
    assert looked.status == 200
    assert "2 concerns in the list" in looked.text
    assert counted(world, Case) == 0
    number = re.search(
        r'name="submission" value="([^"]+)"', looked.response.get_data(as_text=True)
    )[1]
    for _again in range(2):
        assert sent(client, ODA, ALI, go="save", submission=number).status == 303
    assert (counted(world, Case), counted(world, Entry)) == (2, 2)
    # The list lies nowhere, and what one was writing oneself is still there.
    assert counted(world, OwnRecord) == 1
    rows = world.run("ingrid", worklist.my_day).rows
    assert {row.child for row in rows} == {"Oda Vik", "Ali Čáhppe"}
    assert [one for one in acts(world) if one[0] == "case:concern:create"] == [
        ("case:concern:create", "allow")
    ] * 2


def test_a_formula_is_text_on_the_page_and_in_the_case(world, client):
    assert "=HYPERLINK(1)" in sent(client, ALI).text
    sent(client, ALI, go="save")
    case_id = world.run("ingrid", worklist.my_day).rows[0].case_id
    assert "=HYPERLINK(1)" in client.get(f"/cases/{case_id}").text


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (";04.03.2014;5B;Sett.;ABS", "Barnets navn"),
        ("Oda Vik;;5B;Sett.;ABS", "Fødselsdato"),
        ("Oda Vik;4/3-14;5B;Sett.;ABS", "Fødselsdato"),
        ("Oda Vik;04.03.2099;5B;Sett.;ABS", "Fødselsdato"),
        ("Oda Vik;04.03.2014;5B;;ABS", "Hva er sett eller hørt"),
        ("Oda Vik;04.03.2014;5B;Sett.;NOE", "Det gjelder"),
        ("Oda Vik;04.03.2014;5B;Sett.;", "Det gjelder"),
        ("Oda Vik;04.03.2014;5B;Sett.;ABS;for mye", "–"),
        (ODA.replace("Oda Vik", "ODA VIK"), "Barnets navn"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column_and_nothing_is_lost_or_saved(
    world, client, line, column
):
    page = sent(client, ODA, line, go="save")
    assert page.status == 422
    assert [one[:2] for one in faults(page)] == [("3", column)]
    assert line in page.text
    assert counted(world, Case) == 0


def test_a_child_one_has_a_case_about_is_written_of_there(world, client):
    cases.new_case(world)
    born = f"{cases.BORN:%d.%m.%Y}"
    page = sent(client, f"Jonas Berg Hansen;{born};8B;Kommer sent.;ABS", go="save")
    assert [one[:2] for one in faults(page)] == [("2", "Barnets navn")]
    assert counted(world, Case) == 1


@pytest.mark.parametrize(
    "head",
    [
        "Barnets navn;Fødselsdato",
        HEAD + ";Noe annet",
        HEAD + ";Fødselsdato",
        "navn på barn;fødd",
    ],
)
def test_headings_that_are_missing_strange_or_twice_are_named(client, head):
    page = client.post(PAGE, {"danger": "no", "table": f"{head}\n{ODA}", "go": "save"})
    assert page.status == 422
    assert faults(page)


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\ufdd0", "\x00"])
def test_a_sign_that_no_page_may_hold_is_shown_as_one_that_cannot_be_read(client, sign):
    client.get(PAGE)
    for table in (sign, f"navn;{sign}\nOda;x", f"{sign};{sign}"):
        page = client.post(PAGE, {"danger": "no", "go": "look", "table": table})
        assert page.status == 422
        assert sign not in page.response.get_data(as_text=True)
        assert "There are signs here that cannot be stored." in page.text


def test_more_rows_than_a_class_are_refused(world, client):
    lines = [ODA.replace("Oda", f"Oda{number}") for number in range(61)]
    assert sent(client, *lines, go="save").status == 422
    assert counted(world, Case) == 0


def test_a_file_is_read_into_the_form_and_its_letters_are_told_of_when_they_were_guessed(client):
    for encoding, guessed in (("utf-8-sig", False), ("cp1252", True)):
        file = (
            io.BytesIO(f"{HEAD}\r\nÅse Øy;04.03.2014;5B;Sett.;ABS\r\n".encode(encoding)),
            "a.csv",
        )
        page = client.post(PAGE, {"danger": "no", "go": "look", "file": file})
        assert page.status == 200
        assert "Åse Øy" in page.text
        assert ("older Windows text" in page.text) is guessed
    book = (io.BytesIO(b"PK\x03\x04" + b"x" * 100), "a.xlsx")
    page = client.post(PAGE, {"danger": "no", "go": "look", "file": book})
    assert page.status == 422
    assert "Save it as CSV" in page.text


def test_a_file_does_not_take_the_place_of_what_was_typed(client):
    file = (io.BytesIO(f"{HEAD}\nÅse Øy;04.03.2014;5B;Sett.;ABS\n".encode()), "a.csv")
    typed = f"{HEAD}\n{ODA}"
    page = client.post(PAGE, {"danger": "no", "go": "look", "file": file, "table": typed})
    assert page.status == 422
    assert "Oda Vik" in page.text
    assert "Åse Øy" not in page.text


def test_danger_comes_first_and_what_is_unsafe_is_considered(world, client):
    page = client.post(PAGE, {"danger": "yes", "go": "look"})
    assert goes_to(page) == "/danger"
    # A list that was typed is not lost for it, and nothing of it is saved.
    page = sent(client, ODA, go="save", danger="yes")
    assert page.status == 422
    assert page.all("a", href="/danger", target="_blank")
    assert ODA in page.text
    head = HEAD + ";Snakket med barnet"
    unsafe = {"danger": "no", "table": f"{head}\n{ODA};unsafe", "go": "save"}
    assert client.post(PAGE, unsafe).status == 422
    assert counted(world, Case) == 0
    assert client.post(PAGE, {**unsafe, "considered_duty": "y"}).status == 303
    assert counted(world, Case) == 1


def test_the_example_is_a_list_that_is_taken(client):
    answer = client.client.get(f"{PAGE}/example.csv")
    assert answer.get_data() == (ROOT / "docs" / "import-example.csv").read_bytes()
    file = (io.BytesIO(answer.get_data()), "eksempel.csv")
    page = client.post(PAGE, {"danger": "no", "go": "look", "file": file})
    assert page.status == 200
    assert "Oda Eksempel" in page.text
