"""An approval is used up by the broker itself: what it reads, whom it asks about, and what it refuses."""

from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, text

from bti.audit.actions import Action as Act
from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, seal
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED, mac_columns
from bti.db.models import Account, Approval
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.domain.approval import (
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
    digest_of,
)
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.keyd.approvals import Approvals
from tests.unit.domain.samples import (
    NOON,
    NURSE,
    OTHER_TENANT,
    PPS,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    TENANT,
    a_subject,
    an_id,
)
from tests.unit.keyd.asked import Rows

ACT = ApprovalAct.ACCOUNT_RESET
ABOUT = an_id(36)
PARAMS = {"account": str(ABOUT), "unit": str(PPS), "lost": "phone"}
ENDS = NOON + timedelta(hours=1)
GIVEN = an_id(100)
KEY, OLDER = DataKey(b"d" * 16, bytes(32)), DataKey(b"e" * 16, b"o" * 32)


@pytest.fixture(scope="module")
def town():
    """One who asked, one who said yes, and one of another municipality."""
    made = Rows()
    for account, name, tenant in (
        (TEACHER, "Ingrid Solberg", TENANT),
        (NURSE, "Kari Lund", TENANT),
        (PRINCIPAL, "Berit Bø", OTHER_TENANT),
    ):
        place = Place(tenant, TENANT_WIDE, "accounts", "profile_ct", account, 1)
        profile = Sealed(seal(OLDER, place, json_to_bytes({"name": name})))
        token = account.bytes
        made.put("accounts", id=account, tenant_id=tenant, username_token=token, profile_ct=profile)
    made.commit()
    yield made
    made.end()


@pytest.fixture
def rows(town):
    """A transaction of the broker's, whose end leaves nothing."""
    yield town
    town.rollback()
    town.info.clear()


def put(rows, sealed=None, **changes):
    """Store an approval that was given."""
    place = Place(TENANT, TENANT_WIDE, "approvals", "params_ct", GIVEN, 1)
    body = {"params": PARAMS, "reason": "mistet"} if sealed is None else sealed
    row = {"act": ACT.value, "state": "given", "params_sha256": digest_of(ACT, PARAMS)}
    row |= {"params_ct": Sealed(seal(KEY, place, json_to_bytes(body)))}
    row |= {"requested_by_id": TEACHER, "answered_by_id": NURSE, "expires_at": ENDS}
    rows.put("approvals", id=GIVEN, tenant_id=TENANT, **(row | changes))


def approvals(rows, forged=(), told=None):
    """What one transaction of the broker may do; ``told`` becomes what is entered."""

    def genuine(found):
        if any(row.id in forged for row in found):
            raise AccessDenied(FORGED)
        return list(found)

    by_id = {KEY.key_id: KEY, OLDER.key_id: OLDER}

    def of_the_directory(key):
        def give(session, tenant, purpose, *_):
            assert (session, tenant, purpose) == (rows, TENANT, TenantPurpose.DIRECTORY)
            return key

        return give

    def named(session, tenant, purpose, key_id):
        assert (session, tenant, purpose) == (rows, TENANT, TenantPurpose.DIRECTORY)
        return by_id[key_id]

    read_anew = []
    keys = SimpleNamespace(
        tenant_key_by_id=named,
        tenant_key=of_the_directory(KEY),
        older_tenant_keys=of_the_directory([OLDER]),
        changed=lambda session, tenant: read_anew.append((session, tenant)),
    )
    recorder = SimpleNamespace(
        record=lambda act, **given: None if told is None else told.append((act, given))
    )
    return Approvals(rows, keys, recorder, SimpleNamespace(genuine=genuine, given_by=NURSE))


def use(rows, act=ACT, params=PARAMS, *, account=TEACHER, at=NOON, tenant=TENANT, **given):
    made = approvals(rows, **given)
    made.use(tenant, GIVEN, act, params, account=account, by="by", at=at)


class WriteFailedError(Exception):
    """The database was gone."""


