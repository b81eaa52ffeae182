"""Whose account gets a MAC that somebody else has made, and when it is its owner's."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED
from bti.db.models import Account
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.domain.step_up import FRESH_FOR
from bti.keyd import codes
from bti.keyd.grant_people import LONGEST
from tests.unit.domain.samples import NOON, NURSE, OTHER_TENANT, PRINCIPAL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import ROW, Rows, asks

SECOND = timedelta(seconds=1)
MANAGES = {"can_at_all": (Action.MANAGE_ACCOUNTS,)}
SPENT_LATE, SPENT_BY_ANOTHER = an_id(71), an_id(72)
NEXT_DOOR = an_id(75)
SECRET = b"its owner's own 20 b"
#: The rule asks nobody whose session of a first password it is but the one who asks.
OWN = {"row": TEACHER, "strength": "first", "secrets_shown": {(TEACHER, "totp_next_ct"): SECRET}}
SEALED = {"totp_ct": json_to_bytes(SECRET.hex()), "profile_ct": None}


@pytest.fixture(scope="module")
def rows():
    """Proofs that were used up for an account, and two people's accounts in their own hands."""
    made = Rows()
    for number, (who, spent_on, shown_at) in enumerate(
        (
            (TEACHER, ROW, NOON - FRESH_FOR + SECOND),
            (TEACHER, SPENT_LATE, NOON - FRESH_FOR),
            (PRINCIPAL, SPENT_BY_ANOTHER, NOON),
        )
    ):
        proof = {"account_id": who, "secret_mark": bytes([number]) * 16, "last_step": 1}
        made.put("broker_codes", **proof, tenant_id=TENANT, shown_at=shown_at, spent_on=spent_on)
    for who, weak in ((TEACHER, False), (NURSE, True)):
        made.put("accounts", id=who, must_renew=weak, username_token=who.bytes)
        made.put("role_grants", id=an_id(80 + weak), account_id=who)
    made.put("accounts", id=NEXT_DOOR, tenant_id=OTHER_TENANT, username_token=b"next door")
    yield made
    made.end()


def an_account(**changes):
    account = {"username_token": b"anne", "tenant_id": TENANT, "active": True, "must_renew": True}
    account |= dict.fromkeys(("suspended_at", "first_until", "totp_next_ct", "first_code_ct"))
    return account | {"password_hash": "first", "language": "nb"} | changes


def test_an_account_is_made_on_a_proof_that_was_used_up_for_it(rows):
    beyond = {"totp_ct": b"first", "profile_ct": b"name"}
    assert asks(rows, "accounts", an_account(), beyond=beyond, **MANAGES)
    assert not asks(rows, "accounts", an_account(), beyond=beyond)
    for other in (SPENT_LATE, SPENT_BY_ANOTHER, an_id(73)):
        assert not asks(rows, "accounts", an_account(), row=other, beyond=beyond, **MANAGES)


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({"must_renew": False}, {}),
        ({"active": False}, {}),
        ({"suspended_at": NOON}, {}),
        ({"first_until": NOON}, {}),
        ({"totp_next_ct": b"x"}, {}),
        ({}, {"totp_next_ct": b"x"}),
        ({}, {"first_code_ct": b"x"}),
    ],
)
def test_a_new_account_is_weak_and_nothing_more(rows, changes, beyond):
    assert not asks(rows, "accounts", an_account(**changes), beyond=beyond, **MANAGES)


def a_person(**changes):
    return {"account_id": NURSE, "token": b"t" * 16, "noted_at": NOON} | changes


def test_who_a_colleague_is_takes_a_proof_that_was_used_up_for_it(rows):
    assert asks(rows, "account_persons", a_person(), **MANAGES)
    assert not asks(rows, "account_persons", a_person())
    for other in (SPENT_LATE, SPENT_BY_ANOTHER, an_id(73)):
        assert not asks(rows, "account_persons", a_person(), row=other, **MANAGES)


@pytest.mark.parametrize(
    ("changes", "old"),
    [
        ({"noted_at": NOON + SECOND}, None),
        ({"noted_at": NOON - timedelta(minutes=5)}, None),
        ({"noted_at": None}, None),
        ({"account_id": an_id(74)}, None),
        ({"account_id": NEXT_DOOR}, None),
        ({}, a_person(token=b"o" * 16)),
        ({}, a_person()),
    ],
)
def test_it_is_noted_now_of_somebody_who_is_here_and_never_changed(rows, changes, old):
    assert not asks(rows, "account_persons", a_person(**changes), old, **MANAGES)


