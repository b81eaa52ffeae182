"""Whose rows about people get a MAC: accounts, roles, sessions and own records."""

from datetime import timedelta

import pytest

from bti.db.guards import FORGED
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.keyd.grant_facts import SLOWEST
from bti.keyd.grant_people import LONGEST
from tests.unit.domain.samples import NOON, NURSE, PPS, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import ROW, Rows, asks

SOON, LATE = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
SECOND = timedelta(seconds=1)
MANAGES = {"can_at_all": (Action.MANAGE_ACCOUNTS,)}
OPERATES = {"operator": True}
OWN_ROLE, NURSES_ROLE, FORGED_ROLE = an_id(80), an_id(81), an_id(82)
RENEWING, CLOSED, FORGED_CLOSED = an_id(60), an_id(61), an_id(62)


@pytest.fixture(scope="module")
def rows():
    """Two people with roles, one with a first password, and one who was closed out of the school."""
    made = Rows()
    for grant, account in ((OWN_ROLE, TEACHER), (NURSES_ROLE, NURSE), (FORGED_ROLE, TEACHER)):
        made.put("role_grants", id=grant, account_id=account)
    made.put("role_grants", id=an_id(83), account_id=RENEWING)
    made.put("role_grants", id=an_id(84), account_id=TEACHER, tenant_id=an_id(2))
    made.put("role_grants", id=an_id(85), account_id=an_id(63))
    made.put("accounts", id=an_id(63), tenant_id=an_id(2), must_renew=False, username_token=b"3")
    made.put("accounts", id=TEACHER, must_renew=False, username_token=b"1")
    made.put("accounts", id=RENEWING, must_renew=True, username_token=b"2")
    for row, account, unit, settled in (
        (an_id(90), CLOSED, SCHOOL, None),
        (an_id(91), NURSE, SCHOOL, NOON),
        (an_id(92), RENEWING, PPS, None),
        (an_id(93), FORGED_CLOSED, SCHOOL, None),
    ):
        made.put("suspensions", id=row, account_id=account, unit_id=unit, settled_at=settled)
    yield made
    made.end()


# -- accounts ------------------------------------------------------------------------------------


def an_account(**changes):
    account = {"username_token": b"anne", "tenant_id": TENANT, "active": True, "suspended_at": None}
    account |= {"password_hash": "old", "must_renew": False, "first_until": None}
    return account | {"language": "nb"} | changes


def test_the_operator_makes_accounts_as_they_like(rows):
    assert asks(rows, "accounts", an_account(), **OPERATES, signed_in=False)


@pytest.mark.parametrize(
    ("changes", "old", "beyond", "allowed"),
    [
        ({"language": "nn"}, {}, {}, True),
        ({"password_hash": "new"}, {}, {}, True),
        ({"language": "nn"}, {}, {"totp_ct": b"new"}, False),
        ({"language": "nn"}, {}, {"profile_ct": b"new", "totp_ct": None}, True),
        ({"must_renew": True}, {}, {}, False),
        ({"language": "nn"}, {"must_renew": True}, {}, True),
        ({"language": "nn"}, {"must_renew": True}, {"totp_ct": b"new"}, False),
        ({"username_token": b"per"}, {}, {}, False),
        ({"tenant_id": an_id(2)}, {}, {}, False),
        ({"active": True}, {"active": False}, {}, False),
        ({"suspended_at": None}, {"suspended_at": NOON}, {}, False),
    ],
)
def test_a_person_changes_their_own_account_and_a_code_only_when_it_is_due(
    rows, changes, old, beyond, allowed
):
    stands = an_account(**old)
    new = stands | changes
    for self in ({"row": TEACHER}, {"row": NURSE, "shown": (NURSE,), "signed_in": False}):
        assert asks(rows, "accounts", new, stands, beyond=beyond, **self) is allowed
    if changes.keys() & {"language"}:
        assert not asks(rows, "accounts", new | {"password_hash": "x"}, stands, row=NURSE)


def test_without_a_session_or_a_code_just_shown_no_account_is_ones_own(rows):
    new = an_account(language="nn")
    assert not asks(rows, "accounts", new, an_account(), row=NURSE, signed_in=False)


@pytest.mark.parametrize(
    ("changes", "beyond", "allowed"),
    [
        ({}, {}, True),
        ({}, {"profile_ct": None}, True),
        ({}, {"profile_ct": b"new"}, False),
        ({}, {"profile_ct": None, "totp_ct": b"new"}, False),
        ({"password_hash": "new"}, {}, False),
        ({"suspended_at": NOON}, {}, True),
        # What a first password and code still stand for: else a weak account came back as one's own.
        ({"must_renew": True}, {}, False),
        ({"first_until": LATE}, {}, False),
        ({"language": "nn"}, {}, False),
        # What was sealed is sealed anew for the next version.
        ({"profile_ct": b"anew"}, {}, True),
    ],
)
def test_anybodys_account_is_closed_at_once_with_nothing_else(rows, changes, beyond, allowed):
    new = an_account(active=False, **{"profile_ct": b"sealed"} | changes)
    stands = an_account(profile_ct=b"sealed")
    assert asks(rows, "accounts", new, stands, row=NURSE, beyond=beyond) is allowed


