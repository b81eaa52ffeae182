"""What goes out with an answer: data keys of cases, of tenant keys the columns alone, and some to nobody."""

import json

import pytest

from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, open_sealed, seal
from bti.crypto.errors import Locked
from bti.crypto.field_keys import FieldKeys
from bti.crypto.provider import TenantPurpose
from bti.db.inventory import SEALED
from bti.db.vault import Vault
from bti.keyd.parcel import Parcel, columns_of, receive
from tests.unit.domain.samples import CASE, TENANT, an_id

OPS, DIRECTORY = TenantPurpose.OPS, TenantPurpose.DIRECTORY
ROW = an_id(70)
OFFICERS = {("desk_matters", "body_ct"), ("desk_steps", "body_ct")}
BODY, META = ("own_records", "body_ct"), ("own_records", "meta_ct")


def sealed_under(purpose):
    """Every column that is sealed under a key, by table and column."""
    return {tuple(name.split(".")) for name, scope in SEALED.items() if scope == purpose.value}


def place(column, case=TENANT_WIDE):
    return Place(TENANT, case, *column, ROW, 1)


def arrived(parcel):
    """The vault of whoever asked, after the answer has been text on the way."""
    vault = Vault()
    receive(vault, json.loads(json.dumps(parcel.packed())))
    return vault


def opens(key, column, vault, case=TENANT_WIDE):
    blob = seal(key, place(column, case), b"what it says")
    return open_sealed(vault.by_id(key.key_id), place(column, case), blob) == b"what it says"


def test_the_secret_of_codes_is_for_nobody_and_the_officers_words_for_some():
    counted = {("release_records", "body_ct")}
    assert set(columns_of(OPS)) == sealed_under(OPS) - OFFICERS - counted
    assert set(columns_of(OPS, reserved=True)) == sealed_under(OPS) - counted
    assert set(columns_of(OPS, program=True)) == sealed_under(OPS) - OFFICERS > counted
    known = sealed_under(DIRECTORY)
    known -= {("mail_choices", "address_ct")}  # goes by a verb of its own
    assert set(columns_of(DIRECTORY, reserved=True)) == known - {("accounts", "totp_ct")}
    kept = {("accounts", "totp_ct"), ("accounts", "totp_next_ct")}
    assert set(columns_of(DIRECTORY)) == known - kept < known


@pytest.mark.parametrize("reserved", [False, True])
def test_of_a_tenant_key_no_more_than_columns_come(reserved):
    parcel, key, older = Parcel(), DataKey.generate(), DataKey.generate()
    how = {"reserved": True} if reserved else {}
    parcel.put_tenant(OPS, key, **how)
    parcel.put_tenant(OPS, older, active=False, **how)
    vault = arrived(parcel)
    for given in (vault, parcel):
        assert given.tenant_key(OPS).key_id == key.key_id
        assert opens(key, ("cases", "ops_ct"), given)
        assert opens(older, ("cases", "ops_ct"), given)
    assert parcel.tenant_key(OPS) is key
    assert isinstance(vault.tenant_key(OPS), FieldKeys)
    if reserved:
        assert opens(key, ("desk_steps", "body_ct"), vault)
        return
    for column in (*OFFICERS, ("accounts", "profile_ct")):
        with pytest.raises(Locked):
            opens(key, column, vault)


def test_what_came_as_columns_is_not_passed_on():
    parcel = Parcel()
    parcel.put_tenant(OPS, FieldKeys(b"i" * 16, {}))
    assert parcel.tenant_key(OPS).key_id == b"i" * 16
    assert parcel.packed() == {"cases": [], "tenants": [], "columns": []}


def test_a_data_key_comes_whole_and_an_older_one_seals_nothing():
    parcel, key, older = Parcel(), DataKey.generate(), DataKey.generate()
    parcel.put_case(CASE, "core", older, active=False)
    parcel.put_case(CASE, "core", key)
    parcel.put_case(CASE, "health", older, active=False)
    for vault in (arrived(parcel), parcel):
        assert vault.case_key(CASE, "core").key_id == key.key_id
        assert vault.cases == {CASE}
        assert (vault.holds(CASE, "core"), vault.holds(CASE, "health")) == (True, False)
        for one in (key, older):
            assert opens(one, ("entries", "body_ct"), vault, CASE)


def test_of_an_own_record_some_columns_come_alone():
    parcel, key = Parcel(), DataKey.generate()
    parcel.put_some(key, [META])
    for vault in (arrived(parcel), parcel):
        assert opens(key, META, vault, ROW)
        assert vault.cases == frozenset()
        with pytest.raises(Locked):
            opens(key, BODY, vault, ROW)


def test_purposes_are_told_apart_on_the_way():
    parcel, ops, directory = Parcel(), DataKey.generate(), DataKey.generate()
    parcel.put_tenant(OPS, ops)
    parcel.put_tenant(DIRECTORY, directory)
    vault = arrived(parcel)
    assert vault.tenant_key(OPS).key_id == ops.key_id
    assert vault.tenant_key(DIRECTORY).key_id == directory.key_id
    assert opens(directory, ("accounts", "profile_ct"), vault)
    with pytest.raises(Locked):
        opens(directory, ("accounts", "totp_ct"), vault)
