"""What is hidden, missing, another municipality's or closed is answered alike: in bytes and in work."""

import re
import uuid

import pytest
from sqlalchemy import event

from tests.web.town import NOBODY

#: Differ from one answer to the next by themselves.
_OF_THE_MOMENT = {"Date", "Set-Cookie"}
PAGES = ("case.show", "case.print_page", "insight.case", "consent.show", "measure.goal")
#: Who has no part in the case "middle": a colleague of the same school, of another service, a team.
OUTSIDERS = ("mona", "odd", "hege")


@pytest.fixture
def site(whole):
    """The whole site."""
    return whole


def answer(client, address):
    """Status, headers and body, without what no two answers share."""
    page = client.get(address)
    headers = [one for one in page.response.headers if one[0] not in _OF_THE_MOMENT]
    body = re.sub(rb'name="csrf_token" value="[^"]*"', b"", page.response.get_data())
    return page.status, sorted(headers), body


def statements(site, client, address):
    """The statements an answer costs, as the database meets them: their text without values."""
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(re.sub(r"\s+", " ", statement))

    # What is written once per half minute, or per tick of the clock, is written before we count.
    client.get(address)
    engine = site.app.extensions["bti"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        client.get(address)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [re.sub(r"IN \(.*?\)", "IN (…)", one) for one in asked]


def addresses(site, endpoint):
    """One endpoint for a hidden case, one of the neighbour, and two that do not exist."""
    hidden = site.home.ids["middle"]
    return {
        "hidden": site.address(endpoint, hidden),
        "neighbour": site.address(endpoint, {**hidden, **site.neighbour.ids["middle"]}),
        "missing": site.address(endpoint, {**hidden, "case_id": NOBODY}),
        "random": site.address(endpoint, {**hidden, "case_id": uuid.UUID(int=7, version=4)}),
    }


@pytest.mark.parametrize("who", OUTSIDERS)
def test_every_byte_of_the_answer_is_the_same(site, who):
    client = site.client(who)
    no_such_page = answer(client, "/no-such-address")
    assert no_such_page[0] == 404
    for endpoint in PAGES:
        for kind, address in addresses(site, endpoint).items():
            assert answer(client, address) == no_such_page, (endpoint, kind)


@pytest.mark.parametrize("who", OUTSIDERS[:2])
def test_a_hidden_case_costs_the_same_questions_as_one_that_does_not_exist(site, who):
    client = site.client(who)
    for endpoint in PAGES[:2]:
        costs = {
            kind: statements(site, client, address)
            for kind, address in addresses(site, endpoint).items()
        }
        assert len(costs["missing"]) > 10
        for kind, cost in costs.items():
            assert cost == costs["missing"], (endpoint, kind)


def test_one_who_may_see_it_costs_more_so_the_count_can_tell_a_difference(site):
    address = site.address("case.show", site.home.ids["middle"])
    seen = statements(site, site.client("ingrid"), address)
    refused = statements(site, site.client("odd"), address)
    assert len(seen) > len(refused)


def test_emergency_access_that_was_never_taken_is_answered_like_no_case(site):
    client = site.client("vera")
    no_such_page = answer(client, "/no-such-address")
    for kind, address in addresses(site, "emergency.show").items():
        assert answer(client, address) == no_such_page, kind
    costs = {
        kind: statements(site, client, address)
        for kind, address in addresses(site, "emergency.show").items()
    }
    assert all(cost == costs["missing"] for cost in costs.values())