def test_an_account_is_closed_once(rows):
    closed = an_account(active=False)
    assert not asks(rows, "accounts", closed | {"suspended_at": NOON}, closed, row=NURSE)


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (an_account(), an_account(suspended_at=NOON), MANAGES, True),
        (an_account(), an_account(suspended_at=NOON), {}, False),
        (an_account(suspended_at=NOON), an_account(), MANAGES, True),
        # An account that was closed is opened by a review alone.
        (an_account(), an_account(active=False), MANAGES, False),
        (an_account(password_hash="new"), an_account(), MANAGES, False),
        (an_account(password_hash="new", must_renew=True), an_account(), MANAGES, False),
        (an_account(must_renew=True), an_account(), MANAGES, False),
        (an_account(active=False), an_account(active=False, language="nn"), {}, False),
        (an_account(username_token=b"per"), an_account(), MANAGES, False),
    ],
)
def test_anothers_account_is_held_back_or_let_on_and_keeps_what_it_signs_in_with(
    rows, new, old, powers, allowed
):
    assert asks(rows, "accounts", new, old, row=NURSE, **powers) is allowed


@pytest.mark.parametrize(
    ("account", "powers", "allowed"),
    [
        (CLOSED, {"reviews": (Action.LIFT_SUSPENSION,)}, True),
        (CLOSED, {"reviews": (Action.REVIEW_USE,)}, False),
        (NURSE, {"reviews": (Action.LIFT_SUSPENSION,)}, False),
        (RENEWING, {"reviews": (Action.LIFT_SUSPENSION,)}, False),
        (an_id(69), {"reviews": (Action.LIFT_SUSPENSION,)}, False),
    ],
)
def test_a_closed_account_is_opened_by_who_reviews_why(rows, account, powers, allowed):
    old = an_account(active=False, suspended_at=NOON)
    assert asks(rows, "accounts", an_account(), old, row=account, **powers) is allowed


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({"password_hash": "new"}, {}),
        ({"must_renew": True}, {}),
        ({}, {"totp_ct": b"new"}),
        ({}, {"profile_ct": None, "totp_ct": b"new"}),
    ],
)
def test_who_reviews_gives_an_account_back_as_it_was(rows, changes, beyond):
    old = an_account(active=False, suspended_at=NOON)
    lifts = {"row": CLOSED, "reviews": (Action.LIFT_SUSPENSION,)}
    new = old | {"active": True, "suspended_at": None}
    assert asks(rows, "accounts", new, old, beyond={"profile_ct": None}, **lifts)
    assert not asks(rows, "accounts", new | changes, old, beyond=beyond, **lifts)


def test_a_suspension_that_is_forged_opens_no_account(rows):
    with pytest.raises(AccessDenied, match=FORGED):
        asks(
            rows,
            "accounts",
            an_account(),
            an_account(active=False),
            row=FORGED_CLOSED,
            forged=(an_id(93),),
        )


# -- roles and sessions --------------------------------------------------------------------------


def a_role(**changes):
    role = {"account_id": NURSE, "unit_id": PPS, "granted_by_id": TEACHER, "role": "staff"}
    return role | {"valid_to": LATE} | changes


@pytest.mark.parametrize(
    ("changes", "powers", "allowed"),
    [
        ({}, MANAGES, True),
        ({}, {"can": (Action.MANAGE_ACCOUNTS,)}, False),
        ({"granted_by_id": NURSE}, MANAGES, False),
        ({"granted_by_id": None}, MANAGES, False),
        ({"account_id": TEACHER}, MANAGES, False),
        ({"account_id": TEACHER, "granted_by_id": None}, OPERATES, True),
        ({"role": "everything"}, MANAGES, False),
        ({"role": ""}, MANAGES, False),
        ({"role": None}, MANAGES, False),
    ],
)
def test_a_role_is_given_by_another_in_their_own_name(rows, changes, powers, allowed):
    assert asks(rows, "role_grants", a_role(**changes), **powers) is allowed


@pytest.mark.parametrize(
    ("changes", "powers", "allowed"),
    [
        ({"valid_to": SOON}, MANAGES, True),
        ({"valid_to": SOON}, {}, False),
        ({"valid_to": None}, MANAGES, False),
        ({"role": "leader"}, MANAGES, False),
        ({"role": "leader"}, OPERATES, True),
    ],
)
def test_a_role_that_was_given_is_ended_and_not_changed(rows, changes, powers, allowed):
    assert asks(rows, "role_grants", a_role(**changes), a_role(), **powers) is allowed


