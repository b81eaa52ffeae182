"""What belongs to a municipality as a whole: whose session asks, which of its keys they are given, and its log."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from bti.audit.note import Checkpoint, VerifierKey, open_note
from bti.audit.record import By, origin_of
from bti.crypto import blind_index
from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED
from bti.db.models import Account, Approval, Case, Log, Municipality, TenantKey
from bti.db.sealed_value import Sealed
from bti.db.walls import Standpoint, stand
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.errors import AccessDenied
from bti.domain.step_up import FRESH_FOR
from bti.identity import totp
from bti.identity.tokens import digest_of_proof
from bti.keyd.broker import RanOut
from bti.keyd.grant_facts import SLOWEST
from bti.keyd.quota import Limits
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

PROOF = TEACHER.bytes * 2
SESSION = digest_of_proof(PROOF).hex()[:8]
DIRECTORY, OPS, INDEX = TenantPurpose.DIRECTORY, TenantPurpose.OPS, TenantPurpose.INDEX
NUMBER = "01841312345"


@pytest.fixture
def town(built):
    """A teacher, signed in, and a colleague in another municipality."""
    built.person(TEACHER, SCHOOL)
    built.person(NURSE, SCHOOL, tenant=OTHER_TENANT)
    yield built
    built.begin_anew()


def refused(act, *given, **named):
    with pytest.raises(AccessDenied) as told:
        act(*given, **named)
    return told.value.rule


def released(town):
    """For what there is a key that seals."""
    found = set()
    for purpose in TenantPurpose:
        try:
            town.info["vault"].tenant_key(purpose)
        except Locked:
            continue
        found.add(purpose)
    return found


# -- who -----------------------------------------------------------------------------------------


def test_a_live_session_is_its_owners_and_has_the_keys_of_every_page(town):
    verbs = town.verbs(PROOF)
    subject = verbs.subject()
    assert (subject.account_id, subject.tenant_id, subject.unit_id) == (TEACHER, TENANT, SCHOOL)
    assert verbs.subject() is subject
    assert released(town) == {DIRECTORY, OPS}
    assert verbs.authority.ends_at == NOON.replace(hour=20)
    assert verbs.credential == PROOF
    assert verbs.by() == By(str(TEACHER), SESSION, str(SCHOOL))


def test_who_gave_the_role_is_known_once_the_session_was_asked_about(town):
    grant = {"account_id": PRINCIPAL, "unit_id": SCHOOL, "role": "administrator"}
    town.genuine("accounts", id=PRINCIPAL, tenant_id=TENANT, username_token=PRINCIPAL.bytes)
    town.genuine("role_grants", id=an_id(3), tenant_id=TENANT, granted_by_id=TEACHER, **grant)
    proof = PRINCIPAL.bytes * 2
    session = {"account_id": PRINCIPAL, "role_grant_id": an_id(3), "strength": "passkey"}
    session |= {"token_hash": digest_of_proof(proof), "expires_at": NOON + timedelta(hours=1)}
    town.genuine("web_sessions", id=an_id(4), tenant_id=TENANT, **session)
    verbs = town.verbs(proof)
    assert verbs.authority.given_by is None
    verbs.subject()
    assert verbs.authority.given_by == TEACHER


def test_a_session_of_no_role_or_no_account_is_nobodys(town):
    role = {"account_id": an_id(38), "unit_id": SCHOOL, "role": "staff"}
    town.genuine("role_grants", id=an_id(5), tenant_id=TENANT, **role)
    for number, (account, grant) in enumerate(((TEACHER, an_id(6)), (an_id(38), an_id(5)))):
        proof = bytes([number]) * 32
        session = {"account_id": account, "role_grant_id": grant, "strength": "passkey"}
        session |= {"token_hash": digest_of_proof(proof), "expires_at": NOON + timedelta(hours=1)}
        town.genuine("web_sessions", id=an_id(7 + number), tenant_id=TENANT, **session)
        assert refused(town.verbs(proof).subject) == "access.no_session"


def test_a_session_is_met_where_its_municipality_is(town):
    stand(town, Standpoint(tenant=OTHER_TENANT))
    assert refused(town.verbs(PROOF).subject) == "access.no_session"
    stand(town, Standpoint(tenant=TENANT))
    assert town.verbs(PROOF).subject().account_id == TEACHER


def test_who_asks_and_their_keys_are_one_question(town):
    town.info.pop("tenant_keys", None)
    town.expire_all()
    asked = []

    def look(*given):
        asked.append(given[2])

    event.listen(town.get_bind(), "before_cursor_execute", look)
    town.verbs(PROOF).subject()
    event.remove(town.get_bind(), "before_cursor_execute", look)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("table", "mapped", "case_id"),
    [
        ("cases", Case, an_id(47)),
        ("logs", Log, an_id(48)),
        ("accounts", Account, None),
        ("approvals", Approval, None),
    ],
)
def test_a_forged_row_names_the_case_it_is_or_belongs_to(town, table, mapped, case_id):
    of = {"case_id": case_id} if table == "logs" else {}
    of |= {"answered_by_id": NURSE, "state": "given"} if table == "approvals" else {}
    town.put(table, id=an_id(47), tenant_id=TENANT, **of)
    with pytest.raises(AccessDenied) as told:
        town.verbs(None).check(town.get_one(mapped, an_id(47)))
    assert (told.value.rule, told.value.case_id) == (FORGED, case_id)


def test_an_older_key_opens_what_it_sealed_and_seals_nothing(town):
    rows = town.query(TenantKey).filter_by(tenant_id=TENANT, purpose="directory")
    [older] = [one.key_id for one in rows]
    rows.update({"state": "open-only", "retired_at": NOON})
    town.keys.add_generation(town, TENANT, DIRECTORY, 2)
    town.flush()
    town.info.pop("tenant_keys", None)
    town.verbs("job").open_directory(TENANT)
    vault = town.info["vault"]
    assert vault.tenant_key(DIRECTORY).key_id != older
    assert vault.by_id(older).key_id == older


def test_a_session_that_ran_out_has_no_key_of_the_municipality(town):
    town.clock.advance(timedelta(hours=10))
    assert refused(town.verbs(PROOF).subject) == "access.no_session"
    verbs = town.verbs(RanOut(PROOF))
    assert verbs.subject().account_id == TEACHER
    assert verbs.subject() is verbs.subject()
    assert released(town) == set()
    assert verbs.by() == By(str(TEACHER), SESSION, str(SCHOOL))


@pytest.mark.parametrize("credential", [None, "job", b"?" * 32])
def test_without_a_session_nobody_is_asked_about(town, credential):
    verbs = town.verbs(credential)
    assert refused(verbs.subject) == "access.no_session"
    assert released(town) == set()


def test_the_log_names_the_program_and_a_visitor(town):
    assert town.verbs("job").by() == By("system:job")
    assert town.verbs(None).by() == By("system:visitor")


def test_what_needs_no_case_is_what_the_role_may(town):
    verbs = town.verbs(PROOF)
    verbs.require(Action.LOG_CONCERN)
    assert refused(verbs.require, Action.MANAGE_ACCOUNTS) == "access.role"


# -- keys of the municipality --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credential", "tenant", "proof", "rule"),
    [
        ("job", TENANT, None, ""),
        ("job", OTHER_TENANT, None, ""),
        (None, TENANT, None, ""),
        (PROOF, TENANT, None, ""),
        (PROOF, OTHER_TENANT, None, "access.other_tenant"),
        (None, TENANT, PROOF, ""),
        (None, OTHER_TENANT, PROOF, "access.other_tenant"),
        ("job", OTHER_TENANT, PROOF, "access.other_tenant"),
        (None, TENANT, b"?" * 32, "access.no_session"),
    ],
)
def test_the_directory_is_opened_to_those_whose_municipality_it_is(
    town, credential, tenant, proof, rule
):
    verbs = town.verbs(credential)
    if rule:
        assert refused(verbs.open_directory, tenant, proof=proof) == rule
        return
    verbs.open_directory(tenant, proof=proof)
    assert DIRECTORY in released(town)
    theirs = town.keys.tenant_key(town, tenant, DIRECTORY).key_id
    assert town.info["vault"].tenant_key(DIRECTORY).key_id == theirs


@pytest.mark.parametrize(("credential", "proof"), [(None, PROOF), (RanOut(PROOF), None)])
def test_a_session_that_ran_out_brings_nobodys_name(town, credential, proof):
    town.clock.advance(timedelta(hours=10))
    verbs = town.verbs(credential)
    assert refused(verbs.open_directory, TENANT, proof=proof) == "access.no_session"
    assert released(town) == set()


def test_a_job_that_counts_is_given_the_ops_key(town):
    town.verbs("job").open_ops(TENANT)
    assert released(town) == {OPS}


def test_a_new_municipality_has_all_its_keys(town):
    new = Municipality(name="Ny", number="9903", profile="standard", language="nb")
    town.verbs("operator").create_tenant(new)
    assert released(town) == {DIRECTORY}
    assert town.scalar(select(Municipality.number).where(Municipality.id == new.id)) == "9903"
    kept = {one.purpose for one in town.query(TenantKey).filter_by(tenant_id=new.id)}
    assert kept == {purpose.value for purpose in TenantPurpose}
    assert town.verbs("operator").key_life() is not None


def test_rows_that_were_not_written_by_the_program_are_told(town):
    genuine = town.get_one(Account, TEACHER)
    town.put("accounts", id=an_id(39), tenant_id=TENANT, username_token=b"planted")
    planted = town.get_one(Account, an_id(39))
    verbs = town.verbs(None)
    verbs.check(genuine)
    assert refused(verbs.check, genuine, planted) == FORGED
    assert refused(verbs.prove_code, an_id(39), "000000") == FORGED


# -- looking up ----------------------------------------------------------------------------------


def renewed(town, purpose):
    """Give a key a successor; returns both, the newer first."""
    town.query(TenantKey).filter_by(tenant_id=TENANT, purpose=purpose.value).update(
        {"state": "open-only", "retired_at": NOON}
    )
    town.keys.add_generation(town, TENANT, purpose, 2)
    town.flush()
    town.info.pop("tenant_keys", None)
    newer = town.keys.tenant_key(town, TENANT, purpose)
    return [newer, *town.keys.older_tenant_keys(town, TENANT, purpose)]


def test_a_user_name_is_looked_up_by_what_it_may_stand_under(town):
    both = renewed(town, DIRECTORY)
    found = town.verbs(None).username_tokens(TENANT, "Ingrid")
    assert set(found) == {blind_index.username_token(key, "ingrid") for key in both}
    assert len(found) == 2


def test_look_ups_of_user_names_are_counted_for_the_process_that_asks(town):
    verbs = town.verbs(None, limits=Limits(peer_minute=1), peer="web")
    verbs.username_tokens(TENANT, "ingrid")
    assert refused(verbs.username_tokens, TENANT, "ingrid") == "quota.names-minute"


def test_a_national_id_is_looked_up_in_ones_own_municipality_and_counted(town):
    both = renewed(town, INDEX)
    verbs = town.verbs(PROOF, limits=Limits(index_minute=1))
    other = refused(verbs.national_id_tokens, OTHER_TENANT, "child", NUMBER)
    assert other == "access.other_tenant"
    found = verbs.national_id_tokens(TENANT, "child", NUMBER)
    assert set(found) == {blind_index.national_id_token(key, "child", NUMBER) for key in both}
    assert len(found) == 2
    assert refused(verbs.national_id_tokens, TENANT, "child", NUMBER) == "quota.index-minute"


@pytest.mark.parametrize(
    ("role", "kind", "rule"),
    [
        ("staff", "child", ""),
        ("staff", "person", ""),
        ("on_call", "child", ""),
        ("administrator", "person", ""),
        ("administrator", "child", "access.role"),
        ("dpo", "person", "access.role"),
        ("dpo", "child", "access.role"),
    ],
)
def test_who_looks_for_a_child_and_who_says_who_a_colleague_is_look_up_a_national_id(
    town, role, kind, rule
):
    verbs = town.verbs(town.person(PRINCIPAL, SCHOOL, role))
    if rule:
        assert refused(verbs.national_id_tokens, TENANT, kind, NUMBER) == rule
    else:
        assert len(verbs.national_id_tokens(TENANT, kind, NUMBER)) == 1


# -- codes ---------------------------------------------------------------------------------------

SECRET, NEXT = b"twenty secret bytes!", b"one that is to come."


def a_beginner(town, **changes):
    """Somebody with a first code, and one of their own that waits; returns the proof of their session."""
    sealed = {}
    for column, secret in (("totp_ct", SECRET), ("totp_next_ct", NEXT)):
        place = Place(TENANT, TENANT_WIDE, "accounts", column, PRINCIPAL, 1)
        key = town.keys.tenant_key(town, TENANT, DIRECTORY)
        sealed[column] = Sealed(seal(key, place, json_to_bytes(secret.hex())))
    return town.person(PRINCIPAL, SCHOOL, of_account=sealed | {"must_renew": True} | changes)


def test_a_code_is_proven_once_for_the_account_it_is_of(town):
    a_beginner(town)
    verbs = town.verbs(None)
    assert verbs.prove_code(PRINCIPAL, "000000") is False
    assert verbs.prove_code(PRINCIPAL, totp.code_at(SECRET, NOON)) is True
    assert verbs.prove_code(PRINCIPAL, totp.code_at(SECRET, NOON)) is False


def test_a_code_of_the_secret_that_waits_is_proven_by_its_owner_while_it_is_due(town):
    code = totp.code_at(NEXT, NOON)
    proof = a_beginner(town)
    shown = {"account": town.get_one(Account, PRINCIPAL), "column": "totp_next_ct"}
    verbs = town.verbs(proof)
    assert verbs.shown_secret(**shown) is None
    assert verbs.prove_own_code("000000") is False
    assert verbs.prove_own_code(code) is True
    assert verbs.prove_own_code(code) is False
    assert verbs.shown_secret(**shown) == NEXT
    town.clock.advance(SLOWEST)
    assert verbs.shown_secret(**shown) is None


@pytest.mark.parametrize("changes", [{"must_renew": False}, {"totp_next_ct": None}])
def test_where_none_waits_or_none_is_due_no_code_is_proven(town, changes):
    verbs = town.verbs(a_beginner(town, **changes))
    assert verbs.prove_own_code(totp.code_at(NEXT, NOON)) is False


def test_a_code_of_a_forged_account_proves_nothing(town):
    verbs = town.verbs(a_beginner(town))
    verbs.subject()
    forged = update(Account.__table__).values(language="nn").where(Account.id == PRINCIPAL)
    town.execute(forged)
    town.expire_all()
    assert refused(verbs.prove_own_code, totp.code_at(NEXT, NOON)) == FORGED


def test_a_fresh_proof_is_used_up_for_one_account(town):
    proof = a_beginner(town)
    verbs = town.verbs(proof)
    assert verbs.spend_proof(NURSE) is False
    assert verbs.prove_code(PRINCIPAL, totp.code_at(SECRET, NOON))
    assert verbs.spend_proof(NURSE) is True
    assert verbs.spend_proof(TEACHER) is False


def test_a_proof_that_is_old_is_not_used_and_a_demonstration_needs_none(town):
    old = a_beginner(town)
    town.clock.advance(FRESH_FOR)
    code = totp.code_at(SECRET, town.clock.now())
    assert town.verbs(None).prove_code(PRINCIPAL, code)
    # The code is new, and the session's own proof is not.
    assert town.verbs(old).spend_proof(NURSE) is False
    shown = {"strength": "demo", "proven_at": town.clock.now()}
    assert town.verbs(town.person(an_id(38), SCHOOL, **shown)).spend_proof(NURSE) is True


# -- approvals -----------------------------------------------------------------------------------


def test_an_approval_is_used_by_the_program_or_in_ones_own_municipality(town):
    act, params = ApprovalAct.ERASURE, {"case": "x"}
    for credential, tenant in (("job", TENANT), (PROOF, TENANT), (PROOF, OTHER_TENANT)):
        with pytest.raises(ApprovalRefused, match=r"^approval\.unknown$") as told:
            town.verbs(credential).use_approval(tenant, an_id(100), act, params)
        assert told.value.approval_id == an_id(100)
        # Of another's nothing is looked up: the refusal is entered where the person is.
        assert told.value.tenant_id == (None if tenant == OTHER_TENANT else tenant)
    for credential in (None, RanOut(PROOF)):
        asked = refused(town.verbs(credential).use_approval, TENANT, an_id(100), act, params)
        assert asked == "access.no_session"


# -- the log -------------------------------------------------------------------------------------


def test_a_municipalitys_own_log_is_signed_and_no_others(town):
    verbs = town.verbs(None)
    for epoch in (1, 2):
        point = Checkpoint(origin_of(TENANT, epoch), 7, bytes(32))
        key = VerifierKey.parse(verbs.verifier_key(TENANT, epoch))
        assert open_note(verbs.sign(TENANT, point), [key]) == point
        assert refused(verbs.sign, OTHER_TENANT, point) == "access.other_tenant"
    assert verbs.verifier_key(TENANT) == verbs.verifier_key(TENANT, 1)
    assert verbs.verifier_key(TENANT) != verbs.verifier_key(OTHER_TENANT)


def test_a_municipality_without_a_key_for_its_log_signs_nothing(town):
    point = Checkpoint(origin_of(an_id(3)), 7, bytes(32))
    assert refused(town.verbs(None).sign, an_id(3), point) == "access.no_log_key"


def test_when_it_is_over_every_key_is_forgotten(town):
    verbs = town.verbs(PROOF)
    verbs.subject()
    vault = town.info["vault"]
    assert town.info["grant"] == verbs.macs.grant
    assert verbs.settle() is None
    verbs.close()
    with pytest.raises(Locked):
        vault.tenant_key(DIRECTORY)
    assert not town.info.keys() & {"vault", "grant", "tenant_keys"}
    verbs.close()
