"""Some pages ask for password and code again, and then go on to where one was going."""

from datetime import timedelta

import pytest

from bti.domain.codes import Role
from bti.identity import totp
from bti.workflows import account, sign_in
from tests.web.case_site import acts, enter, site, visitor
from tests.web.critic import CriticClient
from tests.world import SECRET

EMERGENCY = "/emergency"
LATER = timedelta(minutes=16)


@pytest.fixture
def on_call(world):
    """Somebody on call, signed in a quarter of an hour ago."""
    client = visitor(world)
    enter(client, world, "vera")
    world.clock.advance(LATER)
    return client


def code_of(world, who):
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    return totp.code_at(world.seeds[who], world.clock.now())


def test_emergency_access_asks_for_a_new_proof_and_is_given_after_it(world, on_call):
    asked = on_call.get(EMERGENCY + "?from=day")
    assert asked.status == 303
    page = on_call.follow(asked)
    assert "Is it still you?" in page.text
    action = asked.response.headers["Location"]
    confirmed = on_call.post(action, {"password": SECRET, "code": code_of(world, "vera")})
    assert confirmed.status == 303
    assert confirmed.response.headers["Location"] == EMERGENCY + "?from=day"
    assert acts(world)[-1] == ("session:strength:raise", "allow")
    assert on_call.get(EMERGENCY).status == 200


def test_a_wrong_code_is_refused_entered_and_not_shown_again(world, on_call):
    asked = on_call.get(EMERGENCY)
    on_call.follow(asked)
    refused = on_call.post(
        asked.response.headers["Location"], {"password": SECRET, "code": "123456"}
    )
    assert refused.status == 422
    assert "That was not right" in refused.text
    assert b"123456" not in refused.response.data
    assert acts(world)[-1] == ("session:strength:raise", "deny")
    assert on_call.get(EMERGENCY).status == 303


def test_a_code_is_used_once(world, on_call):
    code = code_of(world, "vera")
    on_call.get("/account/confirm")
    assert on_call.post("/account/confirm", {"password": SECRET, "code": code}).status == 303
    world.clock.advance(timedelta(seconds=1))
    on_call.get("/account/confirm")
    assert on_call.post("/account/confirm", {"password": SECRET, "code": code}).status == 422


def test_many_wrong_codes_must_wait(world, on_call):
    on_call.get("/account/confirm")
    proof = {"password": SECRET, "code": "000000"}
    answers = [on_call.post("/account/confirm", proof).status for _ in range(8)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_an_empty_form_says_what_is_missing(on_call):
    on_call.get("/account/confirm")
    refused = on_call.post("/account/confirm", {})
    assert refused.status == 422
    assert "Write your password." in refused.text


def test_the_page_sends_nobody_to_another_site(world, on_call):
    on_call.get("/account/confirm")
    code = code_of(world, "vera")
    confirmed = on_call.post(
        "/account/confirm?next=https://example.org/", {"password": SECRET, "code": code}
    )
    assert confirmed.response.headers["Location"] == "/"


def test_a_change_of_role_does_not_make_the_proof_fresh(world):
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=world.accounts["vera"],
        unit_id=world.units["administration"],
        role=Role.ARCHIVIST,
    )
    client = visitor(world)
    enter(client, world, "vera")
    token = client.client.get_cookie("st_session").value
    world.clock.advance(LATER)
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=token)
    roles = {one.role: one for one in world.runtime.doorway.perform(sign_in.my_roles, actor)}
    for role in (Role.ARCHIVIST, Role.ON_CALL):
        entered = world.runtime.doorway.perform(
            sign_in.enter_role, actor, grant_id=roles[role].grant_id
        )
        actor = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    again = CriticClient(site(world))
    again.client.set_cookie("st_session", entered.token)
    assert again.get(EMERGENCY).status == 303
