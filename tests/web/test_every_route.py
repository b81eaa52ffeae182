"""Every address as everybody: what the access table and the rules of the domain promise together."""

import re
from collections import defaultdict

import pytest

from bti.domain.access import POLICY, Action
from bti.web.access import ROUTES, Client, Network, Public, Roles, SignedIn, allows
from tests.world import PEOPLE

EVERYBODY = ("", *PEOPLE, "network")
# Addresses that show a case's content, or who has seen it.
CASE_PAGES = (
    "attachment.download",
    "attachment.new",
    "attachment.remove",
    "attachment.replace",
    "correction.new",
    "extract.new",
    "extract.paper",
    "extract.refer_to",
    "family.copy",
    "family.judge",
    "family.paper",
    "family.show",
    "guardian.block",
    "proposal.show",
    "mark.new",
    "of_age.show",
    "partiality.show",
    "baton.offer",
    "case.conversation",
    "case.decide",
    "case.print_page",
    "case.show",
    "consent.ask",
    "consent.block",
    "consent.guardian",
    "consent.invite",
    "consent.show",
    "consent.text",
    "consent.withdraw",
    "insight.case",
    "measure.evaluate",
    "measure.evaluate_goal",
    "measure.goal",
    "measure.new",
    "measure.toolbox",
    "measure.note",
    "measure.overview",
    "measure.template",
    "meeting.list_",
    "meeting.move",
    "meeting.new",
    "meeting.prepare",
    "meeting.show",
    "meeting.write",
    "move.new",
)
TEAM_PAGES = ("referral.appoint", "referral.give_back", "referral.rights", "referral.show")

# The team's own pages: others in the case read and write on the case's page. And those who work
# with no case have drafts of their own only of reports of danger.
_NO_CASES = frozenset({"on_call", "dpo", "archivist", "administrator"})
NOT_ON_THIS_PAGE = defaultdict(
    frozenset,
    {
        "concern.discard": _NO_CASES,
        "concern.save_draft": _NO_CASES,
        "meeting.save_draft": _NO_CASES,
        "referral.show": frozenset({"staff", "unit_lead"}),
    },
)


@pytest.fixture
def site(whole):
    """The whole site."""
    return whole


def rules_of(site, method):
    """The rules of the URL map that answer to a method in a browser, but for files."""
    rules = [rule for rule in site.app.url_map.iter_rules() if method in rule.methods]
    return [
        rule
        for rule in rules
        if rule.endpoint != "static_file" and not isinstance(ROUTES[rule.endpoint].access, Client)
    ]


def ids(site, state="middle"):
    """Real ids for whatever an address holds."""
    return {**site.home.ids[state], "step": "seen"}


def bare(page):
    """A page without what differs from one showing to the next: form tokens."""
    return re.sub(rb'name="csrf_token" value="[^"]*"', b"", page.response.get_data())


def as_role(who):
    """A stand-in for the actor, for asking the table."""
    if who == "":
        return None
    role = "slt_coordinator" if who == "network" else PEOPLE[who][3].value
    return type("Somebody", (), {"role": role})()


def test_every_address_has_a_rule_and_every_rule_an_address(site):
    assert {rule.endpoint for rule in site.app.url_map.iter_rules()} == set(ROUTES)


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_table_decides_who_may_open_an_address(site, who):
    client = site.client(who)
    missing = bare(client.get("/no-such-address"))
    for rule in rules_of(site, "GET"):
        page = client.get(site.address_of(rule, ids(site)))
        route = ROUTES[rule.endpoint]
        if allows(route, as_role(who)):
            assert page.status in {200, 302, 303, 404}, rule
        elif who == "":
            assert page.status == 302, rule
            side = "/network" if isinstance(route.access, Network) else ""
            assert page.response.headers["Location"].startswith(f"{side}/sign-in"), rule
        else:
            assert page.status == 404, rule
            assert bare(page) == missing, rule


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_table_decides_who_may_send_to_an_address(site, who):
    before = site.written()
    for rule in rules_of(site, "POST"):
        route = ROUTES[rule.endpoint]
        if allows(route, as_role(who)):
            continue
        client = site.client(who)
        client.get("/help")
        missing = bare(client.get("/no-such-address"))
        page = client.post(site.address_of(rule, ids(site)))
        if who == "":
            assert page.status == 401, rule
        else:
            assert page.status == 404, rule
            assert bare(page) == missing, rule
    assert site.written() == before


