"""Which columns of a municipality's keys go to whom, and that keys are taken as they stand now."""

import pytest

from bti.crypto.blind_index import national_id_token, username_token
from bti.crypto.envelope import Place, seal
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.guards import Writing
from bti.db.models import TenantKey
from bti.domain.access import Action, Refused
from bti.keyd import tenant_verbs
from bti.keyd.broker import Rules
from bti.keyd.local import LocalBroker
from bti.keyd.parcel import Parcel
from bti.keyd.quota import Limits, Meter
from tests.unit.domain.samples import (
    NOON,
    NURSE,
    OTHER_TENANT,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    TENANT,
    an_id,
)
from tests.unit.keyd.town import InMemory

OPS, DIRECTORY, INDEX = TenantPurpose.OPS, TenantPurpose.DIRECTORY, TenantPurpose.INDEX
USE = an_id(57)
WORDS = {"desk_matters.body_ct", "desk_steps.body_ct"}
TO_COME = {"accounts.totp_next_ct"}
PROOF, BEGINNER, OFFICER = (one.bytes * 2 for one in (TEACHER, NURSE, PRINCIPAL))


@pytest.fixture
def town(built):
    """A teacher, one who signs in for the first time, and the data protection officer."""
    built.person(TEACHER, SCHOOL)
    built.person(NURSE, SCHOOL, strength="first")
    built.person(PRINCIPAL, SCHOOL, "dpo")
    yield built
    built.begin_anew()


def broker(town):
    return LocalBroker(town.provider, town.clock, Rules(60))


def asking(town, credential):
    """The verbs of somebody, and what leaves the broker's process with the answer."""
    parcel = Parcel()
    meter = Meter(town, town.clock, Limits(), peer="")
    return broker(town).verbs(town, None, credential, meter, parcel), parcel


def reserved(parcel):
    """What went out of what is for some sessions alone."""
    columns = {name for one in parcel.packed()["tenants"] for name in one["columns"]}
    assert columns
    return columns & (WORDS | TO_COME)


@pytest.mark.parametrize(
    ("proof", "given"), [(PROOF, set()), (OFFICER, WORDS), (BEGINNER, TO_COME)]
)
def test_the_officers_words_go_to_the_officer_and_a_new_secret_to_who_is_to_use_it(
    town, proof, given
):
    renewed(town, OPS)
    town.info.pop("tenant_keys")
    verbs, parcel = asking(town, proof)
    verbs.subject()
    assert reserved(parcel) == given
    # Of an older generation the same.
    [older] = [one for one in parcel.packed()["tenants"] if not one["active"]]
    assert WORDS & older["columns"].keys() == WORDS & given


@pytest.mark.parametrize("act", [Action.KEEP_BREACHES, Action.KEEP_RIGHTS_REQUESTS])
def test_who_may_keep_either_kind_of_matter_reads_their_words(town, monkeypatch, act):
    decide = tenant_verbs.decide

    def one_alone(subject, action, *given):
        found = decide(subject, action, *given)
        return found if action is act else Refused("access.role")

    monkeypatch.setattr(tenant_verbs, "decide", one_alone)
    verbs, parcel = asking(town, OFFICER)
    verbs.subject()
    assert reserved(parcel) == WORDS


def test_a_job_is_given_neither(town):
    verbs, parcel = asking(town, "job")
    verbs.open_ops(TENANT)
    verbs.open_directory(TENANT)
    assert reserved(parcel) == set()
    [counted] = [one for one in parcel.packed()["tenants"] if one["purpose"] == OPS.value]
    assert "release_records.body_ct" in counted["columns"]


def test_where_reminders_go_is_released_alone_and_with_no_other_key(town):
    renewed(town, DIRECTORY)
    address = "mail_choices.address_ct"
    for credential in (PROOF, BEGINNER, "job"):
        verbs, parcel = asking(town, credential)
        verbs.open_directory(TENANT)
        assert all(address not in one["columns"] for one in parcel.packed()["tenants"])
    town.info.pop("tenant_keys")
    verbs, parcel = asking(town, "job")
    verbs.open_addresses(TENANT)
    assert parcel.packed()["tenants"] == []
    # Of an older generation too: what was written under it must still be sent.
    assert [set(one["columns"]) for one in parcel.packed()["columns"]] == [{address}, {address}]


