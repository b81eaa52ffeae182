"""Rows are sealed anew as a whole, under the newest keys; one in which something is wrong is left as it is."""

from dataclasses import FrozenInstanceError, replace

import pytest
from sqlalchemy import select, update

from bti.crypto.blind_index import username_token
from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, key_id_of, open_sealed, seal
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import check_row_mac
from bti.crypto.values import json_from_bytes, json_to_bytes
from bti.db.engine import make_sessions
from bti.db.guards import mac_columns, opened_in
from bti.db.models import (
    Account,
    Case,
    CaseKey,
    DeskMatter,
    DeskStep,
    EmergencyAccess,
    Entry,
    OwnRecord,
    RoleGrant,
    TenantKey,
)
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.db.walls import EVERYWHERE, stand
from bti.keyd import reseal
from bti.keyd.directory_rows import authority_tables
from bti.keyd.reseal import Left, Position, Resealed, reseal_batch, seal_anew
from bti.keyd.row_macs import RowMacs
from bti.keyd.usage import sealed_columns
from tests.unit.domain.samples import NOON, OTHER_TENANT, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.town import Town

OPS, DIRECTORY = TenantPurpose.OPS, TenantPurpose.DIRECTORY
CASES = [an_id(500), an_id(501), an_id(502)]
NEW_CASE, THEIR_CASE = an_id(503), an_id(504)
ENTRIES = [an_id(510), an_id(511)]
NEW_ENTRY = an_id(512)
#: Of the records of before: one lies under the ops key, one where it belongs.
MISPLACED, RECORD = an_id(520), an_id(521)
#: Under the older key: a breach, a request as it lay before, and one with a clock.
BREACH, REQUEST, WITH_CLOCK = an_id(530), an_id(531), an_id(532)
#: Under the newer one.
NEW_BREACH, NEW_REQUEST, THEIR_REQUEST = an_id(533), an_id(534), an_id(535)
#: One of each matter, ten further on; and one of ours to a request of theirs.
STRAY_STEP = an_id(546)
ACCOUNTS = [an_id(550), an_id(551), an_id(552)]
GRANT, ACCESS = an_id(560), an_id(570)


@pytest.fixture(scope="module")
def built():
    """Rows under the first ops and directory keys, and some that came when there was a second."""
    made = Town()
    for case in CASES:
        made.case(case, SCHOOL)
    made.case(THEIR_CASE, SCHOOL, OTHER_TENANT)
    put_core(made)
    for record, under in ((MISPLACED, ops_key(made)), (RECORD, None)):
        put_record(made, record, under)
    put_matter(made, BREACH, "breach", {"text": "x"})
    put_matter(made, REQUEST, "access", {"received_on": "2026-05-04"})
    put_matter(
        made, WITH_CLOCK, "access", {"received_on": "2026-05-05"}, {"received_on": "2026-05-06"}
    )
    for account in ACCOUNTS:
        put_account(made, account, {"username": f"name{account.hex[-3:]}"})
    made.genuine("role_grants", id=GRANT, account_id=TEACHER, unit_id=SCHOOL, role="staff")
    key = made.keys.create_case_keys(made, TENANT, ACCESS, ["review"])["review"]
    body = sealed(key, "emergency_accesses", "body_ct", ACCESS, "why", ACCESS)
    made.genuine(
        "emergency_accesses",
        id=ACCESS,
        case_id=CASES[0],
        expires_at=NOON.replace(hour=20),
        body_ct=body,
    )
    for purpose in (OPS, DIRECTORY):
        of = {"tenant_id": TENANT, "purpose": purpose.value}
        older = {"state": "open-only", "retired_at": NOON}
        made.query(TenantKey).filter_by(**of).update(older)
        made.keys.add_generation(made, TENANT, purpose, 2)
        made.flush()
    put_new(made)
    made.commit()
    yield made
    made.end()


def put_core(town):
    """A case whose core has a second key, and two entries under the first."""
    first = town.keys.create_case_keys(town, TENANT, CASES[0], ["core"])["core"]
    for entry in ENTRIES:
        put_entry(town, entry, first)
    town.flush()
    town.query(CaseKey).filter_by(key_id=first.key_id).update({"state": "open-only"})
    town.keys.add_case_key(town, TENANT, CASES[0], "core", 2)
    town.flush()


