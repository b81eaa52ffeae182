"""Signing in, choosing a role and signing out."""

from datetime import timedelta

import pytest
from flask_login import current_user

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account
from bti.domain.codes import Role
from bti.identity import totp
from bti.web.i18n import COOKIE
from bti.workflows import account, sign_in
from tests.web.case_site import acts, enter, signed_in, site, visitor
from tests.web.critic import CriticClient
from tests.world import SECRET

WRONG = "feil feil feil feil"


def test_password_and_code_lead_to_the_first_page_of_the_role(world):
    client = visitor(world)
    entered = enter(client, world, "asta")
    assert entered.status == 303
    home = client.follow(entered)
    assert home.response.headers["Location"] == "/accounts"
    assert acts(world)[-1] == ("session:sign-in:allow", "allow")


def test_the_cookie_holds_a_token_that_scripts_cannot_read(world):
    entered = enter(visitor(world), world, "asta")
    cookie = next(
        one for one in entered.response.headers.getlist("Set-Cookie") if "st_session" in one
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert str(world.accounts["asta"]) not in cookie


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "noe helt annet enn det"},
        {"code": "000000"},
        {"username": "nobody-here"},
        {"password": "x" * 199},
        {"username": "' OR 1=1 --"},
    ],
)
def test_every_wrong_part_gets_the_same_refusal(world, changed):
    client = visitor(world)
    refused = enter(client, world, "asta", **changed)
    assert refused.status == 401
    assert "We could not sign you in" in refused.text
    assert acts(world)[-1][0] == "session:sign-in:deny"
    assert client.get("/accounts").status == 302


def test_neither_password_nor_code_comes_back_to_the_page(world):
    refused = enter(visitor(world), world, "asta", code="123456")
    assert SECRET.encode() not in refused.response.data
    assert b"123456" not in refused.response.data
    assert b'value="asta"' in refused.response.data


def test_many_wrong_attempts_must_wait(world):
    client = visitor(world)
    client.get("/sign-in")
    for _ in range(40):
        refused = client.post(
            "/sign-in", {"username": "asta", "password": "feil feil feil feil", "code": "1"}
        )
        if refused.status == 429:
            break
    assert refused.status == 429
    assert "too many attempts" in refused.text
    code = totp.code_at(world.seeds["asta"], world.clock.now())
    right = client.post("/sign-in", {"username": "asta", "password": SECRET, "code": code})
    assert right.status == 429
    assert enter(client, world, "asta").status == 303


def _attempt(world, address, secret=WRONG):
    return sign_in.sign_in(
        world.runtime.doorway,
        tenant_id=world.tenant_id,
        username="asta",
        secret=secret,
        code=totp.code_at(world.seeds["asta"], world.clock.now()),
        address=address,
    )


def test_guessing_elsewhere_does_not_make_a_colleague_wait(world):
    for _ in range(8):
        _attempt(world, "192.0.2.1")
    assert _attempt(world, "192.0.2.1", SECRET).wait_seconds > 0
    assert isinstance(_attempt(world, "192.0.2.2", SECRET), sign_in.SignedIn)


def test_hammering_while_waiting_is_entered_once(world):
    while not _attempt(world, "192.0.2.1").wait_seconds:
        pass
    before = len(acts(world))
    for _ in range(5):
        assert _attempt(world, "192.0.2.1").wait_seconds > 0
    assert len(acts(world)) == before


def test_a_right_sign_in_keeps_what_others_failed_at_the_address(world):
    for number in range(30):
        sign_in.sign_in(
            world.runtime.doorway,
            tenant_id=world.tenant_id,
            username=f"nobody-{number}",
            secret="feil",
            code="1",
            address="192.0.2.1",
        )
    assert isinstance(_attempt(world, "192.0.2.1", SECRET), sign_in.SignedIn)
    assert not _attempt(world, "192.0.2.1").wait_seconds
    assert _attempt(world, "192.0.2.1").wait_seconds > 0


def test_a_fourth_session_ends_the_oldest(world):
    clients = [visitor(world) for _ in range(4)]
    for client in clients:
        world.clock.advance(timedelta(minutes=1))
        assert enter(client, world, "asta").status == 303
    assert [client.get("/accounts").status for client in clients] == [302, 200, 200, 200]


def test_a_code_works_once(world):
    client = visitor(world)
    enter(client, world, "asta")
    other = visitor(world)
    other.get("/sign-in")
    world.clock.advance(timedelta(seconds=-60))
    assert enter(other, world, "asta").status == 401


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/accounts/new", "/accounts/new"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_after_signing_in_one_never_leaves_this_site(world, wanted, there):
    client = visitor(world)
    client.get("/sign-in")
    entered = enter(client, world, "asta", path=f"/sign-in?next={wanted}")
    assert entered.response.headers["Location"] == there


def test_a_form_without_its_token_is_refused(world):
    client = visitor(world)
    client.get("/sign-in")
    refused = client.post("/sign-in", {"csrf_token": "forged", "username": "asta"})
    assert refused.status == 400


