"""My day, as a browser meets it."""

from datetime import timedelta

import pytest

from tests.integration.workflows import cases
from tests.integration.workflows.states import planned, ready_for_team, share, today, with_log
from tests.web.plan_site import client_for


def hrefs(page):
    return [link.get("href") for link in page.all("a")]


def test_someone_new_is_told_what_will_come_here(world):
    page = client_for(world, "per").get("/worklist")
    assert page.heading == "My logs"
    assert "You have no cases yet." in page.text


def test_a_broken_follow_up_stands_out_above_the_rest(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=1))
    world.clock.advance(timedelta(days=3))
    cases.new_case(world)
    page = client_for(world, "ingrid").get("/worklist")
    first = page.all("li", class_="st-oppgave")[0]
    words = " ".join("".join(first.itertext()).split())
    assert words.startswith("The follow-up has stopped")
    assert "2 days over" in words
    assert "1 urgent, 0 can wait" in page.text


def test_names_are_short_and_can_be_hidden_without_a_name_in_the_address(world):
    case_id = with_log(world)
    planned(world, case_id)
    client = client_for(world, "ingrid")
    page = client.get("/worklist")
    assert "Jonas\u00a0B." in page.response.get_data(as_text=True)
    assert "Berg Hansen" not in page.text
    (hide,) = [one for one in hrefs(page) if "names=hidden" in one and "show=all" in one]
    hidden = client.get(hide)
    assert "Jonas" not in hidden.response.get_data(as_text=True)
    assert "8B" not in hidden.text
    kept = [one for one in hrefs(hidden) if "show=holder" in one]
    assert all("names=hidden" in one for one in kept)


@pytest.mark.parametrize("show", ["holder", "participant", "wonder", "<b>", ""])
def test_the_table_is_chosen_by_links_and_an_unknown_choice_shows_all(world, show):
    with_log(world)
    page = client_for(world, "ingrid").get("/worklist", query_string={"show": show})
    assert page.status == 200
    assert len(page.all("a", aria_current="true")) == 1


def test_a_leader_sees_what_is_overdue_in_the_unit_and_who_has_the_baton(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=1))
    world.clock.advance(timedelta(days=3))
    page = client_for(world, "siv").get("/worklist")
    assert "My unit" in page.text
    assert "1 open case" in page.text
    assert "Ingrid Solberg" in page.text


def test_an_offered_baton_is_answered_from_here(world):
    case_id = with_log(world)
    offer_id = cases.offered(world, case_id, "per")
    page = client_for(world, "per").get("/worklist")
    assert "Ingrid Solberg wants to give you the baton" in page.text
    assert f"/cases/{case_id}/baton/offers/{offer_id}" in hrefs(page)


def test_every_kind_of_task_can_be_drawn(world):
    case_id = ready_for_team(world)
    share(world, case_id, "team")
    cases.ask(world, case_id, unit="pps")
    cases.new_case(world)
    world.clock.advance(timedelta(days=13))
    page = client_for(world, "ingrid").get("/worklist")
    for words in ("Decide the way on", "Evaluate the measures", "A consent waits for an answer"):
        assert words in page.text


@pytest.mark.parametrize("who", ["anne", "arne", "asta"])
def test_those_who_do_no_case_work_meet_no_page(world, who):
    assert client_for(world, who).get("/worklist").status == 404
