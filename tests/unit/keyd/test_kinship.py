"""Who is kin to somebody in a case, told as a bare yes: names and tokens opened, compared and forgotten."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, seal
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.domain.control import Kin
from bti.keyd.kinship import kin_among
from tests.unit.domain.samples import ADVISER, NOON, NURSE, OTHER_TENANT, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows

DIRECTORY, CORE, NEWER_CORE = (DataKey(bytes([n]) * 16, bytes(32)) for n in (1, 2, 3))
#: A case with both guardians, one with a child alone, one of another municipality, one without people.
FAMILY, ALONE, ELSEWHERE, EMPTY = (an_id(500 + n) for n in range(4))
#: Two cases about one child, of which another service has one.
OURS, OTHERS, STRANGERS = (an_id(510 + n) for n in range(3))
STRANGER, MARRIED, NAMESAKE, UNKNOWN, CHILDS_NAME = (an_id(n) for n in (39, 36, 37, 38, 35))
HERS, HIS = b"h" * 16, b"m" * 16
PLANTED = an_id(700)


def put_account(rows, account, name, tenant=TENANT):
    place = Place(tenant, TENANT_WIDE, "accounts", "profile_ct", account, 1)
    profile = Sealed(seal(DIRECTORY, place, json_to_bytes({"name": name})))
    of = {"tenant_id": tenant, "username_token": account.bytes}
    rows.put("accounts", id=account, profile_ct=profile, **of)


def put_person(rows, number, case, kind, name, key=CORE, tenant=TENANT, **more):
    place = Place(tenant, case, "persons", "body_ct", an_id(600 + number), 1)
    body = Sealed(seal(key, place, json_to_bytes({"kind": kind, "name": name} | more)))
    of = {"tenant_id": tenant, "case_id": case, "compartment": "core"}
    rows.put("persons", id=place.row_id, body_ct=body, **of)


@pytest.fixture(scope="module")
def rows():
    """Accounts, some with a national id registered, and the people of some cases."""
    made = Rows()
    for account, name, tenant in (
        (TEACHER, "Ingrid Fjellvåg", TENANT),
        (NURSE, "Kari Tindeland", TENANT),
        (ADVISER, "Nina Holm", TENANT),
        (MARRIED, "Anna Gift", TENANT),
        (NAMESAKE, "Odd Moen", TENANT),
        (CHILDS_NAME, "Emil Fjellvåg", TENANT),
        (STRANGER, "Ola Tindeland", OTHER_TENANT),
    ):
        put_account(made, account, name, tenant)
    for number, (case, kind, name, key, tenant, more) in enumerate(
        (
            (FAMILY, "child", "Live Tindeland", CORE, TENANT, {}),
            (FAMILY, "guardian", "INGRID FJELLVÅG", CORE, TENANT, {}),
            (FAMILY, "guardian", "Per Tindeland", NEWER_CORE, TENANT, {"token": ""}),
            (ALONE, "child", "Emil Fjellvåg", CORE, TENANT, {}),
            (ELSEWHERE, "guardian", "Ingrid Fjellvåg", CORE, OTHER_TENANT, {}),
            (OURS, "child", "Mia Ugift", CORE, TENANT, {}),
            (OTHERS, "guardian", "Anna Ugift", CORE, TENANT, {"token": HERS.hex()}),
            (OTHERS, "guardian", "Odd Moen", CORE, TENANT, {"token": (b"o" * 16).hex()}),
            (STRANGERS, "guardian", "Anna Ugift", CORE, TENANT, {"token": HERS.hex()}),
        )
    ):
        put_person(made, number, case, kind, name, key, tenant, **more)
    registered = (
        # Each that was registered counts; what another municipality has, or SQL has planted, never.
        (MARRIED, HERS, NOON - timedelta(days=1), TENANT),
        (MARRIED, b"w" * 16, NOON, TENANT),
        (NAMESAKE, HIS, NOON, TENANT),
        (NURSE, HERS, NOON, OTHER_TENANT),
        (TEACHER, HERS, NOON, TENANT),
    )
    # Planted is the first that is written.
    for number, (account, token, at, tenant) in enumerate(reversed(registered)):
        of = {"account_id": account, "token": token, "noted_at": at, "tenant_id": tenant}
        made.put("account_persons", id=an_id(700 + number), **of)
    for number, (case, kind, token, tenant) in enumerate(
        (
            (OURS, "child", b"c" * 16, TENANT),
            (OTHERS, "child", b"c" * 16, TENANT),
            # The same digits of another use, another child's, and another municipality's.
            (STRANGERS, "bait", b"c" * 16, TENANT),
            (FAMILY, "child", b"f" * 16, TENANT),
            (ELSEWHERE, "child", b"f" * 16, OTHER_TENANT),
            # Rows that name a case from another municipality belong to nobody.
            (STRANGERS, "child", b"x" * 16, OTHER_TENANT),
            (ELSEWHERE, "child", b"x" * 16, OTHER_TENANT),
        )
    ):
        of = {"case_id": case, "kind": kind, "token": token, "tenant_id": tenant}
        made.put("child_index", id=an_id(800 + number), **of)
    made.info["vault"] = Vault()  # empty: nobody is given a key for what is compared
    yield made
    made.end()


def kin(rows, *pairs, keys=(CORE, NEWER_CORE), also=()):
    """What the control is told of accounts and cases; ``also`` are the cases that are looked at beside them."""
    asked = []

    def core_keys(session, tenant, cases):
        asked.append((session, tenant, set(cases)))
        return [SimpleNamespace(key_id=key.key_id, key=key) for key in keys]

    def directory(_session, tenant, purpose, key_id):
        assert (tenant, purpose, key_id) == (TENANT, TenantPurpose.DIRECTORY, DIRECTORY.key_id)
        return DIRECTORY

    store = SimpleNamespace(core_keys=core_keys, unwrap=lambda _session, row: row.key)
    store.tenant_key_by_id = directory
    found = kin_among(rows, store, TENANT, pairs, lambda row: row.id != PLANTED)
    assert asked == [(rows, TENANT, {case for _, case in pairs} | {*also})]
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


def test_a_child_is_nobodys_guardian_whatever_it_is_called(rows):
    assert kin(rows, (CHILDS_NAME, ALONE)) == {(CHILDS_NAME, ALONE): {Kin.SURNAME}}


@pytest.mark.parametrize(
    "pair", [(STRANGER, FAMILY), (TEACHER, ELSEWHERE), (TEACHER, EMPTY), (UNKNOWN, FAMILY)]
)
def test_who_or_what_is_not_the_municipalitys_is_kin_to_nobody(rows, pair):
    assert kin(rows, pair) == {}


def test_a_national_id_tells_who_has_another_name_and_who_has_only_the_same(rows):
    about = {"also": (OTHERS,)}
    assert kin(rows, (MARRIED, OURS), (NAMESAKE, OURS), **about) == {
        (MARRIED, OURS): {Kin.REGISTERED},
        (NAMESAKE, OURS): {Kin.SURNAME},
    }


def test_the_guardians_of_every_case_about_the_child_count_and_no_other_childs(rows):
    assert (MARRIED, OURS) in kin(rows, (MARRIED, OURS), also=(OTHERS,))
    assert kin(rows, (MARRIED, STRANGERS)) == {(MARRIED, STRANGERS): {Kin.REGISTERED}}
    assert kin(rows, (MARRIED, FAMILY), (MARRIED, ALONE)) == {}


@pytest.mark.parametrize(
    ("tenant", "purpose", "destroyed", "told"),
    [
        (TENANT, "index", True, {Kin.GUARDIAN, Kin.SURNAME}),
        (TENANT, "index", False, {Kin.SURNAME}),
        (TENANT, "ops", True, {Kin.SURNAME}),
        (OTHER_TENANT, "index", True, {Kin.SURNAME}),
    ],
)
def test_once_an_index_key_has_ended_another_token_proves_nobody_a_stranger(
    rows, tenant, purpose, destroyed, told
):
    ends = {"state": "destroyed", "retired_at": NOON, "destroyed_at": NOON, "wrapped": None}
    key = {"key_id": b"k" * 16, "state": "active", "wrapped": b"x"} | (ends if destroyed else {})
    with rows.begin_nested() as ended:
        rows.put("tenant_keys", tenant_id=tenant, purpose=purpose, **key)
        found = kin(rows, (NAMESAKE, OURS), also=(OTHERS,))
        ended.rollback()
    assert found == {(NAMESAKE, OURS): told}


def test_what_another_municipality_has_registered_or_sql_has_planted_says_nothing(rows):
    assert kin(rows, (NURSE, OURS), (TEACHER, OURS), also=(OTHERS,)) == {}


def test_people_of_a_case_whose_keys_are_gone_are_compared_with_nobody(rows):
    assert kin(rows, (TEACHER, FAMILY), (NURSE, FAMILY), keys=(NEWER_CORE,)) == {
        (NURSE, FAMILY): {Kin.SURNAME}
    }
    assert kin(rows, (TEACHER, FAMILY), (NURSE, FAMILY), keys=()) == {}


def test_a_person_without_a_form_is_compared_with_nobody_and_hinders_nobody(rows):
    asked = ((TEACHER, FAMILY), (MARRIED, OURS))
    before = kin(rows, *asked, also=(OTHERS,))
    formless = ({"token": "no hex"}, {"token": 7}, {"name": None}, {"kind": 1, "name": 2})
    for number, wrong in enumerate(formless, 300):
        told = {"kind": "guardian", "name": "Ugyldig Form"} | wrong
        put_person(rows, number, OURS, told.pop("kind"), told.pop("name"), **told)
    # Nor one that does not open, or is no sealed value at all.
    place = Place(TENANT, OURS, "persons", "body_ct", an_id(310), 1)
    nobody = seal(CORE, place, json_to_bytes(["nobody"]))
    for number, blob in enumerate((nobody, bytes((*nobody[:-1], nobody[-1] ^ 1)), b"garbage"), 310):
        rows.put("persons", id=an_id(number), case_id=OURS, body_ct=Sealed(blob))
    assert kin(rows, *asked, also=(OTHERS,)) == before