def put_new(town):
    town.case(NEW_CASE, SCHOOL)
    put_entry(town, NEW_ENTRY, core_key(town))
    put_matter(town, NEW_BREACH, "breach", {"text": "x"})
    put_matter(town, NEW_REQUEST, "correction", {"received_on": "2026-05-07"})
    put_matter(town, THEIR_REQUEST, "access", {"received_on": "2026-05-08"}, tenant=OTHER_TENANT)
    body = sealed(ops_key(town), "desk_steps", "body_ct", STRAY_STEP, {"kind": "note"})
    town.put("desk_steps", id=STRAY_STEP, matter_id=THEIR_REQUEST, number=2, body_ct=body)


def sealed(key, table, column, row, value, case=TENANT_WIDE, tenant=TENANT):
    place = Place(tenant, case, table, column, row, 1)
    return Sealed(seal(key, place, value if isinstance(value, bytes) else json_to_bytes(value)))


def ops_key(town, tenant=TENANT):
    return town.keys.tenant_key(town, tenant, OPS)


def core_key(town):
    return town.keys.unwrap(town, town.keys.compartments(town, TENANT, CASES[0])[-1])


def put_entry(town, entry, core):
    meta = sealed(ops_key(town), "entries", "meta_ct", entry, {"kind": "note"})
    body = sealed(core, "entries", "body_ct", entry, entry.hex, CASES[0])
    of = {"case_id": CASES[0], "compartment": "core"}
    town.put("entries", id=entry, meta_ct=meta, body_ct=body, **of)


def put_record(town, record, under, *, body="what was typed"):
    """A record of before. What tells its kind lies under this key, or under the record's own."""
    own = town.keys.create_case_keys(town, TENANT, record, ["own"])["own"]
    town.flush()
    case = record if under is None else TENANT_WIDE
    meta = sealed(under or own, "own_records", "meta_ct", record, {"kind": "report"}, case)
    body = sealed(own, "own_records", "body_ct", record, body, record)
    town.genuine("own_records", id=record, account_id=TEACHER, meta_ct=meta, body_ct=body)


def put_matter(town, matter, kind, body, clock=None, *, tenant=TENANT):
    """A matter, and one step in it that has a clock if the matter has one."""
    step = an_id(matter.int % 2**32 + 10)
    added = {"kind": f"kind of {kind}"}, {"kind": "other"} if clock else None
    for table, row, values in (
        ("desk_matters", matter, (body, clock)),
        ("desk_steps", step, added),
    ):
        columns = zip(("body_ct", "clock_ct"), values, strict=True)
        key = ops_key(town, tenant)
        blobs = {
            column: sealed(key, table, column, row, value, tenant=tenant)
            for column, value in columns
            if value is not None
        }
        of = {"kind": kind} if table == "desk_matters" else {"matter_id": matter}
        town.put(table, id=row, tenant_id=tenant, **of, **blobs)


def put_account(town, account, profile):
    key = town.keys.tenant_key(town, TENANT, DIRECTORY)
    blobs = {
        column: sealed(key, "accounts", column, account, value)
        for column, value in (("profile_ct", profile), ("totp_ct", "00"))
    }
    named = username_token(key, f"name{account.hex[-3:]}")
    return town.genuine("accounts", id=account, username_token=named, **blobs)


def step_of(matter):
    return an_id(matter.int % 2**32 + 10)


@pytest.fixture
def town(built):
    yield built
    built.begin_anew()


@pytest.fixture
def session(town):
    """A transaction of the program's own, with its guards, in which the broker makes MACs."""
    sessions = make_sessions(town.connection())
    sessions.configure(join_transaction_mode="create_savepoint")
    with sessions() as made:
        made.begin()
        stand(made, EVERYWHERE)
        made.info["grant"] = RowMacs(made, town.keys).grant
        yield made


def after(table, tables=()):
    """Where a pass goes on when it has done with a table; None at the end."""
    ops = ["own_records", *(mapped.__tablename__ for mapped, _ in sealed_columns("ops"))]
    of = [*dict.fromkeys(tables or ops)]
    rest = of[of.index(table) + 1 :]
    return Position(rest[0]) if rest else None


def batch(town, session, purpose, most, at=None):
    return reseal_batch(session, town.keys, TENANT, purpose, most, at)


def anew(town, session, mapped, row, **how):
    return seal_anew(session, town.keys, TENANT, [session.get_one(mapped, row)], **how)


