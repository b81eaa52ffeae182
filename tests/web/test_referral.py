"""The upbringing team's pages, as a browser meets them."""

from datetime import timedelta

import pytest

from bti.domain.ages import day_in_norway
from bti.domain.meetings import MeetingKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import ops, ready_for_team, share, version_of, with_log
from tests.integration.workflows.test_meeting import planned
from tests.web.plan_site import client_for, filled

QUESTION = "Fire tjenester er inne. Hvem skal samordne?"


def refer(world, case_id, **changes):
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/referral/new"
    typed = {"why": "Ikke nok.", "question": QUESTION, "danger": "no", **changes}
    return client, client.post(path, filled(client.get(path), path, **typed))


def referred(world, *, let_in=True):
    case_id = ready_for_team(world)
    if let_in:
        share(world, case_id, "team")
    _, answer = refer(world, case_id)
    assert answer.status == 303
    return case_id


def take(world, case_id):
    client = client_for(world, "hege")
    path = f"/cases/{case_id}/referral/take"
    return client, client.post(path, client.get(f"/cases/{case_id}/referral").form(path))


def test_a_case_is_brought_to_the_team_and_the_case_page_says_so(world):
    case_id = ready_for_team(world)
    client, answer = refer(world, case_id)
    shown = client.follow(answer)
    assert "The case waits for an answer." in shown.text
    assert "The team sees no name" in shown.text


def test_what_is_missing_before_level_3_is_named(world):
    case_id = with_log(world, level=2)
    _, page = refer(world, case_id)
    assert page.status == 422
    assert "Missing: There is at least one goal" in page.text
    assert page.form(f"/cases/{case_id}/referral/new")["question"] == QUESTION


def test_without_consent_the_queue_shows_a_number_and_no_name(world):
    case_id = referred(world, let_in=False)
    page = client_for(world, "hege").get("/team")
    assert "Discuss it without names." in page.text
    assert "Consent not asked for" in page.text
    assert "Jonas" not in page.text
    assert QUESTION not in page.text
    assert str(case_id) not in page.response.get_data(as_text=True)


def test_with_consent_the_queue_shows_child_age_and_question(world):
    referred(world)
    page = client_for(world, "turid").get("/team")
    assert "Jonas Berg Hansen, 13 years" in page.text
    assert QUESTION in page.text
    assert "Consent in place" in page.text


def test_the_team_takes_the_case_and_asks_for_a_new_holder_who_must_say_yes(world):
    case_id = referred(world)
    client, answer = take(world, case_id)
    assert client.follow(answer).status == 200
    assert ops(world, case_id).level == 3

    path = f"/cases/{case_id}/referral/holder"
    page = client.get(path)
    assert "Ingrid Solberg has the baton until the new one has said yes." in page.text
    chosen = f"{world.accounts['turid']}.{world.units['team']}"
    assert client.post(path, filled(page, path, to=chosen)).status == 303
    assert cases.holder(world, case_id) == world.accounts["ingrid"]


def test_the_baton_cannot_be_offered_to_somebody_who_was_not_in_the_list(world):
    case_id = referred(world)
    client, _ = take(world, case_id)
    path = f"/cases/{case_id}/referral/holder"
    chosen = f"{world.accounts['nina']}.{world.units['pps']}"
    page = client.post(path, filled(client.get(path), path, to=chosen))
    assert page.status == 422


def test_rights_are_recorded_with_what_the_birth_date_tells_filled_in(world):
    case_id = referred(world)
    take(world, case_id)
    client = client_for(world, "hege")
    path = f"/cases/{case_id}/referral/rights"
    page = client.get(path)
    assert page.form(path)["under_18"] == "yes"
    typed = {
        "serious_condition": "no",
        "lasting_services": "unresolved",
        "other_services": "unresolved",
        "family_wants": "unresolved",
        "individual_plan": "offered",
        "told": "y",
    }
    assert client.post(path, filled(page, path, **typed)).status == 303
    shown = client.get(f"/cases/{case_id}/referral")
    assert "It is offered to the family" in shown.text
    again = client.get(path)
    assert again.form(path)["serious_condition"] == "no"