@contextmanager
def sealed_with(rows):
    """Tell which keys lie open while a row is written."""
    seen = []

    def look(session, *_):
        if session.dirty:
            vault = session.info["vault"]
            named = [vault.by_id(one.key_id) for one in (KEY, OLDER)]
            seen.append((vault, vault.tenant_key(TenantPurpose.DIRECTORY), named))

    event.listen(rows, "before_flush", look)
    try:
        yield seen
    finally:
        event.remove(rows, "before_flush", look)


@pytest.mark.parametrize("account", [TEACHER, None])
def test_it_is_used_once_and_entered_with_both_people(rows, account):
    put(rows)
    told = []
    use(rows, account=account, told=told)
    row = rows.get_one(Approval, GIVEN)
    assert (row.state, row.used_at) == ("used", NOON)
    assert not rows.dirty
    [(act, given)] = told
    about = [(one.kind, one.id) for one in given.pop("about")]
    assert about == [("approval", GIVEN), ("account", TEACHER), ("account", NURSE)]
    assert act is Act.APPROVAL_ACT_USE
    assert given == {"tenant": TENANT, "by": "by", "ground": "gate:account_reset"}


def test_it_is_sealed_with_keys_that_never_reach_who_asked(rows):
    put(rows)
    callers = rows.info["vault"] = Vault()
    with sealed_with(rows) as seen:
        use(rows)
    [(own, active, both)] = seen
    assert active is KEY
    assert both == [KEY, OLDER]
    assert rows.info["vault"] is callers
    for vault in (own, callers):
        with pytest.raises(Locked):
            vault.tenant_key(TenantPurpose.DIRECTORY)


def test_what_the_caller_had_begun_is_not_sealed_with_those_keys(rows):
    put(rows)
    rows.info["vault"] = callers = Vault()
    callers.put_tenant(TenantPurpose.DIRECTORY, OLDER)
    callers.put_tenant(TenantPurpose.DIRECTORY, KEY, active=False)
    rows.get_one(Account, TEACHER).language = "nn"
    with sealed_with(rows) as seen, rows.no_autoflush:
        use(rows)
    assert [vault is callers for vault, _, _ in seen] == [True, False]


def test_the_callers_keys_are_back_also_when_it_could_not_be_written(rows):
    put(rows)
    callers = rows.info["vault"] = Vault()

    def fall(session, *_):
        if session.dirty:
            raise WriteFailedError

    event.listen(rows, "before_flush", fall)
    with pytest.raises(WriteFailedError):
        use(rows)
    event.remove(rows, "before_flush", fall)
    assert rows.info["vault"] is callers


def test_it_is_read_as_it_stands_and_not_as_it_was_seen_before(rows):
    put(rows)
    rows.get_one(Approval, GIVEN)
    rows.connection().execute(text("UPDATE approvals SET state = 'used', used_at = expires_at"))
    with pytest.raises(ApprovalRefused, match=r"^approval\.used$"):
        use(rows)


@pytest.mark.parametrize(
    ("row", "call", "rule"),
    [
        ({}, {"act": ApprovalAct.ROLE_GRANT}, "approval.other_act"),
        ({}, {"params": PARAMS | {"lost": "password"}}, "approval.changed"),
        ({}, {"at": ENDS}, "approval.expired"),
        ({}, {"account": NURSE}, "approval.not_requester"),
        ({}, {"tenant": OTHER_TENANT}, "approval.unknown"),
        ({"state": "waiting", "answered_by_id": None}, {}, "approval.not_given"),
        ({"state": "used", "used_at": NOON}, {}, "approval.used"),
        ({"answered_by_id": an_id(39)}, {}, "approval.person_gone"),
        ({"params_sha256": bytes(32)}, {}, "approval.changed"),
    ],
)
def test_a_refusal_names_the_approval_and_whose_it_is_and_uses_nothing_up(rows, row, call, rule):
    put(rows, **row)
    told = []
    with pytest.raises(ApprovalRefused) as refused:
        use(rows, told=told, **call)
    tenant = call.get("tenant", TENANT)
    known = (refused.value.code, refused.value.approval_id, refused.value.tenant_id)
    assert known == (rule, GIVEN, tenant)
    assert told == []
    assert rows.get_one(Approval, GIVEN).state == row.get("state", "given")


