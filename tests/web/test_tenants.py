"""Two municipalities on one installation: neither can touch, find or guess anything of the other's."""

import pytest

from tests.web.doors import DOORS, ids_of, sheet_of
from tests.web.test_every_route import bare, ids
from tests.web.town import NOBODY

# Whose ids stand in an address, besides the case's own.
INNER = (
    "absence_id",
    "approval_id",
    "attachment_id",
    "consent_id",
    "control_id",
    "entry_id",
    "finding_id",
    "goal_id",
    "measure_id",
    "meeting_id",
    "offer_id",
    "participant_id",
    "question_id",
    "seat_id",
    "person_id",
    "row_id",
    "session_id",
    "suspension_id",
)
# A place in a list of one's own names nothing of anybody else's.
OWN_CASE = frozenset({"case_id", "place"})
WORKERS = ("ingrid", "siv", "hege", "turid")


@pytest.fixture
def site(whole):
    """The whole site."""
    return whole


def theirs(site):
    """The neighbour's ids."""
    return {**site.neighbour.ids["middle"], "step": "seen"}


def about_cases(site):
    """The rules of the URL map with a case in them; those for systems know no cookie (test_api)."""
    rules = [rule for rule in site.app.url_map.iter_rules() if "case_id" in rule.arguments]
    return [rule for rule in rules if not rule.endpoint.startswith("api.")]


@pytest.mark.parametrize("who", WORKERS)
def test_a_case_next_door_looks_like_no_case_at_all(site, who):
    client = site.client(who)
    missing = bare(client.get("/no-such-address"))
    before = site.written()
    denied_there = site.denials(site.neighbour)
    entered = site.entries_about(theirs(site)["case_id"])
    for rule in about_cases(site):
        address = site.address_of(rule, theirs(site))
        for method in sorted({"GET", "POST"} & rule.methods):
            client.get("/help")
            denied = site.denials()
            page = client.get(address) if method == "GET" else client.post(address)
            assert page.status == 404, (method, rule)
            assert bare(page) == missing, (method, rule)
            assert site.denials() == denied + 1, (method, rule)
    assert site.written() == before
    # Refusals are the own municipality's matter; the neighbour's log is not written to by them.
    assert site.denials(site.neighbour) == denied_there
    assert site.entries_about(theirs(site)["case_id"]) >= entered


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_ids_next_door_in_an_own_address_write_nothing(site, endpoint):
    wanted = next(site.app.url_map.iter_rules(endpoint)).arguments
    if not wanted & {*INNER, "record_id", "report_id", "account_id", "grant_id"}:
        return
    sheet = sheet_of(site, endpoint)
    before = site.written()
    own = ids_of(site, endpoint)
    for name in sorted(wanted - OWN_CASE):
        address = site.address(endpoint, {**own, name: theirs(site)[name]})
        page = sheet.client.post(address, sheet.answers)
        nobodys = site.address(endpoint, {**own, name: NOBODY})
        # Offers that are over and offers that never were get one answer, on the case's own page.
        assert page.status == (422 if name == "offer_id" else 404), (endpoint, name)
        assert page.text == sheet.client.post(nobodys, sheet.answers).text
        if name != "offer_id":
            assert sheet.client.get(address).status in {404, 405}, (endpoint, name)
    assert site.written() == before


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_choices_next_door_in_an_own_form_write_nothing(site, endpoint):
    sheet = sheet_of(site, endpoint)
    choices = [name for name, one in sheet.fields.items() if one.kind in {"select", "radio"}]
    foreign = [
        *site.neighbour.world.units.values(),
        site.neighbour.world.accounts["per"],
        f"{site.neighbour.world.accounts['per']}:{site.neighbour.world.units['school']}",
    ]
    before = site.written(frozenset({"own_records", "case_keys"}))
    for number, name in enumerate(choices):
        value = str(foreign[number % len(foreign)])
        page = sheet.client.post(sheet.address, {**sheet.answers, name: value})
        allowed = {200} if endpoint.endswith(".save_draft") else {401, 404, 422}
        assert page.status in allowed, (name, value)
    after = site.written(frozenset({"own_records", "case_keys"}))
    assert after == before


def test_the_neighbours_own_people_come_to_their_own_case_and_not_to_ours(site):
    client = site.client("neighbour")
    assert client.get(site.address("case.show", theirs(site))).status == 200
    assert client.get(site.address("case.show", ids(site))).status == 404


def test_no_list_shows_anybody_from_next_door(site):
    strange = {
        site.neighbour.stories[state].page().child.name for state in site.neighbour.stories
    } - {site.home.stories[state].page().child.name for state in site.home.stories}
    numbers = {site.neighbour.stories[state].page().number for state in site.neighbour.stories}
    assert numbers
    for who, endpoints in {
        "ingrid": ("worklist.show", "concern.new"),
        "hege": ("worklist.show", "referral.queue", "referral.agenda"),
        "anne": ("insight.search", "approval.list"),
        "asta": ("account.list", "account.new"),
    }.items():
        for endpoint in endpoints:
            page = site.client(who).get(site.address(endpoint, ids(site)))
            text = page.response.get_data(as_text=True)
            assert page.status == 200
            assert not [one for one in strange | numbers if one in text], endpoint


def test_a_session_next_door_is_nobody_here(site):
    """A session names its municipality; no address or form says another."""
    client = site.client("neighbour")
    page = client.get(f"/worklist?tenant_id={site.home.world.tenant_id}")
    assert page.status == 200
    assert "Fjellby kommune" in page.text
    assert "Lindvik kommune" not in page.text