def test_a_plan_that_is_made_takes_over_and_is_made_with_the_family(world):
    case_id = referred(world)
    take(world, case_id)
    client = client_for(world, "hege")
    path = f"/cases/{case_id}/referral/rights"
    typed = {
        "serious_condition": "yes",
        "lasting_services": "yes",
        "other_services": "yes",
        "family_wants": "yes",
        "individual_plan": "made",
    }
    refused = client.post(path, filled(client.get(path), path, **typed))
    assert refused.status == 422
    assert "An individual plan is made with the family." in refused.text
    assert client.post(path, filled(client.get(path), path, **typed, told="y")).status == 303
    for who in ("hege", "ingrid"):
        shown = client_for(world, who).get(f"/cases/{case_id}")
        assert "An individual plan takes over." in shown.text


def test_a_case_is_given_back_with_a_reason(world):
    case_id = referred(world)
    client = client_for(world, "hege")
    path = f"/cases/{case_id}/referral/return"
    page = client.post(path, filled(client.get(path), path, reason=" "))
    assert page.status == 422
    answer = client.post(path, filled(page, path, reason="Prøv PP-tjenesten først."))
    assert "No cases wait." in client.follow(answer).text
    seen = client_for(world, "ingrid").get(f"/cases/{case_id}")
    assert "Prøv PP-tjenesten først." in seen.text


def test_taking_twice_is_a_conflict_and_not_two_moves(world):
    case_id = referred(world)
    client = client_for(world, "hege")
    path = f"/cases/{case_id}/referral/take"
    form = client.get(f"/cases/{case_id}/referral").form(path)
    assert client.post(path, form).status == 303
    version = version_of(world, case_id)
    assert client.post(path, form).status == 409
    assert version_of(world, case_id) == version


def test_the_agenda_says_when_and_for_how_long_and_on_paper_only_numbers(world):
    case_id = referred(world)
    at = world.clock.now() + timedelta(days=2)
    for minutes, later in ((50, 0), (40, 45)):
        starts = at + timedelta(minutes=later)
        planned(world, case_id, kind=MeetingKind.TEAM, starts_at=starts, minutes=minutes)
    client = client_for(world, "turid")
    links = [link.get("href") for link in client.get("/team").all("a")]
    assert "/team/agenda" in links
    page = client.get("/team/agenda")
    assert "Jonas Berg Hansen, 13 years" in page.text
    assert "90 minutes together" in page.text
    assert "somebody waits 5 minutes beyond the time they were given" in page.text
    inside = [link.get("href") for link in page.all("a") if "/meetings/" in link.get("href")]
    assert client.get(inside[0]).status == 200

    paper = client.get(f"/team/agenda?day={day_in_norway(at)}&names=hidden")
    assert "90 minutes together" in paper.text
    raw = paper.response.get_data(as_text=True)
    assert not [told for told in ("Jonas", "Berg", "13 years", str(case_id)) if told in raw]
    empty = client.get("/team/agenda?day=01.01.2031")
    assert "No meetings with the team on this day." in empty.text
    for typed in ("2026-02-30", "i morgen", "0000-00-00", "%00", "2" * 5000):
        refused = client.get(f"/team/agenda?day={typed}")
        assert refused.status == 422
        assert "Write the date as day.month.year" in refused.text


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("ingrid", "/team"),
        ("anne", "/team"),
        ("ingrid", "/team/agenda"),
        ("turid", "/cases/{}/referral/return"),
        ("turid", "/cases/{}/referral/holder"),
        ("per", "/cases/{}/referral/new"),
        ("per", "/cases/{}/referral/rights"),
        ("hege", "/cases/{}/referral/new"),
    ],
)
def test_pages_of_others_look_like_no_page(world, who, path):
    case_id = referred(world)
    assert client_for(world, who).get(path.format(case_id)).status == 404
