"""The log by person and day, and without one's own look-ups."""

import uuid
from datetime import timedelta

import pytest

from bti.clock import NORWAY
from bti.workflows import insight, insight_days
from bti.workflows.insight_question import Question
from tests.web.case_site import signed_in
from tests.web.test_insight import _read, _write_case
from tests.world import World


@pytest.fixture
def case_id(world: World) -> uuid.UUID:
    """A case ingrid works with."""
    return world.run("ingrid", _write_case)


def _rows(page):
    return [" ".join("".join(one.itertext()).split()) for one in page.all("tr")][1:]


def test_ones_own_looks_are_left_out_until_they_are_asked_for_and_never_on_paper(world, case_id):
    for who in ("ingrid", "siv", "ingrid"):
        world.run(who, _read, case_id=case_id)
    client = signed_in(world, "ingrid")
    address = f"/cases/{case_id}/accesses"
    page = client.get(address)
    assert "Your own look-ups are left out." in page.text
    siv, own = _rows(page)
    assert "Siv Aas" in siv
    assert "Read" in siv
    assert "Ingrid Solberg" in own
    assert "Wrote a concern" in own
    assert "Read" not in own
    [shown] = [one.get("href") for one in page.all("a") if "mine=yes" in one.get("href", "")]
    siv, own = sorted(_rows(client.get(shown)), key=lambda row: "Ingrid" in row)
    assert "Read × 2" in own
    assert "Saw who has looked" in own
    printed = client.get(f"{address}?all=yes")
    assert sum("Read" in row and "Ingrid" in row for row in _rows(printed)) == 2
    assert "left out" not in printed.text


def test_what_one_person_did_in_a_day_is_one_row_and_another_day_another(world, case_id):
    for _ in range(4):
        world.run("siv", _read, case_id=case_id)
    world.clock.advance(timedelta(days=1))
    world.forget("siv")
    world.run("siv", _read, case_id=case_id)
    page = signed_in(world, "ingrid").get(f"/cases/{case_id}/accesses")
    today, yesterday, _ = _rows(page)
    assert today.startswith("2 September 2026Siv Aas")
    assert "×" not in today
    assert yesterday.startswith("1 September 2026Siv Aas")
    assert "Read × 4" in yesterday
    assert len([one for one in page.all("li") if "Read" in "".join(one.itertext())]) == 4


def test_whoever_may_not_know_the_services_is_not_told_how_many_people_it_was(world, case_id):
    for who in ("odd", "kari", "nina"):
        assert signed_in(world, who).get(f"/cases/{case_id}/accesses").status == 404
    page = signed_in(world, "ingrid").get(f"/cases/{case_id}/accesses")
    refused = [row for row in _rows(page) if "Somebody who has no access" in row]
    assert len(refused) == 1
    assert "Was refused × 3" in refused[0]


def test_the_officers_own_searches_are_left_out_and_found_by_name(world, case_id):
    client = signed_in(world, "anne")
    client.get("/insight")
    assert not any("Anne" in row and "Searched" in row for row in _rows(client.get("/insight")))
    assert any(
        "Anne" in row and "Searched" in row for row in _rows(client.get("/insight?mine=yes"))
    )
    named = client.get("/insight?who=anne")
    assert any("Searched" in row for row in _rows(named))
    assert "left out" not in named.text
    kept = client.get("/insight?mine=yes&view=each&number=1234-5678")
    fields = {one.get("name"): one.get("value") for one in kept.all("input", type="hidden")}
    assert (fields["mine"], fields["view"]) == ("yes", "each")


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_days_hold_every_event_once(request, engine, monkeypatch):
    world = request.getfixturevalue(engine)
    monkeypatch.setattr(insight_days, "DAYS_PAGE", 2)
    monkeypatch.setattr(insight_days, "MOST_OF_A_DAY", 3)
    case_id = world.run("ingrid", _write_case)
    for times in (5, 1, 3):
        for who in ("siv", "ingrid"):
            for _ in range(times):
                world.run(who, _read, case_id=case_id)
        world.clock.advance(timedelta(days=1))
        world.forget("siv")
        world.forget("ingrid")
    every = world.run("ingrid", insight.case_accesses, case_id, whole=True)
    first = world.run("ingrid", insight_days.case_days, case_id, mine=True)
    pages = [
        world.run("ingrid", insight_days.case_days, case_id, page=number + 1, mine=True)
        for number in range(first.pages)
    ]
    days = [day for page in pages for day in page.days]
    # Each of these looks is itself an event of the last day.
    assert sum(day.total for day in days) >= every.total
    assert len({(day.on, day.rows[0].name) for day in days}) == len(days) == 7
    for day in days:
        assert day.total == sum(times for _, _, times in day.acts)
        assert len(day.rows) == min(day.total, 3)
        assert {row.at.astimezone(NORWAY).date() for row in day.rows} == {day.on}
        assert len({row.name for row in day.rows}) == 1
    question = Question(number="1234-5678")
    others = world.run("anne", insight_days.search_days, question)
    found = world.run("anne", insight.search, question)
    assert others.total == found.total
    assert others.pages == first.pages


def test_a_page_that_nobody_has_asked_anything_of_goes_through_a_few_events_and_says_so(
    world, case_id, monkeypatch
):
    monkeypatch.setattr(insight_days, "MOST_UNASKED", 3)
    client = signed_in(world, "anne")
    assert "Only the newest 3 events were gone through." in client.get("/insight").text
    assert "gone through" not in client.get("/insight?number=1234-5678").text
