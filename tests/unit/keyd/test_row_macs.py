"""MACs, baits and codes: what only the broker can make, seal or tell, with keys that stay here."""

from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from bti.crypto import blind_index
from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, open_sealed, seal
from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import row_mac
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED, Stood, Writing
from bti.db.models import Account, BaitMark, BrokerCode
from bti.db.sealed_value import Sealed
from bti.db.walls import Standpoint, stand
from bti.domain.errors import AccessDenied
from bti.domain.step_up import FRESH_FOR
from bti.identity import totp
from bti.keyd import codes
from bti.keyd.baits import Baits
from bti.keyd.grant_facts import SLOWEST
from bti.keyd.row_macs import RowMacs, case_of
from tests.unit.domain.samples import CASE, NOON, NURSE, OTHER_TENANT, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import ROW

KEY, OLDER, INDEX = (
    DataKey(b"d" * 16, bytes(32)),
    DataKey(b"e" * 16, b"o" * 32),
    DataKey(b"i" * 16, b"i" * 32),
)
DAY, STEP = timedelta(days=1), timedelta(seconds=totp.STEP_SECONDS)
COLUMNS = {"language": b"nb", "case_id": None}
VALUE = b'"a secret"'


class Keys:
    """Stands for the key store: one directory key, an older one, and an index key."""

    def tenant_key(self, _session, tenant, purpose):
        """Return the key in use."""
        assert tenant in {TENANT, OTHER_TENANT}
        return {TenantPurpose.DIRECTORY: KEY, TenantPurpose.INDEX: INDEX}[purpose]

    def opening_keys(self, _session, tenant, purpose, *, again=False):
        """Return every key that opens, the one in use first."""
        assert tenant in {TENANT, OTHER_TENANT}
        assert again is (purpose is TenantPurpose.DIRECTORY)
        return {TenantPurpose.DIRECTORY: [KEY, OLDER], TenantPurpose.INDEX: [INDEX, OLDER]}[purpose]

    def tenant_key_by_id(self, _session, tenant, purpose, key_id):
        """Return the key that sealed something."""
        assert (tenant, purpose) == (TENANT, TenantPurpose.DIRECTORY)
        found = {KEY.key_id: KEY, OLDER.key_id: OLDER}.get(key_id)
        if found is None:
            raise SealError
        return found


# -- MACs ----------------------------------------------------------------------------------------


def place(version, column="totp_ct"):
    return Place(TENANT, TENANT_WIDE, "accounts", column, ROW, version)


def writing(beyond=None, stood=None, columns=COLUMNS, table="accounts", version=2):
    return Writing(TENANT, table, ROW, version, columns, beyond or {}, stood)


def stands(columns, version=1, key=KEY):
    """A genuine row as it stands."""
    return Stood(version, columns, row_mac(key, "accounts", ROW, version, columns))


def test_a_new_row_gets_its_mac_and_nothing_sealed(rows):
    [granted] = RowMacs(rows, Keys()).grant([writing()])
    assert granted.mac == row_mac(KEY, "accounts", ROW, 2, COLUMNS)
    assert granted.sealed == {}


def test_a_new_value_is_sealed_for_its_place_and_is_under_the_mac(rows):
    [granted] = RowMacs(rows, Keys()).grant([writing({"profile_ct": VALUE, "totp_ct": VALUE})])
    profile, code = granted.sealed["profile_ct"], granted.sealed["totp_ct"]
    assert open_sealed(KEY, place(2, "profile_ct"), profile) == VALUE
    assert open_sealed(KEY, place(2), code) == VALUE
    # As long as what the column says at least: no name shows in its length.
    assert [len(one) - len(VALUE.ljust(64)) for one in (code, profile)] == [46, 46 + 64]
    under = COLUMNS | {"profile_ct": profile, "totp_ct": code}
    assert granted.mac == row_mac(KEY, "accounts", ROW, 2, under)