def test_a_proof_is_used_up_for_one_account(rows):
    spend = (rows, TEACHER, an_id(74))
    assert not codes.spend(*spend, NOON)
    proof = {"account_id": NURSE, "secret_mark": b"m" * 16, "last_step": 1, "tenant_id": TENANT}
    rows.put("broker_codes", **proof, shown_at=NOON)
    assert not codes.spend(rows, NURSE, an_id(74), NOON + FRESH_FOR)
    assert codes.spend(rows, NURSE, an_id(74), NOON + FRESH_FOR - SECOND)
    assert not codes.spend(rows, NURSE, an_id(75), NOON)
    assert not codes.spend(rows, NURSE, an_id(74), NOON)
    assert codes.is_spent_on(rows, NURSE, an_id(74), NOON)
    assert not codes.is_spent_on(rows, NURSE, an_id(75), NOON)


def own(**changes):
    return an_account(must_renew=False, password_hash="own", **changes)


def test_an_account_is_its_owners_with_a_password_and_a_shown_code_of_their_own(rows):
    waits = an_account(totp_next_ct=b"waits")
    assert asks(rows, "accounts", own(), waits, beyond=SEALED, **OWN)
    assert (
        asks(rows, "accounts", own(), an_account(first_until=NOON), beyond=SEALED, **OWN) is False
    )


@pytest.mark.parametrize(
    ("changes", "beyond", "powers"),
    [
        ({"password_hash": "first"}, {}, {}),
        ({"totp_next_ct": b"another"}, {}, {}),
        ({"first_code_ct": b"first"}, {}, {}),
        ({"language": "nn"}, {}, {}),
        ({"suspended_at": NOON}, {}, {}),
        ({}, {"totp_ct": json_to_bytes("another")}, {}),
        ({}, {"totp_ct": None}, {}),
        ({}, {"profile_ct": b"another"}, {}),
        ({}, {}, {"strength": "password+totp"}),
        ({}, {}, {"row": NURSE, "shown": (NURSE,)}),
        ({}, {}, {"secrets_shown": {}}),
        ({}, {}, {"secrets_shown": {(TEACHER, "totp_ct"): SECRET}}),
        ({}, {}, {"secrets_shown": {(NURSE, "totp_next_ct"): SECRET}}),
    ],
)
def test_nothing_less_makes_it_theirs_and_nothing_more_changes(rows, changes, beyond, powers):
    waits = an_account(totp_next_ct=b"waits")
    new = an_account(**({"must_renew": False, "password_hash": "own"} | changes))
    assert not asks(rows, "accounts", new, waits, beyond=SEALED | beyond, **(OWN | powers))


def a_session(**changes):
    ends = NOON + LONGEST / 2
    session = {"account_id": TEACHER, "role_grant_id": an_id(80), "strength": "password+totp"}
    return session | {"expires_at": ends, "revoked_at": None, "proven_at": NOON} | changes


def goes_on(rows, session, **powers):
    powers = {"strength": "first", "ends_at": NOON + LONGEST / 2} | powers
    return asks(rows, "web_sessions", session, **powers)


def test_a_first_session_becomes_a_full_one_in_an_account_that_is_its_owners(rows):
    shown = {"secrets_shown": {(TEACHER, "totp_ct"): SECRET}}
    assert goes_on(rows, a_session(), **shown)
    assert not goes_on(rows, a_session())
    assert not goes_on(rows, a_session(), secrets_shown={(TEACHER, "totp_next_ct"): SECRET})
    assert not goes_on(rows, a_session(proven_at=NOON + SECOND), **shown)
    with pytest.raises(AccessDenied, match=FORGED):
        goes_on(rows, a_session(), forged=(TEACHER,), **shown)
    with rows.begin_nested() as renewing:
        rows.execute(update(Account.__table__).values(must_renew=True))
        rows.expire_all()
        assert not goes_on(rows, a_session(), **shown)
        renewing.rollback()


def test_no_session_is_full_in_an_account_that_is_not_its_owners_yet(rows):
    nurses = a_session(account_id=NURSE, role_grant_id=an_id(81))
    assert not asks(rows, "web_sessions", nurses, shown=(NURSE,), signed_in=False)
    nurses["strength"] = "first"
    assert asks(rows, "web_sessions", nurses, shown=(NURSE,), signed_in=False)