def test_somebody_with_two_roles_chooses_and_gets_a_new_session(world):
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=world.accounts["asta"],
        unit_id=world.units["administration"],
        role=Role.DPO,
    )
    client = visitor(world)
    entered = enter(client, world, "asta")
    assert entered.response.headers["Location"].startswith("/role")
    page = client.follow(entered)
    first = client.client.get_cookie("st_session").value
    rows = [one for one in page.all("li") if "Data protection officer" in "".join(one.itertext())]
    role = next(one for one in rows[0].iter("input") if one.get("name") == "role")
    assert client.post("/role", {"role": role.get("value")}).status == 303
    assert client.client.get_cookie("st_session").value != first
    assert client.get("/insight").status == 200
    assert client.get("/accounts").status == 404
    client.client.set_cookie("st_session", first)
    assert client.get("/accounts").status == 302


@pytest.mark.parametrize("role", ["", "nonsense", "5a4cd9a1-1f6f-4b3e-8a4f-0a3d5a6f7b8c"])
def test_a_role_that_is_not_ones_own_does_not_exist(world, role):
    client = signed_in(world, "ingrid")
    client.get("/account")
    assert client.post("/role", {"role": role}).status == 404


def test_signing_out_ends_the_session_and_empties_the_browser(world):
    client = signed_in(world, "asta")
    client.get("/accounts")
    token = client.client.get_cookie("st_session").value
    gone = client.post("/sign-out")
    assert gone.response.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "You are signed out." in client.follow(gone).text
    client.client.set_cookie("st_session", token)
    assert client.get("/accounts").status == 302
    assert acts(world)[-1][0] == "session:sign-out:run"


def test_staying_signed_in_answers_with_nothing_and_moves_the_limit(world):
    client = signed_in(world, "asta")
    client.get("/accounts")
    for _ in range(3):
        world.clock.advance(timedelta(minutes=100))
        assert client.post("/extend").status == 204
    world.clock.advance(timedelta(minutes=121))
    assert client.get("/accounts").status == 302


def test_a_session_that_ran_out_is_told_of(world):
    client = signed_in(world, "asta")
    world.clock.advance(timedelta(minutes=121))
    assert "had not done anything" in client.get("/sign-in").text


def test_demo_accounts_are_offered_and_open_in_demo_mode(world):
    world.system(_make_demo, account_id=world.accounts["ingrid"])
    client = visitor(world, mode="demo")
    page = client.get("/sign-in")
    assert "Ingrid Kontaktlærer" in page.text
    assert [found.get("value") for found in page.all("button", name="account")] == [
        str(world.accounts["ingrid"])
    ]
    entered = client.post("/sign-in/demo", {"account": str(world.accounts["ingrid"])})
    assert entered.status == 303
    assert client.get("/account").status == 200


def test_demo_sign_in_is_not_there_outside_demo_mode(world):
    world.system(_make_demo, account_id=world.accounts["ingrid"])
    client = visitor(world)
    assert "made-up" not in client.get("/sign-in").text
    assert client.post("/sign-in/demo", {"account": str(world.accounts["ingrid"])}).status == 404


@pytest.mark.parametrize("who", ["", "nonsense", "per"])
def test_only_demo_accounts_are_opened_in_demo_mode(world, who):
    client = visitor(world, mode="demo")
    client.get("/sign-in")
    sent = str(world.accounts.get(who, who))
    assert client.post("/sign-in/demo", {"account": sent}).status == 404


def _make_demo(context, *, account_id):
    row = context.session.get_one(Account, account_id)
    context.verbs.open_directory(row.tenant_id)
    row.profile = {**row.profile, "demo": True}
    context.record(
        Action.ACCOUNT_PROFILE_CHANGE, Reference("account", row.id), tenant=row.tenant_id
    )


def test_flask_login_sees_the_same_person(world):
    app = site(world)
    with app.test_request_context(
        "/account", headers={"Cookie": f"st_session={world.token('asta')}"}
    ):
        app.preprocess_request()
        assert current_user.is_authenticated
        assert current_user.actor.account_id == world.accounts["asta"]
    with app.test_request_context("/account"):
        app.preprocess_request()
        assert not current_user.is_authenticated


def test_someone_turned_away_by_role_is_entered(world):
    client = signed_in(world, "ingrid")
    before = len(acts(world))
    assert client.get("/insight").status == 404
    assert acts(world)[before:] == [("access:request:deny", "deny")]


def test_the_guide_is_in_the_readers_language(world):
    client = signed_in(world, "ingrid")
    client.client.delete_cookie(COOKIE)
    assert "Skriv ned undringen" in client.get("/guide").text
    client.post("/language", {"language": "nn", "next": "/guide"})
    assert "Skriv ned undringa" in client.get("/guide").text


@pytest.mark.parametrize("path", ["/privacy", "/accessibility", "/help", "/sign-in"])
def test_pages_about_stafett_are_open_to_everyone(world, path):
    assert visitor(world).get(path).status == 200


def test_health_and_readiness_say_nothing_more(world):
    client = visitor(world)
    assert client.get("/healthz").response.data == b"ok\n"
    assert client.get("/readyz").response.data == b"ready\n"


def test_a_process_without_its_database_is_not_ready(world, tmp_path):
    client: CriticClient = visitor(world)
    world.runtime.engine.dispose()
    for file in world.runtime.settings.var_dir.glob("stafett.sqlite*"):
        file.rename(tmp_path / f"gone-{file.name}")
    answer = client.get("/readyz")
    assert answer.status == 503
    assert answer.response.data == b"not ready\n"
