"""The pages of people who leave: the administrator's, the leader's and one's own."""

from datetime import timedelta

import pytest

from bti.domain.consent import Scope
from bti.workflows import leaving
from tests.story import Story
from tests.web.case_site import signed_in
from tests.world import World


@pytest.fixture
def story(world: World) -> Story:
    """Ingrid has a baton."""
    told = Story(world)
    told.wonder()
    told.talk_with_leader()
    told.consent_to(Scope.OPEN_LOG)
    told.open_log()
    return told


def day(world, ahead):
    return (world.clock.now() + timedelta(days=ahead)).date().isoformat()


def test_an_administrator_sets_and_takes_back_a_last_day(world, story):
    client = signed_in(world, "asta")
    page = f"/accounts/{world.accounts['ingrid']}"
    client.get(page)
    assert client.post(f"{page}/leaving", {"last_day": day(world, 10)}).status == 303
    shown = client.get(page).text
    assert "Last day:" in shown
    assert "The person stays after all" in shown
    number = world.run("ingrid", leaving.mine).items[0].number
    assert number not in shown
    again = client.post(f"{page}/leaving", {"last_day": day(world, 12)})
    assert again.status == 422
    assert "set already" in again.text
    client.post(f"{page}/leaving/withdraw")
    assert "Set the last day" in client.get(page).text


@pytest.mark.parametrize(("typed", "said"), [("", "Choose the last day"), ("2020-01-01", "past")])
def test_a_day_that_cannot_be_is_explained(world, typed, said):
    client = signed_in(world, "asta")
    page = f"/accounts/{world.accounts['ingrid']}"
    client.get(page)
    refused = client.post(f"{page}/leaving", {"last_day": typed})
    assert refused.status == 422
    assert said in refused.text


def test_access_is_cut_and_given_back(world, story):
    ingrid = signed_in(world, "ingrid")
    assert ingrid.get("/account").status == 200
    client = signed_in(world, "asta")
    page = f"/accounts/{world.accounts['ingrid']}"
    client.get(page)
    client.post(f"{page}/suspend")
    assert "Access is cut" in client.get(page).text
    assert ingrid.get("/account").status == 302
    client.post(f"{page}/restore")
    assert "Access is cut" not in client.get(page).text


def test_nobody_cuts_their_own_access(world):
    client = signed_in(world, "asta")
    page = f"/accounts/{world.accounts['asta']}"
    assert "Cut access" not in client.get(page).text
    refused = client.post(f"{page}/suspend")
    assert refused.status == 422
    assert client.get("/account").status == 200