@pytest.mark.parametrize("key", [KEY, OLDER])
def test_a_value_that_stands_is_sealed_again_under_the_key_in_use(rows, key):
    stood = stands({"totp_ct": seal(key, place(1), VALUE)})
    [granted] = RowMacs(rows, Keys()).grant([writing({"totp_ct": None}, stood)])
    assert open_sealed(KEY, place(2), granted.sealed["totp_ct"]) == VALUE


@pytest.mark.parametrize(
    "row",
    [
        writing({"totp_ct": None}),
        writing({"totp_ct": None}, stands({"totp_ct": None})),
        writing({"totp_ct": None}, stands({})),
        writing({"language": b"nb"}),
        writing({"ops_ct": b"{}"}, table="cases"),
    ],
)
def test_what_does_not_stand_or_is_not_the_brokers_to_seal_is_not_sealed(rows, row):
    with pytest.raises(Locked) as refused:
        RowMacs(rows, Keys()).grant([row])
    assert refused.value.what in row.beyond


def test_a_row_under_an_older_key_is_genuine_and_gets_a_mac_of_the_key_in_use(rows):
    [granted] = RowMacs(rows, Keys()).grant([writing(stood=stands(COLUMNS, key=OLDER))])
    assert granted.mac == row_mac(KEY, "accounts", ROW, 2, COLUMNS)
    with pytest.raises(AccessDenied):
        RowMacs(rows, Keys()).grant([writing(stood=stands(COLUMNS, key=INDEX))])


@pytest.mark.parametrize("key", [KEY, OLDER])
def test_what_the_caller_has_sealed_is_put_under_the_mac_where_it_opens(rows, key):
    columns = COLUMNS | {
        "profile_ct": seal(key, place(2, "profile_ct"), VALUE),
        "totp_next_ct": None,
    }
    [granted] = RowMacs(rows, Keys()).grant([writing(columns=columns)])
    assert granted.mac == row_mac(KEY, "accounts", ROW, 2, columns)


@pytest.mark.parametrize(
    "blob",
    [
        seal(KEY, place(1, "profile_ct"), VALUE),
        seal(KEY, place(2, "totp_next_ct"), VALUE),
        seal(INDEX, place(2, "profile_ct"), VALUE),
        b"\1\1" + KEY.key_id,
        b"",
    ],
)
def test_what_would_not_open_where_it_is_to_stand_gets_no_mac(rows, blob):
    with pytest.raises(AccessDenied) as refused:
        RowMacs(rows, Keys()).grant([writing(columns=COLUMNS | {"profile_ct": blob})])
    assert refused.value.rule == "grant.sealed"


def test_no_mac_is_made_over_a_row_that_is_forged(rows):
    macs = RowMacs(rows, Keys())
    genuine = stands(COLUMNS)
    macs.require_genuine(writing(), genuine)
    assert len(macs.grant([writing(stood=genuine)])) == 1
    for forged in (
        Stood(1, COLUMNS | {"language": b"nn"}, genuine.mac),
        Stood(2, COLUMNS, genuine.mac),
        Stood(1, COLUMNS, bytes(32)),
    ):
        with pytest.raises(AccessDenied) as refused:
            macs.grant([writing(stood=forged, columns={"case_id": CASE.bytes})])
        assert (refused.value.rule, refused.value.case_id) == (FORGED, CASE)


def test_a_row_belongs_to_the_case_it_is_or_names():
    assert case_of(writing(table="cases")) == ROW
    assert case_of(writing(columns={"case_id": CASE.bytes})) == CASE
    assert case_of(writing(columns={"case_id": None})) is None
    assert case_of(writing(columns={})) is None


# -- baits ---------------------------------------------------------------------------------------


def test_a_bait_is_told_from_the_others_of_its_municipality_by_a_keyed_mark(rows):
    baits = Baits(rows, Keys())
    assert baits.among(TENANT, [CASE, ROW]) == frozenset()
    baits.mark(TENANT, [CASE])
    baits.mark(OTHER_TENANT, [ROW])
    assert baits.among(TENANT, [CASE, ROW]) == {CASE}
    assert baits.among(OTHER_TENANT, [CASE, ROW]) == {ROW}
    assert baits.among(TENANT, []) == frozenset()
    [mark] = rows.query(BaitMark).filter_by(tenant_id=TENANT)
    assert mark.token == baits.token(TENANT, CASE)
    assert mark.token == blind_index.case_token(INDEX, "bait", CASE)