@pytest.mark.parametrize("gone", [{"active": False}, {"suspended_at": NOON}])
@pytest.mark.parametrize("who", [TEACHER, NURSE])
def test_a_yes_is_worth_nothing_when_one_of_the_two_is_gone(rows, who, gone):
    put(rows)
    columns = ", ".join(f"{name} = :{name}" for name in gone)
    told = {name: str(value) if value else value for name, value in gone.items()}
    statement = text(f"UPDATE accounts SET {columns} WHERE id = :who")
    rows.connection().execute(statement, {"who": who.hex} | told)
    with pytest.raises(ApprovalRefused, match=r"^approval\.person_gone$") as refused:
        use(rows)
    assert refused.value.approval_id == GIVEN


def test_one_person_is_never_both_even_where_the_database_would_let_it(rows):
    rows.connection().execute(text("PRAGMA ignore_check_constraints = ON"))
    put(rows, answered_by_id=TEACHER)
    rows.connection().execute(text("PRAGMA ignore_check_constraints = OFF"))
    with pytest.raises(ApprovalRefused, match=r"^approval\.self$") as refused:
        use(rows)
    assert refused.value.approval_id == GIVEN


@pytest.mark.parametrize("forged", [GIVEN, TEACHER, NURSE])
def test_neither_the_approval_nor_one_of_the_two_is_forged(rows, forged):
    put(rows)
    with pytest.raises(AccessDenied, match=FORGED):
        use(rows, forged=(forged,))
    assert rows.get_one(Approval, GIVEN).state == "given"


# -- what is read --------------------------------------------------------------------------------


def facts(rows, tenant=TENANT, **changes):
    columns = mac_columns(rows.get_one(Approval, GIVEN)) | changes
    return approvals(rows).facts(tenant, GIVEN, 1, columns)


def test_what_it_is_about_is_read_from_what_is_sealed(rows):
    put(rows)
    assert facts(rows) == ApprovalFacts(
        approval_id=GIVEN,
        act=ACT,
        digest=digest_of(ACT, PARAMS),
        state=ApprovalState.GIVEN,
        requested_by=TEACHER,
        requester_name="Ingrid Solberg",
        expires_at=ENDS,
        about_unit=PPS,
        about_account=ABOUT,
    )


def test_an_act_about_nobody_in_particular_names_neither_unit_nor_account(rows):
    params = {"what": "whole log", "unit": None, "account": 7}
    put(rows, {"params": params}, params_sha256=digest_of(ACT, params))
    found = facts(rows)
    assert (found.about_unit, found.about_account) == (None, None)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"act": b"anything"}, "grant.columns"),
        ({"act": None}, "grant.columns"),
        ({"act": b"\xff"}, "grant.columns"),
        ({"state": b"ready"}, "grant.columns"),
        ({"expires_at": None}, "grant.columns"),
        ({"params_ct": None}, "grant.columns"),
        ({"requested_by_id": None}, "grant.columns"),
        ({"params_sha256": bytes(32)}, "approval.changed"),
        ({"act": b"erasure"}, "approval.changed"),
        ({"requested_by_id": PRINCIPAL.bytes}, "access.other_tenant"),
        ({"requested_by_id": an_id(39).bytes}, "access.other_tenant"),
    ],
)
def test_columns_that_are_no_approval_are_refused(rows, changes, rule):
    put(rows)
    with pytest.raises(AccessDenied) as refused:
        facts(rows, **changes)
    assert refused.value.rule == rule
    if isinstance(refused.value, ApprovalRefused):
        assert refused.value.approval_id == GIVEN


def test_what_is_sealed_is_an_approval_and_not_something_else(rows):
    put(rows, sealed=["params"])
    with pytest.raises(AccessDenied, match=r"^grant\.columns$"):
        facts(rows)


def test_one_of_the_two_is_known_by_register_and_session(rows):
    subject = a_subject(Role.UNIT_LEAD, account=NURSE, unit=SCHOOL, proven_at=NOON)
    assert approvals(rows).person(subject) == PersonFacts(
        account_id=NURSE,
        role=Role.UNIT_LEAD,
        unit_id=SCHOOL,
        name="Kari Lund",
        proven_at=NOON,
        role_given_by=NURSE,
    )
