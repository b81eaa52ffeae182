"""One's own account, and the administrator's register."""

import base64
import re
import uuid
from datetime import date

import pytest

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.db.models import Case, Log
from bti.domain.errors import AccessDenied
from bti.domain.national_id import made_up
from bti.identity import totp
from bti.workflows import case_file, duty, sign_in, worklist
from tests.web.case_site import acts, enter, signed_in, site, visitor
from tests.world import SECRET, World

NEW = "tretten stille bananer i regn"


def _take_baton(context):
    person = context.person
    context.verbs.subject()
    case = Case(tenant_id=person.tenant_id, unit_id=person.unit_id, number="1234-5678")
    context.verbs.new_case(case.id, ["core"])
    case.ops = case_file.Ops(
        level=1,
        status="open",
        log="active",
        opened_at=context.now,
        level_since=context.now,
        birth_date=norwegian_date(context.now),
        sector="school",
        categories=("ABS",),
    ).to_json()
    context.session.add(case)
    context.session.flush()
    context.session.add(
        Log(
            tenant_id=person.tenant_id,
            case_id=case.id,
            holder_id=person.account_id,
            holder_unit_id=person.unit_id,
        )
    )
    context.record(Action.LOG_OPEN_WRITE, Reference("case", case.id))


def _change(client, **changed):
    client.get("/account")
    typed = {"old": SECRET, "new": NEW, "again": NEW, **changed}
    return client.post("/account/password", typed)


def test_a_changed_password_is_the_one_that_works(world):
    client = signed_in(world, "ingrid")
    assert _change(client).status == 303
    assert "The password is changed" in client.get("/account").text
    assert enter(visitor(world), world, "ingrid").status == 401
    assert enter(visitor(world), world, "ingrid", password=NEW).status == 303
    assert ("account:password:change", "allow") in acts(world)


def test_changing_the_password_ends_every_other_session(world):
    app = site(world)
    other = visitor(world)
    enter(other, world, "ingrid")
    client = signed_in(world, "ingrid", app=app)
    assert other.get("/account").status == 200
    _change(client)
    assert client.get("/account").status == 200
    assert other.get("/account").status == 302


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"old": "noe helt annet enn det"}, "not your present password"),
        ({"new": "kort", "again": "kort"}, "too short"),
        ({"new": "passordpassord123", "again": "passordpassord123"}, "easy to guess"),
        ({"again": "noe helt annet enn det"}, "not the same"),
        ({"new": SECRET, "again": SECRET}, "the password you have now"),
        ({"new": "", "again": ""}, "Write a new password"),
    ],
)
def test_a_password_that_cannot_be_used_is_explained_and_nothing_changes(world, changed, text):
    refused = _change(signed_in(world, "ingrid"), **changed)
    assert refused.status == 422
    assert text in refused.text
    assert NEW.encode() not in refused.response.data
    assert enter(visitor(world), world, "ingrid").status == 303


def test_a_wrong_present_password_is_entered(world):
    _change(signed_in(world, "ingrid"), old="noe helt annet enn det")
    assert acts(world)[-1] != ("account:password:change", "allow")
    assert ("account:password:change", "deny") in acts(world)


def test_other_sessions_are_listed_and_ended(world):
    other = visitor(world)
    enter(other, world, "ingrid")
    client = signed_in(world, "ingrid")
    page = client.get("/account")
    assert "This browser." in page.text
    assert "Another browser." in page.text
    assert client.post("/account/sessions/end").status == 303
    assert "Another browser." not in client.get("/account").text
    assert other.get("/account").status == 302


def _welcome(client, world: World, **changed):
    client.get("/accounts/new")
    typed = {
        "name": "Ola Nordmann",
        "title": "Lærer",
        "username": "ola",
        "phone": "",
        "unit": str(world.units["school"]),
        "role": "staff",
        **changed,
    }
    return client.post("/accounts/new", typed)


def test_a_new_colleague_can_sign_in_with_what_was_shown_once(world):
    client = signed_in(world, "asta")
    page = _welcome(client, world)
    assert page.status == 200
    assert page.all("img")[0].get("src").startswith("data:image/svg+xml")
    secret = re.search(r"Password(\S+?) ?Code", page.text).group(1)
    spelt = re.search(r"for the app((?: ?[A-Z2-7]{4}){8})", page.text).group(1)
    world.seeds["ola"] = _unspelt(spelt)
    assert enter(visitor(world), world, "ola", password=secret).status == 303
    assert secret not in client.get("/accounts").text