def a_session(**changes):
    session = {"account_id": TEACHER, "role_grant_id": OWN_ROLE, "strength": "password+totp"}
    return session | {"expires_at": SOON, "revoked_at": None, "proven_at": NOON} | changes


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"expires_at": NOON + LONGEST}, True),
        ({"expires_at": NOON + LONGEST + timedelta(seconds=1)}, False),
        ({"expires_at": None}, False),
        ({"role_grant_id": NURSES_ROLE}, False),
        ({"role_grant_id": an_id(99)}, False),
        ({"revoked_at": NOON}, False),
        ({"strength": "first"}, False),
        ({"strength": "passkey"}, False),
        ({"account_id": RENEWING, "role_grant_id": an_id(83)}, False),
        ({"account_id": RENEWING, "role_grant_id": an_id(83), "strength": "first"}, True),
        # A role, and no account that it is a role of.
        ({"account_id": NURSE, "role_grant_id": NURSES_ROLE}, False),
        ({"proven_at": NOON - SLOWEST + SECOND}, True),
        ({"proven_at": NOON - SLOWEST}, False),
        ({"proven_at": NOON + SECOND}, False),
        ({"proven_at": None}, False),
    ],
)
def test_a_session_begins_with_a_code_just_shown_and_a_role_of_ones_own(rows, changes, allowed):
    shown = {"shown": (TEACHER, RENEWING, NURSE), "signed_in": False}
    assert asks(rows, "web_sessions", a_session(**changes), **shown) is allowed
    assert not asks(rows, "web_sessions", a_session(**changes), signed_in=False)


def test_no_session_begins_in_an_account_whose_row_was_changed_in_sql(rows):
    with pytest.raises(AccessDenied, match=FORGED):
        asks(rows, "web_sessions", a_session(), shown=(TEACHER,), forged=(TEACHER,))


def test_no_installation_has_sessions_of_more_than_a_day():
    assert timedelta(days=1) == LONGEST


def test_a_role_or_an_account_next_door_begins_no_session_here(rows):
    for role, account in ((an_id(84), TEACHER), (an_id(85), an_id(63))):
        session = a_session(role_grant_id=role, account_id=account)
        assert not asks(rows, "web_sessions", session, shown=(TEACHER, account), ends_at=SOON)


def test_no_session_begins_in_a_role_that_is_forged(rows):
    session = a_session(role_grant_id=FORGED_ROLE)
    with pytest.raises(AccessDenied, match=FORGED):
        asks(rows, "web_sessions", session, shown=(TEACHER,), forged=(FORGED_ROLE,))


@pytest.mark.parametrize(
    ("changes", "powers", "allowed"),
    [
        ({}, {}, True),
        ({"expires_at": LATE}, {}, False),
        ({}, {"ends_at": None}, False),
        ({"proven_at": SOON}, {}, False),
        ({"proven_at": None}, {}, False),
        ({"account_id": NURSE, "role_grant_id": NURSES_ROLE}, {}, False),
        ({"strength": "first"}, {}, False),
        ({"strength": "first"}, {"strength": "first"}, True),
        ({"proven_at": SOON, "strength": "first"}, {"strength": "first"}, False),
        ({"proven_at": SOON}, {"strength": "first"}, False),
        ({"proven_at": SOON, "strength": "passkey"}, {"strength": "first"}, False),
        ({"proven_at": SOON, "strength": "passkey"}, {"strength": "passkey"}, False),
        ({"strength": "passkey"}, {"strength": "passkey"}, True),
    ],
)
def test_a_session_goes_on_in_another_role_as_sure_and_no_longer(rows, changes, powers, allowed):
    powers = {"ends_at": SOON} | powers
    assert asks(rows, "web_sessions", a_session(**changes), **powers) is allowed


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"revoked_at": NOON}, True),
        ({"expires_at": NOON}, False),
        ({"strength": "passkey"}, False),
        ({"account_id": NURSE}, False),
    ],
)
def test_anybodys_session_may_be_ended_and_nothing_else(rows, changes, allowed):
    new = a_session(**changes)
    assert asks(rows, "web_sessions", new, a_session(), signed_in=False) is allowed


def test_a_draft_is_its_authors_and_new_only_when_its_keys_were_given(rows):
    mine, anothers = {"account_id": TEACHER}, {"account_id": NURSE}
    assert asks(rows, "own_records", mine, has_begun=(ROW,))
    assert not asks(rows, "own_records", mine)
    assert asks(rows, "own_records", mine, mine)
    assert not asks(rows, "own_records", anothers, has_begun=(ROW,))
    assert not asks(rows, "own_records", anothers, anothers)
    assert not asks(rows, "own_records", mine, anothers)