def renewed(town, purpose):
    """Give a key a successor that this transaction has not heard of; returns both, the newer first."""
    town.keys.tenant_key(town, TENANT, purpose)
    known = town.info["tenant_keys"][TENANT]
    of = {"tenant_id": TENANT, "purpose": purpose.value}
    town.query(TenantKey).filter_by(**of).update({"state": "open-only", "retired_at": NOON})
    town.keys.add_generation(town, TENANT, purpose, 2)
    town.flush()
    both = town.keys.opening_keys(town, TENANT, purpose, again=True)
    town.info["tenant_keys"][TENANT] = known
    return both


def test_a_key_that_came_meanwhile_is_learnt_when_a_value_names_it(town):
    verbs = town.verbs(PROOF)
    verbs.subject()
    newer, older = renewed(town, OPS)
    vault = town.info["vault"]
    assert vault.tenant_key(OPS).key_id == older.key_id
    assert vault.tenant_key_by_id(TENANT, OPS, newer.key_id).key_id == newer.key_id
    assert vault.tenant_key(OPS).key_id == newer.key_id
    with pytest.raises(Locked):
        vault.tenant_key_by_id(TENANT, OPS, b"?" * 16)


def test_a_user_name_is_looked_for_under_the_keys_there_are_now(town):
    names = renewed(town, DIRECTORY)
    found = town.verbs(None).username_tokens(TENANT, "ingrid")
    assert found == tuple(username_token(key, "ingrid") for key in names)


def test_a_child_is_looked_for_under_the_keys_there_are_now(town):
    numbers = renewed(town, INDEX)
    found = town.verbs(PROOF).national_id_tokens(TENANT, "child", "01841312345")
    assert found == tuple(national_id_token(key, "child", "01841312345") for key in numbers)


def test_who_a_colleague_is_stays_under_the_oldest_key(town):
    _, oldest = renewed(town, INDEX)
    found = town.verbs(PROOF).national_id_tokens(TENANT, "person", "01841312345")
    assert found == (national_id_token(oldest, "person", "01841312345"),)


def test_whose_session_it_is_is_told_without_a_key(town):
    town.info.pop("vault", None)
    assert broker(town).owner_of(town, PROOF) == TEACHER
    assert "vault" not in town.info
    assert broker(town).key_store.tenant_key(town, TENANT, OPS).key_id


def test_the_keys_of_a_broker_are_those_of_its_provider(town):
    other = InMemory({"file:1": b"?" * 32})
    assert LocalBroker(other, town.clock, Rules(60)).key_store.provider is other


def test_of_ones_own_records_nobody_elses_is_asked_about(town):
    theirs = {"tenant_id": TENANT, "account_id": NURSE}
    town.genuine("own_records", id=an_id(58), tenant_id=TENANT, account_id=TEACHER)
    town.genuine("own_records", id=an_id(59), **theirs)
    town.genuine("own_records", id=an_id(60), **theirs | {"tenant_id": OTHER_TENANT})
    key = town.keys.create_case_keys(town, TENANT, an_id(58), ("own",))["own"]
    town.flush()
    # One of another municipality has gone, for whoever asks here.
    town.verbs(PROOF).list_own_records([an_id(58), an_id(60)])
    assert town.info["vault"].by_id(key.key_id)


def test_a_reason_is_read_with_the_key_that_sealed_it(town):
    town.keys.create_case_keys(town, TENANT, USE, ("review",))
    key = town.keys.add_case_key(town, TENANT, USE, "review", 2)
    town.flush()
    place = Place(TENANT, USE, "emergency_accesses", "body_ct", USE, 1)
    columns = {"body_ct": seal(key, place, json_to_bytes({"reason": "missing"}))}
    row = Writing(TENANT, "emergency_accesses", USE, 1, columns, {}, None)
    assert town.verbs(PROOF).reviewed(row) == {"reason": "missing"}
