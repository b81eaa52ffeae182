"""The pages of what needs two people, and the page that asks again who you are."""

from datetime import timedelta

import pytest

from bti.domain.approval import ApprovalAct, ApprovalState
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.web import approval_words as words
from bti.workflows import approval, register
from tests.approvals import freshly, two_say_yes
from tests.web.case_site import acts, signed_in
from tests.world import SECRET

PARAMS = {"what": "whole log", "to": "/mnt/archive"}


@pytest.fixture
def asked(world):
    """Anne has asked for the access log."""
    freshly(world, "anne")
    return world.run("anne", approval.ask, ApprovalAct.AUDIT_EXPORT, PARAMS, reason="Year end")


def prove(client, world, who, next_, **changed):
    """Send password and code on the page that asks again."""
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    client.get(f"/account/confirm?next={next_}")
    code = totp.code_at(world.seeds[who], world.clock.now())
    return client.post(
        f"/account/confirm?next={next_}", {"password": SECRET, "code": code, **changed}
    )


def state(world, approval_id):
    return {one.approval_id: one.state for one in world.run("anne", approval.page).asked}[
        approval_id
    ]


def test_every_act_and_state_has_words():
    assert set(words.WORDS) == set(ApprovalAct)
    assert set(words.STATES) == set(ApprovalState)


def test_a_colleague_reads_exactly_what_and_says_yes(world, asked):
    client = signed_in(world, "asta")
    assert "Write out the whole access log" in client.get("/approvals").text
    page = client.get(f"/approvals/{asked}")
    for said in ("/mnt/archive", "Anne Ruud", "Year end", "The whole log"):
        assert said in page.text
    assert client.post(f"/approvals/{asked}/give", {}).status == 303
    assert "You said yes" in client.get("/approvals").text
    assert state(world, asked) is ApprovalState.GIVEN
    assert "Asta Berg" in signed_in(world, "anne").get(f"/approvals/{asked}").text


def test_a_no_and_a_request_taken_back(world, asked):
    client = signed_in(world, "asta")
    client.get(f"/approvals/{asked}")
    client.post(f"/approvals/{asked}/refuse", {})
    assert state(world, asked) is ApprovalState.REFUSED
    own = signed_in(world, "anne")
    second = world.run("anne", approval.ask, ApprovalAct.AUDIT_EXPORT, PARAMS)
    own.get(f"/approvals/{second}")
    own.post(f"/approvals/{second}/withdraw", {})
    assert state(world, second) is ApprovalState.WITHDRAWN


def test_too_late_is_told_kindly(world):
    given = two_say_yes(world, ApprovalAct.AUDIT_EXPORT, PARAMS, asker="anne", giver="asta")
    client = signed_in(world, "asta")
    client.get("/approvals")
    assert client.post(f"/approvals/{given}/refuse", {}).status == 303
    assert "could not be done" in client.get("/approvals").text
    assert state(world, given) is ApprovalState.GIVEN


def test_the_yes_is_asked_for_again_after_a_quarter_of_an_hour(world, asked):
    client = signed_in(world, "asta")
    world.clock.advance(timedelta(minutes=15))
    page = client.get(f"/approvals/{asked}")
    assert "Confirm that it is you" in page.text
    assert "Approve</button>" not in page.text
    there = f"/approvals/{asked}"
    assert prove(client, world, "asta", there).response.location.endswith(there)
    client.get(there)
    assert client.post(f"{there}/give", {}).status == 303
    assert state(world, asked) is ApprovalState.GIVEN


def test_calling_the_last_step_does_not_skip_the_proof(world, asked):
    client = signed_in(world, "asta")
    client.get("/approvals")
    world.clock.advance(timedelta(minutes=15))
    answer = client.post(f"/approvals/{asked}/give", {})
    assert answer.status == 303
    assert "/confirm" in answer.response.location
    assert state(world, asked) is ApprovalState.WAITING
    assert ("access:request:deny", "deny") in acts(world)


def test_a_wrong_proof_raises_nothing_and_is_counted_and_entered(world, asked):
    client = signed_in(world, "asta")
    world.clock.advance(timedelta(minutes=15))
    for changed in ({"password": "feil passord her ja"}, {"code": "000000"}):
        assert prove(client, world, "asta", "/approvals", **changed).status == 422
    assert acts(world).count(("session:strength:raise", "deny")) == 2
    for _ in range(4):
        last = client.post(
            "/account/confirm?next=/approvals", {"password": "feil", "code": "000000"}
        )
    assert last.status == 429
    assert client.post(f"/approvals/{asked}/give", {}).response.location.startswith(
        "/account/confirm"
    )


@pytest.mark.parametrize("who", ["anne", "arne", "ingrid", "siv"])
def test_who_may_not_answer_meets_the_uniform_page(world, asked, who):
    client = signed_in(world, who)
    client.get("/account")
    assert client.post(f"/approvals/{asked}/give", {}).status == 404
    assert state(world, asked) is ApprovalState.WAITING


def give_role(client, world, who, role, unit="administration"):
    page = f"/accounts/{world.accounts[who]}"
    client.get(page)
    return client.post(f"{page}/roles", {"unit": str(world.units[unit]), "role": role})


def roles_of(world, who):
    colleague, _ = world.run("asta", register.colleague, account_id=world.accounts[who])
    return {one.role for one in colleague.roles}


@pytest.mark.parametrize("role", ["administrator", "dpo", "archivist"])
def test_a_role_that_watches_over_others_is_given_by_two(world, role):
    client = signed_in(world, "asta")
    assert give_role(client, world, "ingrid", role).status == 303
    assert roles_of(world, "ingrid") == {Role.STAFF}
    waiting = give_role(client, world, "ingrid", role)
    assert waiting.status == 422
    assert "waits for a colleague" in waiting.text
    freshly(world, "anne")
    line = world.run("anne", approval.page).to_answer[0]
    assert "Ingrid Solberg" in signed_in(world, "anne").get(f"/approvals/{line.approval_id}").text
    world.run("anne", approval.give, approval_id=line.approval_id)
    other = "dpo" if role != "dpo" else "archivist"
    give_role(client, world, "ingrid", other)
    assert roles_of(world, "ingrid") == {Role.STAFF}
    give_role(client, world, "ingrid", role)
    assert roles_of(world, "ingrid") == {Role.STAFF, Role(role)}


@pytest.mark.parametrize(
    ("role", "unit"),
    [
        ("unit_lead", "school"),
        ("team_lead", "team"),
        ("team_member", "team"),
        ("on_call", "child_welfare"),
    ],
)
def test_a_role_that_reaches_cases_by_itself_is_given_by_two(world, role, unit):
    client = signed_in(world, "asta")
    give_role(client, world, "odd", role, unit)
    assert Role(role) not in roles_of(world, "odd")
    freshly(world, "anne")
    line = world.run("anne", approval.page).to_answer[0]
    world.run("anne", approval.give, approval_id=line.approval_id)
    give_role(client, world, "odd", role, unit)
    assert Role(role) in roles_of(world, "odd")


def test_a_role_that_reaches_nothing_by_itself_needs_one(world):
    give_role(signed_in(world, "asta"), world, "ingrid", "staff")
    assert (
        len(world.run("asta", register.colleague, account_id=world.accounts["ingrid"])[0].roles)
        == 2
    )


def test_no_account_is_made_with_a_role_that_watches(world):
    with pytest.raises(RuleBroken, match="role_needs_two"):
        world.run(
            "asta",
            register.welcome,
            name="Ola Nordmann",
            title="Leder",
            username="ola",
            phone="",
            unit_id=world.units["administration"],
            role=Role.DPO,
        )
