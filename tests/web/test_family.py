"""Pages about what the family may read, and the copy they get."""

from dataclasses import replace
from datetime import date

import pytest
from typst import TypstError

from bti.web import labels, messages, sheet
from bti.web.views import family, mark
from bti.workflows import case
from tests.integration.workflows.cases import guardians
from tests.integration.workflows.test_family import ABSENT, KEPT, MONEY, OWN, told
from tests.web.small_site import client_for, site_of

SHEET = sheet.Sheet(
    title="Kopi til Áhkku",
    name="copy",
    on=date(2026, 9, 1),
    facts=(("Gjelder", "Jonas"),),
    rows=(sheet.Row("Et notat", "1. september", (("", "#panic() *ikke* $x$\nŊuorra <a>"),)),),
    note="Slutt.",
)


def words(app):
    labels.register(app)
    messages.register(app)


@pytest.fixture
def app(world):
    return site_of(world, family, mark, own=("family.", "mark."), also=words)


def test_it_is_decided_and_the_copy_is_made_without_a_script(world, app):
    case_id = told(world)
    maria = guardians(world, case_id)["Maria"]
    client = client_for(world, app, "ingrid")
    here = f"/cases/{case_id}/family"
    assert client.get(here).text.count("Not decided yet") == 3
    assert client.get(f"{here}/{maria}/copy").status == 303
    judging = f"{here}/{maria}/judge"
    assert "The law's starting point" in client.get(judging).text
    refused = client.post(judging, {"access": "limited", "kinds": [], "reason": "Vurdert."})
    assert (refused.status, "Choose which kinds" in refused.text) == (422, True)
    assert client.post(judging, {"access": "full", "reason": "Jonas vil det."}).status == 303
    assert "Jonas vil det." in client.get(here).text
    seen = client.get(f"{here}/{maria}/copy").text
    assert "The service's own notes: 1" in seen
    paper = client.follow(client.post(f"{here}/{maria}/copy", {"shape": "paper"})).text
    assert ABSENT in paper
    # Neither what stays out, nor that anything does.
    assert OWN not in paper
    assert "own notes" not in paper
    client.get(f"{here}/{maria}/copy")
    made = client.follow(client.post(f"{here}/{maria}/copy", {"shape": "pdf"})).response
    assert made.headers["Content-Type"] == "application/pdf"
    assert made.headers["Content-Disposition"] == 'attachment; filename="copy.pdf"'
    assert "2 copies were made" in client.get(here).text


def test_a_mark_is_put_on_a_page_of_its_own_and_shown_with_what_it_was_before(world, app):
    case_id = told(world)
    tor = guardians(world, case_id)["Tor"]
    shown = world.run("ingrid", case.show_case, case_id=case_id).happenings
    client = client_for(world, app, "ingrid")
    for text, sent in ((MONEY, {"about": str(tor)}), (KEPT, {"about": "nobody", "kept": ["yes"]})):
        entry_id = next(one.id for one in shown if one.text == text)
        address = f"/cases/{case_id}/entries/{entry_id}/mark"
        assert text in client.get(address).text
        assert client.post(address, {**sent, "why": ""}).status == 422
        assert client.post(address, {**sent, "why": "Han ba om det."}).status == 303
        assert "Han ba om det." in client.get(address).text
    marks = {
        one.text: (one.mark.about, one.mark.kept)
        for one in world.run("ingrid", case.show_case, case_id=case_id).happenings
    }
    assert (marks[MONEY], marks[KEPT]) == ((tor, False), (None, True))


def test_the_file_is_tagged_and_what_is_written_is_text_and_no_markup(app):
    with app.test_request_context():
        made = sheet.pdf(SHEET, "nb")
        again = sheet.pdf(SHEET, "nb")
    assert made == again
    assert made.startswith(b"%PDF-")
    for sign in (b"/StructTreeRoot", b"pdfuaid:part", b"pdfaid:part", b"/Lang"):
        assert sign in made, sign


def test_a_letter_the_file_cannot_show_gives_the_page_to_print(app):
    strange = replace(SHEET, rows=(sheet.Row("Et notat", "", (("", "😀"),)),))
    with app.test_request_context(), pytest.raises(TypstError):
        sheet.pdf(strange, "nb")
    with app.test_request_context():
        page = sheet.answer(strange, as_file=True).get_data(as_text=True)
    assert "😀" in page


def test_the_same_lines_are_plain_text_for_another_system(app):
    assert sheet.text(SHEET).splitlines()[:5] == [
        "Kopi til Áhkku",
        "Gjelder: Jonas",
        "",
        "Et notat",
        "1. september",
    ]