def test_where_there_is_no_bait_no_key_is_asked_for(rows):
    assert Baits(rows, SimpleNamespace()).among(TENANT, [CASE]) == frozenset()


def test_a_mark_under_an_older_key_is_a_mark(rows):
    baits = Baits(rows, Keys())
    marks = {blind_index.case_token(OLDER, "bait", CASE)}
    assert baits.is_one(TENANT, CASE, frozenset(marks)) is True
    assert baits.is_one(TENANT, ROW, frozenset(marks)) is False
    assert Baits(rows, SimpleNamespace()).is_one(TENANT, CASE, frozenset()) is False


def test_the_marks_of_a_transaction_are_read_once(rows):
    baits = Baits(rows, Keys())
    assert baits.among(TENANT, [CASE]) == frozenset()
    rows.put("bait_marks", tenant_id=TENANT, token=baits.token(TENANT, CASE))
    assert baits.among(TENANT, [CASE]) == frozenset()
    assert Baits(rows, Keys()).among(TENANT, [CASE]) == {CASE}


def test_whoever_stands_in_another_municipality_meets_no_bait(rows):
    Baits(rows, Keys()).mark(TENANT, [CASE])
    rows.flush()
    stand(rows, Standpoint(tenant=OTHER_TENANT))
    assert Baits(rows, Keys()).among(TENANT, [CASE]) == frozenset()
    stand(rows, Standpoint(tenant=TENANT))
    assert Baits(rows, Keys()).among(TENANT, [CASE]) == {CASE}


# -- codes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, OLDER])
def test_a_code_is_right_once_and_only_the_owners(rows, key):
    account = an_account(rows, key, b"twenty secret bytes!")

    def right(secret, at=NOON, code_of=NOON):
        code = totp.code_at(secret, code_of)
        return codes.accept(rows, Keys(), account, code, at)

    assert not codes.accept(rows, Keys(), account, "000000", NOON)
    assert not right(b"twenty secret bytes!", NOON + timedelta(minutes=2))
    assert not right(b"somebody else's code")
    assert right(b"twenty secret bytes!")
    assert not right(b"twenty secret bytes!")
    assert not right(b"twenty secret bytes!", code_of=NOON - STEP)
    assert right(b"twenty secret bytes!", NOON + STEP, NOON + STEP)


def test_each_secret_has_codes_of_its_own_and_what_is_a_day_old_is_forgotten(rows):
    account = an_account(rows, KEY, b"twenty secret bytes!", b"one that is to come.")
    old, new = (
        totp.code_at(one, NOON) for one in (b"twenty secret bytes!", b"one that is to come.")
    )
    assert codes.accept(rows, Keys(), account, old, NOON)
    theirs = {"account_id": NURSE, "secret_mark": b"m" * 16, "last_step": 1, "tenant_id": TENANT}
    rows.put("broker_codes", **theirs, shown_at=NOON)
    waits = {"column": "totp_next_ct"}
    assert not codes.accept(rows, Keys(), account, old, NOON, **waits)
    assert codes.accept(rows, Keys(), account, new, NOON, **waits)
    assert not codes.accept(rows, Keys(), account, new, NOON, **waits)
    assert not codes.accept(rows, Keys(), account, old, NOON)
    assert codes.accept(
        rows, Keys(), account, totp.code_at(b"twenty secret bytes!", NOON + DAY), NOON + DAY
    )
    left = rows.execute(select(BrokerCode.account_id, BrokerCode.shown_at)).all()
    assert {*map(tuple, left)} == {(TEACHER, NOON + DAY), (NURSE, NOON)}


