"""The pages of emergency access and of its review."""

import pytest

from bti.workflows import case
from tests.integration.workflows.states import with_log
from tests.web import case_site
from tests.web.case_site import signed_in, site

WHY = "Barnet er funnet alene ute etter midnatt."


@pytest.fixture
def app(world, monkeypatch):
    """The pages that are tested, with the others' stand-ins."""
    monkeypatch.setattr(
        case_site, "FEATURES", (*case_site.FEATURES, "review", "control", "duty", "report")
    )
    return site(world)


def number_of(world, case_id):
    return world.run("ingrid", case.show_case, case_id=case_id).number


def ask(client, **fields):
    client.get("/emergency")
    return client.post("/emergency", {"reason": "missing", "text": WHY} | fields)


def test_the_form_opens_the_core_with_a_banner_that_says_when_it_closes(world, app):
    case_id = with_log(world)
    vera = signed_in(world, "vera", app=app)
    sent = ask(vera, number=number_of(world, case_id).replace("-", ""))
    assert sent.status == 303
    page = vera.follow(sent)
    assert "Jonas Berg Hansen" in page.text
    assert "You are here by emergency access. It closes" in page.text
    assert "Those who work with the child and the data protection officer have been told" in (
        page.text
    )


def test_what_is_missing_is_said_and_what_was_typed_is_kept(world, app):
    vera = signed_in(world, "vera", app=app)
    short = ask(vera, number="1234-5678", text="kort")
    assert short.status == 422
    assert "at least 20 characters" in short.text
    assert "1234-5678" in short.response.get_data(as_text=True)
    nothing = ask(vera)
    assert nothing.status == 422
    assert "Write a case number or a national identity number" in nothing.text
    wrong = ask(vera, national_id="12345678901")
    assert wrong.status == 422


def test_a_number_that_is_no_case_gets_one_plain_answer(world, app):
    page = ask(signed_in(world, "vera", app=app), number="1234-5678")
    assert page.status == 422
    assert "There is no case that can be opened with this." in page.text


def test_the_officer_reads_the_reason_and_settles_it(world, app):
    case_id = with_log(world)
    ask(signed_in(world, "vera", app=app), number=number_of(world, case_id))
    anne = signed_in(world, "anne", app=app)
    listed = anne.get("/insight/reviews")
    assert "Vera Natt has used emergency access" in listed.text
    address = next(
        link.get("href") for link in listed.dom.iter("a") if "/emergency/" in link.get("href", "")
    )
    shown = anne.get(address)
    assert WHY in shown.text
    unsaid = anne.post(address, {"outcome": "fine", "found": ""})
    assert unsaid.status == 422
    assert anne.post(address, {"outcome": "fine", "found": "Det var nødvendig."}).status == 303
    assert "Nothing waits." in anne.get("/insight/reviews").text
    assert "Det var nødvendig." in anne.get(address).text


def test_nobody_without_the_role_finds_the_pages(world, app):
    for who in ("ingrid", "asta", "arne", "odd"):
        client = signed_in(world, who, app=app)
        assert client.get("/emergency").status == 404
        assert client.get("/insight/reviews").status == 404