def rows(town, mapped):
    """Every row of a table as it stands, by id."""
    table = mapped.__table__
    return {row.id: row for row in town.connection().execute(select(table))}


def under(town, mapped, column):
    """The version of each row, and the generation of the ops key a column is under; None for another key."""
    known = {key.key_id: 2 - place for place, key in enumerate(ops_keys(town))}
    return {
        row.id: (row.version, known.get(key_id_of(getattr(row, column).blob)))
        for row in rows(town, mapped).values()
    }


def ops_keys(town):
    return town.keys.opening_keys(town, TENANT, OPS)


def value(town, mapped, row, column):
    """What is sealed under an ops key in a row, as it stands."""
    stands = rows(town, mapped)[row]
    stored = getattr(stands, column)
    if stored is None:
        return None
    key = town.keys.tenant_key_by_id(town, TENANT, OPS, key_id_of(stored.blob))
    place = Place(TENANT, TENANT_WIDE, mapped.__tablename__, column, row, stands.version)
    return json_from_bytes(open_sealed(key, place, stored.blob))


def change(town, mapped, row, **values):
    """Change a row in SQL."""
    table = mapped.__table__
    town.connection().execute(update(table).where(table.c.id == row).values(**values))


def test_a_pass_goes_table_by_table_so_many_rows_at_a_time(town, session):
    told, at = [], None
    while not told or at is not None:
        done = batch(town, session, OPS, 2, at)
        told.append(done)
        at = done.at
    assert told == [
        Resealed(1, after("own_records")),
        Resealed(2, Position("cases", CASES[1])),
        Resealed(1, after("cases")),
        Resealed(2, Position("desk_matters", REQUEST)),
        Resealed(2, Position("desk_matters", NEW_REQUEST)),
        Resealed(2, Position("desk_steps", step_of(REQUEST))),
        Resealed(2, Position("desk_steps", step_of(NEW_REQUEST))),
        Resealed(2, Position("entries", ENTRIES[1])),
        Resealed(0, None),
    ]
    assert batch(town, session, OPS, 2) == Resealed(0, None)


def test_the_last_rows_of_the_last_table_are_the_end(town, session):
    assert batch(town, session, OPS, 3, Position("entries")) == Resealed(2, after("entries"))


