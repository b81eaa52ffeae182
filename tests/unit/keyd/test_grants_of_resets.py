"""An account begins anew on what two people agreed to just now: exactly that, once, and weak."""

from datetime import timedelta

import pytest

from bti.domain.access import Action
from bti.domain.account_reset import LIVES
from bti.domain.approval import ApprovalAct, digest_of
from bti.keyd.grant_facts import SLOWEST
from tests.unit.domain.samples import NOON, NURSE, PPS, PRINCIPAL, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows, asks

MANAGES = {"can_at_all": (Action.MANAGE_ACCOUNTS,)}
SEED = {"totp_ct": b"new"}
#: What was used up, by the moment at which it was.
GIVEN, OTHER_UNIT, OTHER_ACT, ANOTHERS, BY_ITSELF, WAITS, LONG_AGO = (
    NOON - timedelta(seconds=n) for n in (0, 1, 2, 3, 4, 5, 300)
)
LEFT_UNIT, ASKERS_OWN = NOON - timedelta(seconds=7), NOON - timedelta(seconds=8)
RIGHT = {"account": str(NURSE), "unit": str(PPS), "lost": "phone"}


def reset_of(account, unit):
    """What an approval of a reset is bound to."""
    right = {"account": str(account), "unit": str(unit), "lost": "phone"}
    return digest_of(ApprovalAct.ACCOUNT_RESET, right)


@pytest.fixture(scope="module")
def rows():
    """A colleague with a role in one unit, and approvals of which one is the right one."""
    made = Rows()
    made.put("role_grants", id=an_id(80), account_id=NURSE, unit_id=PPS)
    made.put("role_grants", id=an_id(81), account_id=NURSE, unit_id=SCHOOL, valid_to=NOON)
    made.put("role_grants", id=an_id(82), account_id=TEACHER, unit_id=SCHOOL)
    for account, until in ((NURSE, NOON + timedelta(seconds=1)), (TEACHER, NOON)):
        first = {"must_renew": True, "first_until": until, "username_token": account.bytes}
        made.put("accounts", id=account, **first)
    for number, (used_at, changes) in enumerate(
        (
            (GIVEN, {}),
            (OTHER_UNIT, {"digest": digest_of(ApprovalAct.ACCOUNT_RESET, RIGHT | {"unit": "x"})}),
            (OTHER_ACT, {"digest": digest_of(ApprovalAct.ROLE_GRANT, RIGHT)}),
            (ANOTHERS, {"requested_by_id": an_id(34)}),
            (BY_ITSELF, {"answered_by_id": NURSE}),
            (WAITS, {"state": "given"}),
            (LONG_AGO, {}),
            (NOON + timedelta(seconds=1), {"tenant_id": an_id(2)}),
            (LEFT_UNIT, {"digest": reset_of(NURSE, SCHOOL)}),
            (ASKERS_OWN, {"digest": reset_of(TEACHER, SCHOOL)}),
        )
    ):
        right = digest_of(ApprovalAct.ACCOUNT_RESET, RIGHT)
        approval = {"requested_by_id": TEACHER, "answered_by_id": PRINCIPAL, "state": "used"}
        approval |= {"tenant_id": TENANT, "params_sha256": changes.pop("digest", right)}
        # What only waits has no such moment in a real database; here it is the state that tells.
        stored = approval | changes
        stored["used_at"] = None if stored["state"] == "given" else used_at
        made.put("approvals", id=an_id(100 + number), **stored)
    yield made
    made.end()


def an_account(**changes):
    account = {"username_token": b"anne", "tenant_id": TENANT, "active": True, "suspended_at": None}
    account |= {"password_hash": "old", "must_renew": False, "language": "nb"}
    account |= {"first_until": None, "totp_next_ct": None}
    return account | changes


def anew(used_at=GIVEN, **changes):
    both = {"password_hash": "new", "must_renew": True}
    return an_account(**(both | {"first_until": used_at + LIVES} | changes))


def begins(rows, new, old=None, **powers):
    powers = {"row": NURSE, "beyond": SEED} | MANAGES | powers
    return asks(rows, "accounts", new, old or an_account(), **powers)


def test_two_people_let_an_account_begin_anew(rows):
    assert begins(rows, anew())
    # Whoever has the lost phone and signs in just now stops nobody.
    assert begins(rows, anew(), shown=(NURSE,))
    assert begins(rows, anew(), an_account(first_until=NOON - LIVES))
    # What is sealed is sealed anew with every version.
    assert begins(rows, anew(profile_ct=b"again"), an_account(profile_ct=b"before"))


@pytest.mark.parametrize(
    "used_at",
    [
        OTHER_UNIT,
        OTHER_ACT,
        ANOTHERS,
        BY_ITSELF,
        WAITS,
        LONG_AGO,
        LEFT_UNIT,
        NOON + timedelta(seconds=1),
        NOON - timedelta(seconds=6),
    ],
)
def test_without_their_yes_to_exactly_this_it_does_not(rows, used_at):
    assert not begins(rows, anew(used_at))


def test_nobody_lets_their_own_account_begin_anew(rows):
    assert not begins(rows, anew(ASKERS_OWN), row=TEACHER)


def test_their_yes_is_old_after_a_few_minutes():
    assert NOON - SLOWEST == LONG_AGO


@pytest.mark.parametrize(
    ("changes", "old", "powers"),
    [
        ({"must_renew": False}, {}, {}),
        ({"password_hash": "old"}, {}, {}),
        ({}, {}, {"beyond": {"totp_ct": None}}),
        ({}, {}, {"beyond": {}}),
        ({}, {}, {"beyond": SEED | {"profile_ct": b"another name"}}),
        ({"totp_next_ct": b"shown before"}, {}, {}),
        ({"language": "nn"}, {}, {}),
        ({}, {"active": False}, {}),
        ({"active": False}, {"active": False}, {}),
        ({}, {"suspended_at": NOON}, {}),
        ({"suspended_at": NOON}, {"suspended_at": NOON}, {}),
        ({"first_until": None}, {"first_until": NOON}, {}),
        ({}, {"first_until": NOON + LIVES}, {}),
        ({}, {"first_until": NOON + 2 * LIVES}, {}),
        ({}, {}, {"can_at_all": ()}),
        ({}, {}, {"row": TEACHER}),
    ],
)
def test_it_is_both_halves_and_nothing_beside_them_by_who_may_and_once(rows, changes, old, powers):
    assert not begins(rows, anew(**changes), an_account(**old), **powers)


@pytest.mark.parametrize("self", [{"row": TEACHER}, {"row": NURSE, "shown": (NURSE,)}])
def test_nobody_gives_themselves_longer(rows, self):
    due = an_account(must_renew=True, first_until=NOON)
    assert begins(rows, due | {"language": "nn"}, due, **(self | {"beyond": {}}))
    assert not begins(rows, due | {"first_until": NOON + timedelta(hours=1)}, due, **self)


@pytest.mark.parametrize(
    ("account", "grant", "begins"), [(NURSE, an_id(80), True), (TEACHER, an_id(82), False)]
)
def test_the_first_password_and_code_are_good_until_their_day_is_over(rows, account, grant, begins):
    soon = NOON + timedelta(hours=1)
    session = {"account_id": account, "role_grant_id": grant, "strength": "first"}
    session |= {"expires_at": soon, "revoked_at": None, "proven_at": NOON}
    # Also not as what goes on from a session that such a code began before.
    powers = {"shown": (account,), "strength": "first", "ends_at": soon}
    assert asks(rows, "web_sessions", session, **powers) is begins