def test_a_secret_counts_as_shown_for_five_minutes(rows):
    account = an_account(rows, KEY, b"twenty secret bytes!")

    def shown(at, column="totp_ct"):
        return codes.shown_secret(rows, Keys(), account, at, column=column)

    assert shown(NOON) is None
    assert codes.accept(rows, Keys(), account, totp.code_at(b"twenty secret bytes!", NOON), NOON)
    assert shown(NOON + SLOWEST - timedelta(seconds=1)) == b"twenty secret bytes!"
    assert shown(NOON + SLOWEST) is None
    assert shown(NOON, "totp_next_ct") is None


def test_what_another_transaction_has_used_meanwhile_is_used(rows):
    secret = b"twenty secret bytes!"
    account = an_account(rows, KEY, secret)
    assert codes.accept(rows, Keys(), account, totp.code_at(secret, NOON), NOON)
    [known] = rows.scalars(select(BrokerCode))
    assert known.secret_mark == sha256(secret).digest()[:16]

    def meanwhile(**columns):
        rows.connection().execute(update(BrokerCode.__table__).values(**columns))

    meanwhile(last_step=known.last_step + 1)
    code = totp.code_at(secret, NOON + STEP)
    assert not codes.accept(rows, Keys(), account, code, NOON + STEP)
    meanwhile(shown_at=NOON - DAY)
    assert codes.shown_secret(rows, Keys(), account, NOON, column="totp_ct") is None
    meanwhile(shown_at=NOON)
    assert codes.shown_secret(rows, Keys(), account, NOON, column="totp_ct") == secret
    meanwhile(spent_on=CASE)
    assert codes.spend(rows, TEACHER, ROW, NOON) is False


def test_a_proof_is_spent_on_one_account_and_a_new_code_is_another_proof(rows):
    old, new = b"twenty secret bytes!", b"one that is to come."
    account = an_account(rows, KEY, old, new)
    assert codes.spend(rows, TEACHER, ROW, NOON) is False
    for secret, column, at in ((old, "totp_ct", NOON), (new, "totp_next_ct", NOON + STEP)):
        code = totp.code_at(secret, at)
        assert codes.accept(rows, Keys(), account, code, at, column=column)
    assert codes.spend(rows, NURSE, ROW, NOON + STEP) is False
    # The newest is spent, and no older one after it.
    assert codes.spend(rows, TEACHER, ROW, NOON + STEP) is True
    assert codes.spend(rows, TEACHER, CASE, NOON + STEP) is False
    for spender, made, at, spent in (
        (TEACHER, ROW, NOON + STEP, True),
        (TEACHER, CASE, NOON + STEP, False),
        (NURSE, ROW, NOON + STEP, False),
        (TEACHER, ROW, NOON + STEP + FRESH_FOR, False),
    ):
        assert codes.is_spent_on(rows, spender, made, at) is spent
    at = NOON + 2 * STEP
    assert codes.accept(rows, Keys(), account, totp.code_at(old, at), at)
    assert codes.spend(rows, TEACHER, CASE, at + FRESH_FOR) is False
    assert codes.spend(rows, TEACHER, ROW, at) is True
    # One that is fresh is enough.
    rows.execute(
        update(BrokerCode.__table__).where(BrokerCode.shown_at < at).values(shown_at=NOON - DAY)
    )
    assert codes.is_spent_on(rows, TEACHER, ROW, at) is True


def an_account(rows, key, *secrets):
    """An account whose secret, and the one that waits, are sealed where they belong."""
    sealed = {}
    for column, secret in zip(("totp_ct", "totp_next_ct"), secrets, strict=False):
        at = Place(TENANT, TENANT_WIDE, "accounts", column, TEACHER, 1)
        sealed[column] = Sealed(seal(key, at, json_to_bytes(secret.hex())))
    rows.put("accounts", id=TEACHER, tenant_id=TENANT, **sealed)
    return rows.get_one(Account, TEACHER)


def test_a_secret_of_another_account_is_nobodys(rows):
    moved = SimpleNamespace(
        __tablename__="accounts",
        id=an_id(39),
        tenant_id=TENANT,
        version=1,
        totp_ct=Sealed(seal(KEY, place(1), json_to_bytes("00"))),
    )
    with pytest.raises(Exception, match="could not be opened"):
        codes.accept(rows, Keys(), moved, "000000", NOON)