def test_what_a_batch_says_stays_as_it_was_said():
    left = Left("entries", ENTRIES[0])
    for said, name in (
        (Position("entries"), "row"),
        (left, "row_id"),
        (Resealed(1, None), "count"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(said, name, None)


def run(town, session, purpose):
    """Everything of one purpose sealed anew; returns what was left."""
    at, left = None, []
    while (done := batch(town, session, purpose, 50, at)).at is not None:
        at = done.at
        left += done.left
    return [*left, *done.left]


def test_what_is_under_an_older_key_is_under_the_newer_one_and_nothing_else_is_touched(
    town, session
):
    session.info["vault"] = before = Vault()
    assert run(town, session, OPS) == []
    assert session.info["vault"] is before
    assert opened_in(session) == {None}
    theirs = rows(town, Case)[THEIR_CASE]
    assert under(town, Case, "ops_ct") == dict.fromkeys(CASES, (2, 2)) | {
        NEW_CASE: (1, 2),
        THEIR_CASE: (1, None),
    }
    assert key_id_of(theirs.ops_ct.blob) == ops_key(town, OTHER_TENANT).key_id
    assert under(town, Entry, "meta_ct") == dict.fromkeys(ENTRIES, (2, 2)) | {NEW_ENTRY: (1, 2)}
    assert {value(town, Case, one, "ops_ct")["status"] for one in CASES} == {"open"}
    assert value(town, Entry, ENTRIES[0], "meta_ct") == {"kind": "note"}


def test_what_lies_beside_it_is_sealed_under_the_newest_of_its_own_keys(town, session):
    run(town, session, OPS)
    core, stands = core_key(town), rows(town, Entry)[ENTRIES[0]]
    place = Place(TENANT, CASES[0], "entries", "body_ct", ENTRIES[0], 2)
    assert json_from_bytes(open_sealed(core, place, stands.body_ct.blob)) == ENTRIES[0].hex


def test_a_record_under_an_ops_key_comes_under_its_own_and_no_other_record_is_touched(
    town, session
):
    directory = town.keys.tenant_key(town, TENANT, DIRECTORY)
    for number, key in ((522, ops_key(town, OTHER_TENANT)), (523, directory)):
        put_record(town, an_id(number), key)
    before = rows(town, OwnRecord)
    assert run(town, session, OPS) == []
    after = rows(town, OwnRecord)
    assert {one for one in after if after[one] != before[one]} == {MISPLACED}
    own = town.keys.unwrap(town, *town.keys.compartments(town, TENANT, MISPLACED))
    for column, held in (("meta_ct", {"kind": "report"}), ("body_ct", "what was typed")):
        place = Place(TENANT, MISPLACED, "own_records", column, MISPLACED, 2)
        blob = getattr(after[MISPLACED], column).blob
        assert json_from_bytes(open_sealed(own, place, blob)) == held


def test_a_request_gets_the_clock_it_lay_without_and_keeps_one_it_has(town, session):
    run(town, session, OPS)
    days = {
        BREACH: None,
        REQUEST: "2026-05-04",
        WITH_CLOCK: "2026-05-06",
        NEW_REQUEST: "2026-05-07",
    }
    for matter, day in days.items():
        assert value(town, DeskMatter, matter, "clock_ct") == (day and {"received_on": day})
    assert {one: row.version for one, row in rows(town, DeskMatter).items()} == dict.fromkeys(
        days, 2
    ) | {NEW_BREACH: 1, THEIR_REQUEST: 1}


def test_and_so_does_what_was_added_to_it(town, session):
    run(town, session, OPS)
    kinds = {BREACH: None, REQUEST: "kind of access", WITH_CLOCK: "other"}
    kinds[NEW_REQUEST] = "kind of correction"
    for matter, kind in kinds.items():
        assert value(town, DeskStep, step_of(matter), "clock_ct") == (kind and {"kind": kind})
    untouched = [step_of(NEW_BREACH), step_of(THEIR_REQUEST), STRAY_STEP]
    versions = {one: row.version for one, row in rows(town, DeskStep).items()}
    assert versions == dict.fromkeys(map(step_of, kinds), 2) | dict.fromkeys(untouched, 1)


def test_a_pass_of_the_directory_key_goes_by_macs_and_holds_the_tokens_first(
    town, session, monkeypatch
):
    held = []
    monkeypatch.setattr(reseal, "hold_tokens", lambda *given, **how: held.append((given, how)))
    tables = [mapped.__tablename__ for mapped in authority_tables()]
    told = [batch(town, session, DIRECTORY, 2)]
    told += [batch(town, session, DIRECTORY, 2, Position("accounts", ACCOUNTS[1]))]
    told += [batch(town, session, DIRECTORY, 3, Position("cases"))]
    assert told == [
        Resealed(2, Position("accounts", ACCOUNTS[1])),
        Resealed(1, after("accounts", tables)),
        Resealed(3, after("cases", tables)),
    ]
    assert held == [((session, TENANT), {"alone": True})] * 3
    batch(town, session, OPS, 2)
    assert len(held) == 3


def test_every_row_of_authority_gets_a_mac_under_the_newer_key_and_accounts_their_token(
    town, session
):
    assert run(town, session, DIRECTORY) == []
    key = town.keys.tenant_key(town, TENANT, DIRECTORY)
    for mapped, ids in (
        (Account, ACCOUNTS),
        (Case, CASES),
        (RoleGrant, [GRANT]),
        (EmergencyAccess, [ACCESS]),
        (OwnRecord, [MISPLACED, RECORD]),
    ):
        for one in ids:
            row = town.get_one(mapped, one)
            known = row.__tablename__, row.id, row.version, mac_columns(row), row.mac
            assert check_row_mac(key, *known)
            assert row.version == 2
    for account, row in rows(town, Account).items():
        assert row.username_token == username_token(key, f"name{account.hex[-3:]}")
        assert key_id_of(row.totp_ct.blob) == key.key_id
    assert rows(town, Case)[NEW_CASE].version == 1


@pytest.mark.parametrize("values", [{"unit_id": an_id(99)}, {"version": 7}], ids=str)
def test_a_row_that_was_changed_in_sql_is_left(town, session, values):
    # Known from before: what counts is how it stands when it is held.
    known = session.get_one(Case, CASES[0])
    change(town, Case, CASES[0], **values)
    before = rows(town, Case)
    done = batch(town, session, OPS, 5, Position("cases"))
    assert done == Resealed(2, after("cases"), (Left("cases", CASES[0]),))
    assert rows(town, Case)[CASES[0]] == before[CASES[0]]
    assert under(town, Case, "ops_ct")[CASES[1]] == (2, 2)
    assert known not in session


def test_what_was_left_is_not_met_again_on_the_way(town, session):
    change(town, Case, CASES[0], unit_id=an_id(99))
    first, second = (Position("cases", one) for one in CASES[:2])
    left = (Left("cases", CASES[0]),)
    assert batch(town, session, OPS, 1, Position("cases")) == Resealed(0, first, left)
    assert batch(town, session, OPS, 1, first) == Resealed(1, second)


def test_a_row_whose_mac_was_looked_at_before_is_sealed_anew(town, session):
    change(town, Case, CASES[0], unit_id=an_id(99))
    assert anew(town, session, Case, CASES[0]) == (Left("cases", CASES[0]),)
    assert opened_in(session) == frozenset()
    town.expire_all()
    # As whoever has looked has them made: without a look at the old ones.
    macs = RowMacs(session, town.keys)
    session.info["grant"] = lambda some: macs.grant([replace(one, stood=None) for one in some])
    assert anew(town, session, Case, CASES[0], checked=True) == ()
    assert under(town, Case, "ops_ct")[CASES[0]] == (2, 2)


BROKEN = {
    "of another place": ("body_ct", lambda town: rows(town, Entry)[ENTRIES[1]].body_ct),
    "of no key there is": ("body_ct", lambda _town: an_entry_body(DataKey.generate(), "x")),
    "not of the form": ("body_ct", lambda town: an_entry_body(core_key(town), b"{")),
    "cut off": ("meta_ct", lambda _town: Sealed(b"x")),
}


def an_entry_body(key, body):
    return sealed(key, "entries", "body_ct", ENTRIES[0], body, CASES[0])


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_row_in_which_something_does_not_open_is_left_as_a_whole(town, session, broken):
    column, made = broken
    change(town, Entry, ENTRIES[0], **{column: made(town)})
    before = rows(town, Entry)
    done = batch(town, session, OPS, 5, Position("entries"))
    assert done == Resealed(1, after("entries"), (Left("entries", ENTRIES[0]),))
    assert rows(town, Entry)[ENTRIES[0]] == before[ENTRIES[0]]
    assert rows(town, Entry)[ENTRIES[1]].version == 2


@pytest.mark.parametrize("body", [{"text": "x"}, [], None], ids=["no day", "a list", "nothing"])
def test_a_request_that_says_no_day_is_left(town, session, body):
    change(
        town,
        DeskMatter,
        REQUEST,
        body_ct=sealed(ops_key(town), "desk_matters", "body_ct", REQUEST, body),
    )
    assert anew(town, session, DeskMatter, REQUEST) == (Left("desk_matters", REQUEST),)
    assert rows(town, DeskMatter)[REQUEST].version == 1


def test_of_a_record_that_does_not_open_nothing_is_moved(town, session):
    record = an_id(522)
    put_record(town, record, town.keys.older_tenant_keys(town, TENANT, OPS)[0], body=b"{")
    done = batch(town, session, OPS, 5)
    assert done == Resealed(1, after("own_records"), (Left("own_records", record),))
    session.flush()
    assert rows(town, OwnRecord)[record].version == 1


def test_an_account_that_names_nobody_is_left(town, session):
    put_account(town, an_id(553), {})
    assert anew(town, session, Account, an_id(553)) == (Left("accounts", an_id(553)),)


def test_keys_are_taken_as_they_stand_when_the_rows_are_held_and_forgotten_after(
    town, session, monkeypatch
):
    town.keys.tenant_key(session, TENANT, OPS)
    known = session.info["tenant_keys"][TENANT]
    # This transaction has found the keys before there was the one that these rows are under.
    session.info["tenant_keys"][TENANT] = [one for one in known if one.generation == 2]
    used = []
    monkeypatch.setattr(reseal, "put_right", lambda _session, _row, vault: used.append(vault))
    assert batch(town, session, OPS, 5, Position("entries")) == Resealed(2, after("entries"))
    for vault in used:
        with pytest.raises(Locked):
            vault.tenant_key(OPS)
    assert used
