"""A lost phone or password: two people each give one half, and the person makes everything anew."""

import uuid
from datetime import timedelta

import pytest

from bti.domain.account_reset import LIVES
from bti.domain.approval import ApprovalRefused
from bti.domain.errors import AccessDenied, RuleBroken
from bti.identity import totp
from bti.workflows import account_reset, approval, case, own_account, sign_in
from bti.workflows.errors import NotFound
from tests.approvals import freshly
from tests.integration.workflows import cases
from tests.web.case_site import acts, signed_in
from tests.world import SECRET


def asked(world, who="per", by="asta"):
    freshly(world, by)
    found = {"account_id": world.accounts[who], "lost": "phone", "reason": "Mistet på bussen"}
    return world.run(by, account_reset.ask, **found)


def agreed(world, who="per", giver="siv"):
    approval_id = asked(world, who)
    freshly(world, giver)
    world.run(giver, approval.give, approval_id=approval_id)
    return approval_id


def begun(world, who="per"):
    """Both halves, each from the one who has it."""
    approval_id = agreed(world, who)
    freshly(world, "asta")
    password = world.run("asta", account_reset.carry_out, approval_id=approval_id)
    freshly(world, "siv")
    return password, world.run("siv", account_reset.code_half, approval_id=approval_id)


def enter(world, username, secret, seed):
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    return sign_in.sign_in(
        world.runtime.doorway,
        tenant_id=world.tenant_id,
        username=username,
        secret=secret,
        code=totp.code_at(seed, world.clock.now()),
        address="198.51.100.7",
    )


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_the_two_halves_open_a_weak_session_and_the_old_ones_nothing(request, engine):
    world = request.getfixturevalue(engine)
    case_id = cases.new_case(world, "per")
    old = world.token("per")
    password, code = begun(world)
    assert world.runtime.doorway.perform(sign_in.identify, None, token=old) is None
    assert isinstance(enter(world, "per", SECRET, world.seeds["per"]), sign_in.SignInRefused)
    assert isinstance(
        enter(world, "per", password.secret, world.seeds["per"]), sign_in.SignInRefused
    )
    entered = enter(world, "per", password.secret, code.totp_secret)
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    assert actor.strength == sign_in.STRENGTH_FIRST
    with pytest.raises(AccessDenied, match=r"access\.weak_sign_in"):
        world.runtime.doorway.perform(case.show_case, actor, case_id=case_id)
    assert acts(world).count(("account:reset:write", "allow")) == 1
    cases.holds_together(world)


def test_neither_of_the_two_holds_both_halves(world):
    approval_id = agreed(world)
    freshly(world, "asta")
    client = signed_in(world, "asta")
    client.get(f"/approvals/{approval_id}")
    page = client.post(f"/accounts/resets/{approval_id}", {})
    assert "This is shown only now." in page.text
    assert "Code for the app" not in page.text
    assert not page.all("img")
    for who in ("asta", "anne", "ingrid"):
        with pytest.raises((NotFound, AccessDenied)):
            world.run(who, account_reset.code_half, approval_id=approval_id)
    freshly(world, "siv")
    shown = signed_in(world, "siv").get(f"/accounts/resets/{approval_id}/code")
    assert "Code for the app" in shown.text
    assert "Password" not in [one.text for one in shown.all("dt")]


def test_after_a_day_the_halves_are_worth_nothing(world):
    password, code = begun(world)
    world.clock.advance(LIVES)
    refused = enter(world, "per", password.secret, code.totp_secret)
    assert isinstance(refused, sign_in.SignInRefused)
    assert acts(world)[-1] == ("session:sign-in:deny", "deny")


def test_it_takes_a_yes_is_done_once_and_never_to_oneself_or_who_is_closed_out(world):
    approval_id = asked(world)
    with pytest.raises(ApprovalRefused, match=r"approval\.not_given"):
        world.run("asta", account_reset.carry_out, approval_id=approval_id)
    for who in ("asta", "hege"):
        freshly(world, who)
        with pytest.raises(ApprovalRefused):
            world.run(who, approval.give, approval_id=approval_id)
    freshly(world, "siv")
    world.run("siv", approval.give, approval_id=approval_id)
    freshly(world, "asta")
    world.run("asta", account_reset.carry_out, approval_id=approval_id)
    with pytest.raises(ApprovalRefused, match=r"approval\.used"):
        world.run("asta", account_reset.carry_out, approval_id=approval_id)
    with pytest.raises(RuleBroken, match=r"account\.own"):
        asked(world, "asta")
    for who in ("siv", "anne", "ingrid"):
        with pytest.raises(AccessDenied):
            asked(world, "per", by=who)


def test_the_person_is_told_on_their_own_page_who_did_it(world):
    password, code = begun(world)
    entered = enter(world, "per", password.secret, code.totp_secret)
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    shown = world.runtime.doorway.perform(own_account.show, actor)
    assert shown.anew[1:] == ("Asta Berg", "Siv Aas")
    assert world.run("ingrid", own_account.show).anew is None


def test_the_page_asks_what_is_lost_and_why(world):
    freshly(world, "asta")
    client = signed_in(world, "asta")
    address = f"/accounts/{world.accounts['per']}"
    client.get(address)
    refused = client.post(f"{address}/reset", {"lost": "phone", "reason": ""})
    assert refused.status == 422
    client.get(address)
    answer = client.post(f"{address}/reset", {"lost": "both", "reason": "Stjålet veske"})
    assert "Let a colleague set up the sign-in again" in client.follow(answer).text
    uuid.UUID(answer.response.headers["Location"].rpartition("/")[2])
