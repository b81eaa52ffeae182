"""Which rows of authority still need an older generation of the directory key, and for what."""

import pytest
from sqlalchemy import event, update

from bti.crypto.blind_index import username_token
from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import row_mac
from bti.crypto.values import json_to_bytes
from bti.db.base import AuthorityRow, Base
from bti.db.guards import mac_columns
from bti.db.models import Account, TenantKey, WebSession
from bti.db.sealed_value import Sealed
from bti.keyd import directory_rows
from bti.keyd.directory_rows import MOST_LOOKED_AT, DirectoryRows, authority_tables, username_of
from tests.unit.domain.samples import NOON, OTHER_TENANT, TENANT, an_id
from tests.unit.keyd.town import Town

DIRECTORY = TenantPurpose.DIRECTORY
#: What of each account is under the older generation.
ACCOUNTS = {
    an_id(700): (),
    an_id(701): ("mac",),
    an_id(702): ("profile_ct",),
    an_id(703): ("totp_ct",),
    an_id(704): ("name",),
    an_id(705): ("mac", "profile_ct", "totp_ct", "name"),
}
BEHIND = [one for one, of in ACCOUNTS.items() if of]
SESSION, NEW_SESSION = an_id(710), an_id(711)


@pytest.fixture(scope="module")
def built():
    """A directory key with a successor, and accounts and sessions under the one, the other, or both."""
    made = Town()
    for tenant in (TENANT, OTHER_TENANT):
        found = {"tenant_id": tenant, "purpose": DIRECTORY.value}
        older = {"state": "open-only", "retired_at": NOON}
        made.query(TenantKey).filter_by(**found).update(older)
        made.keys.add_generation(made, tenant, DIRECTORY, 2)
    made.flush()
    newer, older = made.keys.opening_keys(made, TENANT, DIRECTORY, again=True)
    # Put in from the last to the first: the order of the rows is that of their ids.
    for account, of in reversed(ACCOUNTS.items()):
        put_account(made, account, dict.fromkeys(of, older), newer)
    with_mac(made, WebSession, older, "web_sessions", id=SESSION, token_hash=b"1" * 32)
    with_mac(made, WebSession, newer, "web_sessions", id=NEW_SESSION, token_hash=b"2" * 32)
    theirs, _ = made.keys.opening_keys(made, OTHER_TENANT, DIRECTORY)
    put_account(made, an_id(720), {}, theirs, OTHER_TENANT)
    made.commit()
    yield made
    made.end()


@pytest.fixture
def town(built):
    yield built
    built.begin_anew()


def put_account(town, account, under, otherwise, tenant=TENANT):
    def key(of):
        return under.get(of, otherwise)

    def sealed(column, value):
        place = Place(tenant, TENANT_WIDE, "accounts", column, account, 1)
        return Sealed(seal(key(column), place, json_to_bytes(value)))

    name = f"name{account.hex[-4:]}"
    with_mac(
        town,
        Account,
        key("mac"),
        "accounts",
        id=account,
        tenant_id=tenant,
        username_token=username_token(key("name"), name),
        profile_ct=sealed("profile_ct", {"username": name}),
        totp_ct=sealed("totp_ct", "00"),
    )


def with_mac(town, mapped, key, table, **values):
    town.put(table, **values)
    row = town.get_one(mapped, values["id"])
    mac = row_mac(key, table, row.id, row.version, mac_columns(row))
    town.execute(update(mapped.__table__).where(mapped.id == row.id).values(mac=mac))
    town.expire(row)


def rows_and_keys(town):
    newer, older = town.keys.opening_keys(town, TENANT, DIRECTORY, again=True)
    return DirectoryRows(town, town.keys, TENANT), newer, older


def test_a_row_is_behind_by_its_mac_what_is_sealed_in_it_or_its_user_name(town):
    rows, newer, older = rows_and_keys(town)
    assert rows.behind(Account, newer, None) == (BEHIND, None)
    assert rows.behind(Account, newer, BEHIND[1]) == (BEHIND[2:], None)
    assert rows.behind(WebSession, newer, None) == ([SESSION], None)
    assert rows.behind(Account, older, BEHIND[-2]) == ([], None)


def test_so_many_are_looked_at_in_one_go(town, monkeypatch):
    assert MOST_LOOKED_AT == 2000
    monkeypatch.setattr(directory_rows, "MOST_LOOKED_AT", 2)
    rows, newer, _ = rows_and_keys(town)
    assert rows.behind(Account, newer, None) == ([BEHIND[0]], BEHIND[0])
    assert rows.behind(Account, newer, BEHIND[2]) == (BEHIND[3:], BEHIND[4])
    assert rows.behind(Account, newer, BEHIND[4]) == ([], None)
    assert rows.count_under(newer) == 6


def test_what_needs_a_generation_is_counted_once_whatever_it_needs_it_for(town):
    rows, newer, older = rows_and_keys(town)
    assert rows.count_under(older) == len(BEHIND) + 1
    # Of all accounts but the last something is under the newer one, and one session.
    assert rows.count_under(newer) == len(ACCOUNTS) - 1 + 1
    theirs = town.keys.tenant_key(town, OTHER_TENANT, DIRECTORY)
    assert rows.count_under(theirs) == 0
    assert DirectoryRows(town, town.keys, OTHER_TENANT).count_under(theirs) == 1


def test_every_table_under_a_mac_is_looked_at_in_order(town):
    tables = [one.__tablename__ for one in authority_tables()]
    assert tables == sorted(tables)
    every = {one.class_ for one in Base.registry.mappers if issubclass(one.class_, AuthorityRow)}
    assert set(authority_tables()) == every
    asked = []

    def look(*given):
        asked.append(given[2])

    event.listen(town.get_bind(), "before_cursor_execute", look)
    rows, newer, _ = rows_and_keys(town)
    rows.count_under(newer)
    event.remove(town.get_bind(), "before_cursor_execute", look)
    for table in tables:
        assert any(f"FROM {table} " in one for one in asked), table


def test_a_profile_that_names_nobody_stops_it(town):
    assert username_of({"username": "ingrid"}) == "ingrid"
    for profile in ({}, {"username": ""}, {"username": 7}, [], None, "ingrid"):
        with pytest.raises(SealError):
            username_of(profile)
    rows, _, older = rows_and_keys(town)
    other = town.get_one(Account, BEHIND[0]).profile_ct
    forged = update(Account.__table__).where(Account.id == next(iter(ACCOUNTS)))
    town.execute(forged.values(profile_ct=other))
    with pytest.raises(SealError):
        rows.count_under(older)