@pytest.fixture
def ola(world):
    """A new colleague's browser, signed in with what the administrator made; and the password."""
    page = _welcome(signed_in(world, "asta"), world)
    secret = re.search(r"Password(\S+?) ?Code", page.text).group(1)
    world.seeds["ola"] = _unspelt(
        re.search(r"for the app((?: ?[A-Z2-7]{4}){8})", page.text).group(1)
    )
    client = visitor(world)
    enter(client, world, "ola", password=secret)
    return client, secret


def _make_own(client, world, **changed):
    page = client.get("/account/first")
    seed = _unspelt(re.search(r"for the app((?: ?[A-Z2-7]{4}){8})", page.text).group(1))
    typed = {"new": NEW, "again": NEW, "code": totp.code_at(seed, world.clock.now()), **changed}
    return seed, client.post("/account/first", typed)


def test_nothing_is_open_before_the_account_is_ones_own(world, ola):
    client, _ = ola
    for path in ("/account", "/worklist", "/approvals", "/concern", "/role"):
        answer = client.get(path)
        if answer.status != 404:
            assert (answer.status, answer.response.location) == (303, "/account/first"), path
    assert client.post("/account/sessions/end").response.location == "/account/first"


def test_the_broker_refuses_a_first_session_too(world, ola):
    client, _ = ola
    token = client.client.get_cookie("st_session").value
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=token)
    with pytest.raises(AccessDenied, match="weak_sign_in"):
        world.runtime.doorway.perform(worklist.my_day, actor)
    # The duty to report asks nothing of how one has signed in.
    assert world.runtime.doorway.perform(duty.open_report, actor).letters


def test_with_a_password_and_an_app_of_ones_own_the_account_opens_and_the_first_are_dead(
    world, ola
):
    client, first = ola
    old_seed = world.seeds["ola"]
    thief = visitor(world)
    enter(thief, world, "ola", password=first)
    seed, answer = _make_own(client, world)
    assert answer.response.location == "/"
    assert "The account is yours" in client.get("/account").text
    assert thief.get("/account").status == 302
    assert enter(visitor(world), world, "ola", password=first).status == 401
    assert enter(visitor(world), world, "ola", password=NEW).status == 401
    world.seeds["ola"] = seed
    assert seed != old_seed
    assert enter(visitor(world), world, "ola", password=NEW).response.location == "/"
    assert client.get("/account/first").status == 404


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code": "000000"}, "The code was not right"),
        ({"new": "kort", "again": "kort"}, "at least 15"),
        ({"again": "noe helt annet enn det"}, "not the same"),
        ({"code": ""}, "Write the code"),
    ],
)
def test_a_first_step_that_fails_is_explained_and_changes_nothing(world, ola, changed, said):
    client, first = ola
    _, answer = _make_own(client, world, **changed)
    assert answer.status == 422
    assert said in answer.text
    assert enter(visitor(world), world, "ola", password=first).status == 303
    assert client.get("/account").response.location == "/account/first"


def test_the_first_password_is_not_ones_own(world, ola):
    client, first = ola
    _, answer = _make_own(client, world, new=first, again=first)
    assert "the password you have now" in answer.text


def test_the_secret_of_the_app_stays_the_same_until_it_is_taken_into_use(world, ola):
    client, _ = ola
    seed, _ = _make_own(client, world, code="000000")
    assert _make_own(client, world, code="000000")[0] == seed


def test_one_session_of_ones_own_is_ended_and_nobody_elses(world):
    app = site(world)
    others = [visitor(world), visitor(world)]
    for other in others:
        enter(other, world, "ingrid")
    client = signed_in(world, "ingrid", app=app)
    ends = [
        form.get("action")
        for form in client.get("/account").all("form")
        if "/account/sessions/" in (form.get("action") or "")
        and not form.get("action").endswith("sessions/end")
    ]
    assert len(ends) == 2
    assert client.post(ends[0]).status == 303
    assert sorted(other.get("/account").status for other in others) == [200, 302]
    assert client.post(ends[0]).status == 404
    stranger = signed_in(world, "per", app=app)
    stranger.get("/account")
    assert stranger.post(ends[1]).status == 404


def _unspelt(spelt: str) -> bytes:
    seed = base64.b32decode(spelt.replace(" ", ""))
    assert len(seed) == totp.SECRET_BYTES
    return seed


@pytest.mark.parametrize(
    "changed",
    [
        {"username": "ingrid"},
        {"name": ""},
        {"unit": str(uuid.uuid4())},
        {"role": "slt_coordinator"},
        {"role": "guardian"},
        {"name": "x" * 101},
        {"title": "\x07"},
    ],
)
def test_an_account_that_cannot_be_made_is_explained_and_what_was_typed_stays(world, changed):
    client = signed_in(world, "asta")
    refused = _welcome(client, world, **changed)
    assert refused.status == 422
    assert refused.all("div", id="errors")
    assert "Ola Nordmann" not in client.get("/accounts").text


