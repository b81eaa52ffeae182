"""Some pages ask for password and code again, and then go on to where one was going."""

from datetime import timedelta

import pytest

from bti.domain.codes import Role
from bti.identity import totp
from bti.workflows import account, sign_in
from tests.web.case_site import acts, enter, site, visitor
from tests.web.critic import CriticClient
from tests.world import SECRET

FILE = "/insight/selection.csv"
LATER = timedelta(minutes=16)


@pytest.fixture
def officer(world):
    """The data protection officer, signed in a quarter of an hour ago."""
    client = visitor(world)
    enter(client, world, "anne")
    world.clock.advance(LATER)
    return client


def code_of(world, who):
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    return totp.code_at(world.seeds[who], world.clock.now())


def test_a_file_of_the_log_asks_for_a_new_proof_and_is_given_after_it(world, officer):
    asked = officer.get(FILE + "?who=kari")
    assert asked.status == 303
    page = officer.follow(asked)
    assert "Is it still you?" in page.text
    action = asked.response.headers["Location"]
    confirmed = officer.post(action, {"password": SECRET, "code": code_of(world, "anne")})
    assert confirmed.status == 303
    assert confirmed.response.headers["Location"] == FILE + "?who=kari"
    assert acts(world)[-1] == ("session:strength:raise", "allow")
    assert officer.get(FILE).status == 200


def test_a_wrong_code_is_refused_entered_and_not_shown_again(world, officer):
    asked = officer.get(FILE)
    officer.follow(asked)
    refused = officer.post(
        asked.response.headers["Location"], {"password": SECRET, "code": "123456"}
    )
    assert refused.status == 422
    assert "That was not right" in refused.text
    assert b"123456" not in refused.response.data
    assert acts(world)[-1] == ("session:strength:raise", "deny")
    assert officer.get(FILE).status == 303


def test_a_code_is_used_once(world, officer):
    code = code_of(world, "anne")
    officer.get("/account/confirm")
    assert officer.post("/account/confirm", {"password": SECRET, "code": code}).status == 303
    world.clock.advance(timedelta(seconds=1))
    officer.get("/account/confirm")
    assert officer.post("/account/confirm", {"password": SECRET, "code": code}).status == 422


def test_many_wrong_codes_must_wait(world, officer):
    officer.get("/account/confirm")
    proof = {"password": SECRET, "code": "000000"}
    answers = [officer.post("/account/confirm", proof).status for _ in range(8)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_an_empty_form_says_what_is_missing(officer):
    officer.get("/account/confirm")
    refused = officer.post("/account/confirm", {})
    assert refused.status == 422
    assert "Write your password." in refused.text


def test_the_page_sends_nobody_to_another_site(world, officer):
    officer.get("/account/confirm")
    code = code_of(world, "anne")
    confirmed = officer.post(
        "/account/confirm?next=https://example.org/", {"password": SECRET, "code": code}
    )
    assert confirmed.response.headers["Location"] == "/"


def test_a_change_of_role_does_not_make_the_proof_fresh(world):
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=world.accounts["anne"],
        unit_id=world.units["administration"],
        role=Role.ARCHIVIST,
    )
    client = visitor(world)
    enter(client, world, "anne")
    token = client.client.get_cookie("st_session").value
    world.clock.advance(LATER)
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=token)
    roles = {one.role: one for one in world.runtime.doorway.perform(sign_in.my_roles, actor)}
    for role in (Role.ARCHIVIST, Role.DPO):
        entered = world.runtime.doorway.perform(
            sign_in.enter_role, actor, grant_id=roles[role].grant_id
        )
        actor = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    again = CriticClient(site(world))
    again.client.set_cookie("st_session", entered.token)
    assert again.get(FILE).status == 303