@pytest.mark.parametrize("who", [*PEOPLE])
def test_whoever_is_turned_away_for_the_role_is_entered(site, who):
    client = site.client(who)
    for rule in rules_of(site, "GET"):
        if allows(ROUTES[rule.endpoint], as_role(who)):
            continue
        before = site.denials()
        client.get(site.address_of(rule, ids(site)))
        assert site.denials() == before + 1, rule


def test_the_coordinator_of_the_network_comes_near_no_case(site):
    client = site.client("network")
    entered = site.entries_about(site.home.ids["late"]["case_id"])
    for state in site.home.stories:
        for rule in site.app.url_map.iter_rules():
            if "case_id" not in rule.arguments or rule.endpoint.startswith("api."):
                continue
            address = site.address_of(rule, ids(site, state))
            client.get("/help")
            assert client.get(address).status in {404, 405}, rule
            if "POST" in rule.methods:
                assert client.post(address).status == 404, rule
    assert site.entries_about(site.home.ids["late"]["case_id"]) == entered


def test_the_case_side_comes_near_no_number_of_the_network(site):
    for who in PEOPLE:
        for endpoint, route in ROUTES.items():
            if isinstance(route.access, Network) and endpoint in {"slt.show", "slt.release"}:
                assert site.client(who).get(site.address(endpoint, ids(site))).status == 404


@pytest.mark.parametrize(
    ("who", "state", "endpoints"),
    [("ingrid", "middle", CASE_PAGES), ("hege", "referred", TEAM_PAGES)],
)
def test_whoever_is_shown_a_case_is_entered_with_its_name(site, who, state, endpoints):
    client = site.client(who)
    case_id = ids(site, state)["case_id"]
    for endpoint in endpoints:
        before = site.entries_about(case_id)
        address = site.address(endpoint, ids(site, state))
        page = client.get(address)
        if page.status == 404 and endpoint == "referral.appoint":
            continue  # only after the team has taken it
        assert page.status == 200, endpoint
        assert site.entries_about(case_id) > before, endpoint


def test_every_page_that_names_the_child_is_among_those_that_are_entered(site):
    """Opens every address as everybody: where the child's name stands, the log has one entry more."""
    case_id = ids(site, "late")["case_id"]
    name = site.home.stories["late"].page("hege").child.name
    for who in PEOPLE:
        client = site.client(who)
        for rule in rules_of(site, "GET"):
            before = site.entries_about(case_id)
            page = client.client.get(site.address_of(rule, ids(site, "late")))
            if page.status_code == 200 and name in page.get_data(as_text=True):
                assert site.entries_about(case_id) > before, (who, rule)


@pytest.mark.parametrize("who", [*PEOPLE])
def test_a_case_is_open_to_those_the_rules_name_and_to_nobody_else(site, who):
    # Ingrid follows it, Siv leads the school, Nina was let in, Per is asked to take the baton.
    may_read = {"ingrid", "siv", "nina"}
    client = site.client(who)
    missing = bare(client.get("/no-such-address"))
    for endpoint in ("case.show", "case.print_page", "insight.case"):
        page = client.get(site.address(endpoint, ids(site)))
        assert page.status == (200 if who in may_read else 404), endpoint
        if page.status == 404:
            assert bare(page) == missing


@pytest.mark.parametrize("endpoint", sorted(ROUTES))
def test_the_table_shuts_out_nobody_whom_the_rules_let_in(endpoint):
    route = ROUTES[endpoint]
    if route.action is None:
        return
    granted = {role.value for grant in POLICY[Action(route.action)].grants for role in grant.roles}
    # Families have no pages of their own yet.
    colleagues = granted - {"guardian", "youth"}
    assert colleagues
    if isinstance(route.access, Roles):
        assert colleagues & route.access.roles
        assert colleagues <= route.access.roles | NOT_ON_THIS_PAGE[endpoint]
    else:
        assert isinstance(route.access, SignedIn | Client)


def test_a_record_of_danger_is_its_authors_alone(site):
    record = site.address("duty.show", ids(site, "late"))
    for who in PEOPLE:
        expected = 200 if who == "per" else 404
        assert site.client(who).get(record).status == expected, who


def test_the_public_pages_are_the_ones_meant_to_be():
    public = {endpoint for endpoint, route in ROUTES.items() if isinstance(route.access, Public)}
    assert public == {
        "api.document",
        "families.show",
        "families.start",
        "language",
        "pages.accessibility",
        "pages.healthz",
        "pages.help",
        "pages.privacy",
        "pages.readyz",
        "pages.start",
        "sign_in.demo",
        "sign_in.show",
        "slt.demo_sign_in",
        # Whoever has the secret in the address.
        "slt.feed.read",
        "slt.sign_in",
        "static_file",
    }