def test_a_role_is_given_once_and_ended(world):
    client = signed_in(world, "asta")
    here = f"/accounts/{world.accounts['kari']}"
    client.get(here)
    sent = {"unit": str(world.units["pps"]), "role": "staff"}
    assert client.post(f"{here}/roles", sent).status == 303
    assert client.post(f"{here}/roles", sent).status == 422
    page = client.get(here)
    ends = [
        one.get("action") for one in page.all("form") if str(one.get("action")).endswith("/end")
    ]
    assert len(ends) == 2
    assert client.post(ends[1]).status == 303
    assert client.post(ends[1]).status == 404


def test_nobody_leaves_with_the_baton_in_hand(world):
    world.run("ingrid", _take_baton)
    client = signed_in(world, "asta")
    here = f"/accounts/{world.accounts['ingrid']}"
    page = client.get(here)
    end = next(one.get("action") for one in page.all("form") if "/end" in str(one.get("action")))
    for action in (end, f"{here}/disable"):
        refused = client.post(action)
        assert refused.status == 422
        assert "1 baton in hand" in refused.text
        assert "1234-5678" not in refused.text
    assert signed_in(world, "ingrid").get("/account").status == 200


def test_a_closed_account_is_signed_out_at_once(world):
    victim = signed_in(world, "per")
    assert victim.get("/account").status == 200
    client = signed_in(world, "asta")
    client.get("/accounts")
    assert client.post(f"/accounts/{world.accounts['per']}/disable").status == 303
    assert victim.get("/account").status == 302
    assert enter(visitor(world), world, "per").status == 401
    assert ("account:profile:disable", "allow") in acts(world)


def test_who_cannot_get_in_still_sees_whom_to_call_for_a_child_in_danger(world):
    told = visitor(world).get("/sign-in").text.replace("\u00a0", " ")
    assert "police on 112" in told
    assert "116 111" in told


def test_an_administrator_cannot_give_themselves_a_role(world):
    client = signed_in(world, "asta")
    here = f"/accounts/{world.accounts['asta']}"
    client.get(here)
    before = acts(world).count(("account:role:grant", "allow"))
    sent = {"unit": str(world.units["school"]), "role": "dpo"}
    refused = client.post(f"{here}/roles", sent)
    assert refused.status == 422
    assert "You cannot give yourself a role" in refused.text
    assert acts(world).count(("account:role:grant", "allow")) == before


def test_an_administrator_cannot_close_their_own_account(world):
    client = signed_in(world, "asta")
    client.get("/accounts")
    refused = client.post(f"/accounts/{world.accounts['asta']}/disable")
    assert refused.status == 422
    assert "your own account" in refused.text


@pytest.mark.parametrize("who", ["ingrid", "siv", "hege", "anne", "arne"])
def test_the_register_is_for_administrators(world, who):
    client = signed_in(world, who)
    client.get("/account")
    for path in ("/accounts", "/accounts/new", f"/accounts/{world.accounts['per']}"):
        assert client.get(path).status == 404
    assert _post(client, f"/accounts/{world.accounts['per']}/disable") == 404


def _post(client, path: str) -> int:
    return client.post(path).status


def test_who_a_colleague_is_is_registered_and_shown_to_nobody(world):
    number = made_up(date(2004, 3, 2), range(500, 1000))
    client = signed_in(world, "asta")
    address = f"/accounts/{world.accounts['siv']}"
    client.get(address)
    wrong = client.post(f"{address}/person", {"national_id": number[:-1]})
    assert wrong.status == 422
    assert "eleven digits" in wrong.text
    assert client.post(f"{address}/person", {"national_id": number}).status == 303
    page = client.get(address)
    assert "Registered 1 September 2026" in page.text
    assert number not in page.text
    assert "was registered 1 September 2026" in signed_in(world, "siv").get("/account").text
    assert "was registered" not in client.get("/account").text
    assert ("account:person:register", "allow") in acts(world)


def test_another_municipalitys_account_does_not_exist(world):
    client = signed_in(world, "asta")
    client.get("/accounts")
    for path in (f"/accounts/{uuid.uuid4()}/disable", f"/accounts/{uuid.uuid4()}/roles"):
        status = client.post(path, {"unit": str(world.units["pps"]), "role": "staff"}).status
        assert status == 404


def test_the_language_of_the_account_is_the_language_of_the_page(world):
    world.run("ingrid", sign_in.choose_language, language="en")
    page = signed_in(world, "ingrid").get("/account")
    assert page.all("html")[0].get("lang") == "en"
