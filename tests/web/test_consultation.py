"""The pages for asking without names: what may tell of somebody is shown before it is sent."""

import uuid

from tests.integration.workflows.test_consultation import ask, rows, seat
from tests.web.case_site import signed_in

TELLS = "Gutten på 14 i 9B er trist."
WHY = "Alderen betyr noe for svaret."


def shown_digest(page):
    """What the form says was shown."""
    return page.all("input", name="shown")[0].get("value")


def test_what_may_tell_is_marked_kept_and_sent_with_a_reason_for_that_text_alone(world):
    seat(world)
    client = signed_in(world, "ingrid")
    client.get("/advice/ask/resource")
    typed = {"danger": "no", "text": TELLS, "submission": str(uuid.uuid4())}
    first = client.post("/advice/ask/resource", {**typed, "reason": WHY})
    assert first.status == 422
    assert [one.text for one in first.all("mark")] == ["på 14", "9B"]
    assert "9B: a class" in first.text
    assert first.all("textarea", name="text")[0].text.strip() == TELLS
    assert rows(world) == []
    told = {"reason": WHY, "shown": shown_digest(first)}
    other = client.post(
        "/advice/ask/resource", {**typed, **told, "text": f"{TELLS} Jonas vet det."}
    )
    assert (other.status, rows(world)) == (422, []), "the reason was for another text"
    named = client.post("/advice/ask/resource", {**typed, **told, "reason": "Det er Jonas."})
    assert (named.status, rows(world)) == (422, [])
    assert client.post("/advice/ask/resource", {**typed, **told}).status == 303
    page = signed_in(world, "kari").get(f"/advice/{rows(world)[0].id}")
    assert WHY in page.text
    assert "Somebody asked on" in page.text, "few work in the school"
    assert "Ingrid" not in page.text


def test_danger_comes_first_and_what_was_written_waits(world):
    seat(world)
    client = signed_in(world, "ingrid")
    client.get("/advice/ask/resource")
    page = client.post("/advice/ask/resource", {"danger": "yes", "text": "Et barn er redd."})
    assert page.status == 422
    assert "Report the danger first." in page.text
    assert "Et barn er redd." in page.text
    assert rows(world) == []


def test_leaders_see_counts_and_no_word_and_the_guide_leads_to_the_page(world):
    seat(world)
    question_id = ask(world)
    shown = signed_in(world, "siv").get("/advice/members").text
    assert "Waits for an answer: 1" in shown
    assert "trist" not in shown
    assert signed_in(world, "siv").get(f"/advice/{question_id}").status == 404
    assert signed_in(world, "ingrid").get("/advice/members").status == 404
    assert "the upbringing team, the resource team" in signed_in(world, "ingrid").get("/guide").text
