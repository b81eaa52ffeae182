"""Whose name is that of somebody in a case, told as a bare yes: opened, compared and forgotten."""

from types import SimpleNamespace

import pytest

from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, seal
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.domain.control import Kin
from bti.keyd.kinship import kin_among
from tests.unit.domain.samples import ADVISER, NURSE, OTHER_TENANT, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows

DIRECTORY, CORE, NEWER_CORE = (DataKey(bytes([n]) * 16, bytes(32)) for n in (1, 2, 3))
#: A case with both guardians, one with a child alone, one of another municipality, one empty.
FAMILY, ALONE, ELSEWHERE, EMPTY = (an_id(500 + n) for n in range(4))
STRANGER = an_id(39)


@pytest.fixture(scope="module")
def rows():
    """Four accounts and four cases."""
    made = Rows()
    for account, name, tenant in (
        (TEACHER, "Ingrid Fjellvåg", TENANT),
        (NURSE, "Kari Tindeland", TENANT),
        (ADVISER, "Nina Holm", TENANT),
        (STRANGER, "Ola Tindeland", OTHER_TENANT),
    ):
        blob = seal(
            DIRECTORY,
            Place(tenant, TENANT_WIDE, "accounts", "profile_ct", account, 1),
            json_to_bytes({"name": name}),
        )
        made.put(
            "accounts",
            id=account,
            tenant_id=tenant,
            username_token=account.bytes,
            profile_ct=Sealed(blob),
        )
    for number, (case, kind, name, key, tenant) in enumerate(
        (
            (FAMILY, "child", "Live Tindeland", CORE, TENANT),
            (FAMILY, "guardian", "INGRID FJELLVÅG", CORE, TENANT),
            (FAMILY, "guardian", "Per Tindeland", NEWER_CORE, TENANT),
            (ALONE, "child", "Emil Fjellvåg", CORE, TENANT),
            (ELSEWHERE, "guardian", "Ingrid Fjellvåg", CORE, OTHER_TENANT),
        )
    ):
        place = Place(tenant, case, "persons", "body_ct", an_id(600 + number), 1)
        blob = seal(key, place, json_to_bytes({"kind": kind, "name": name}))
        made.put(
            "persons",
            id=place.row_id,
            tenant_id=tenant,
            case_id=case,
            compartment="core",
            body_ct=Sealed(blob),
        )
    made.info["vault"] = Vault()
    made.info["vault"].put_tenant(TenantPurpose.DIRECTORY, DIRECTORY)
    yield made
    made.end()


def kin(rows, *pairs, keys=(CORE, NEWER_CORE)):
    """What the control is told of accounts and cases."""
    asked = []

    def core_keys(session, tenant, cases):
        asked.append((session, tenant, set(cases)))
        return [SimpleNamespace(key_id=key.key_id, key=key) for key in keys]

    store = SimpleNamespace(core_keys=core_keys, unwrap=lambda _session, row: row.key)
    found = kin_among(rows, store, TENANT, pairs)
    assert asked == [(rows, TENANT, {case for _, case in pairs})]
    return found


def test_a_guardians_own_name_and_a_rare_surname_in_common_are_told_and_no_name(rows):
    assert kin(rows, (TEACHER, FAMILY), (NURSE, FAMILY), (ADVISER, FAMILY)) == {
        (TEACHER, FAMILY): {Kin.GUARDIAN, Kin.SURNAME},
        (NURSE, FAMILY): {Kin.SURNAME},
    }


def test_each_case_is_compared_with_its_own_people(rows):
    assert kin(rows, (TEACHER, ALONE), (NURSE, ALONE), (TEACHER, FAMILY)) == {
        (TEACHER, ALONE): {Kin.SURNAME},
        (TEACHER, FAMILY): {Kin.GUARDIAN, Kin.SURNAME},
    }


@pytest.mark.parametrize(
    "pair", [(STRANGER, FAMILY), (TEACHER, ELSEWHERE), (TEACHER, EMPTY), (an_id(38), FAMILY)]
)
def test_who_or_what_is_not_the_municipalitys_is_kin_to_nobody(rows, pair):
    assert kin(rows, pair) == {}


def test_a_name_whose_key_was_not_released_is_not_compared(rows):
    with pytest.raises(KeyError):
        kin(rows, (TEACHER, FAMILY), keys=(CORE,))
