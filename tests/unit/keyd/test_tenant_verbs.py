"""What belongs to a municipality as a whole: whose session asks, which of its keys they are given, and its log."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from bti.audit.note import Checkpoint, VerifierKey, open_note
from bti.audit.record import By, origin_of
from bti.crypto import blind_index
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.db.guards import FORGED
from bti.db.models import Account, Approval, Case, Log, Municipality, TenantKey
from bti.db.walls import Standpoint, stand
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.errors import AccessDenied
from bti.identity.tokens import digest_of_proof
from bti.keyd.broker import RanOut
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
from tests.unit.keyd.town import Town

PROOF = TEACHER.bytes * 2
SESSION = digest_of_proof(PROOF).hex()[:8]
DIRECTORY, OPS, INDEX = TenantPurpose.DIRECTORY, TenantPurpose.OPS, TenantPurpose.INDEX
NUMBER = "01841312345"


@pytest.fixture(scope="module")
def built():
    made = Town()
    yield made
    made.end()


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


def test_a_session_that_ran_out_still_names_its_owner(town):
    town.clock.advance(timedelta(hours=10))
    town.verbs(None).open_directory(TENANT, proof=PROOF)
    assert released(town) == {DIRECTORY}


def test_a_job_that_counts_is_given_the_ops_key(town):
    town.verbs("job").open_ops(TENANT)
    assert released(town) == {OPS}


def test_a_new_municipality_has_all_its_keys(town):
    new = Municipality(id=an_id(3), name="Ny", number="9903", profile="standard", language="nb")
    town.verbs("operator").create_tenant(new)
    assert released(town) == {DIRECTORY}
    kept = {one.purpose for one in town.query(TenantKey).filter_by(tenant_id=an_id(3))}
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


def test_a_user_name_is_looked_up_by_its_token(town):
    key = town.keys.tenant_key(town, TENANT, DIRECTORY)
    found = town.verbs(None).username_tokens(TENANT, "Ingrid")
    assert found == (blind_index.username_token(key, "ingrid"),)


def test_a_national_id_is_looked_up_by_who_may_search_in_their_own_municipality(town):
    key = town.keys.tenant_key(town, TENANT, INDEX)
    verbs = town.verbs(PROOF, limits=Limits(index_minute=1))
    assert refused(verbs.national_id_tokens, OTHER_TENANT, "child", NUMBER) == "access.other_tenant"
    found = verbs.national_id_tokens(TENANT, "child", NUMBER)
    assert found == (blind_index.national_id_token(key, "child", NUMBER),)
    assert refused(verbs.national_id_tokens, TENANT, "child", NUMBER) == "quota.index-minute"
    officer = town.verbs(town.person(PRINCIPAL, SCHOOL, "dpo"))
    assert refused(officer.national_id_tokens, TENANT, "child", NUMBER) == "access.role"


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
