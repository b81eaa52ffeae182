"""Which keys the broker gives, makes and destroys, verb by verb: to whom, on what ground, and what it enters."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.crypto.envelope import DataKey, Place, seal
from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED, Writing, opened_in
from bti.db.models import CaseKey, Suspension
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.compartments import CORE, SEALED, service_compartment, service_compartments
from bti.domain.errors import AccessDenied, BaitTaken
from bti.domain.relations import Purpose
from bti.identity.tokens import digest_of_proof
from bti.keyd.broker import RanOut, Rules
from bti.keyd.local import LocalBroker
from bti.keyd.quota import Limits
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NURSE,
    OTHER_TENANT,
    PPS,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    TENANT,
    an_id,
)

HOUR = timedelta(hours=1)
BAIT, BEGUN, RECORD = an_id(48), an_id(49), an_id(58)
OWN = service_compartment(SCHOOL, InfoType.MEASURES)
THEIRS = service_compartment(PPS, InfoType.MEASURES)
ALL = (CORE, SEALED, OWN, THEIRS)


@pytest.fixture
def town(built):
    """The teacher has the baton in a case of the school's; the nurse has nothing to do with it."""
    built.with_a_baton(ALL, BAIT)
    built.info["opened"] = set()
    yield built
    built.begin_anew()


def proof_of(account):
    return account.bytes * 2


def teacher(town, **given):
    return town.verbs(proof_of(TEACHER), **given)


def nurse(town, **given):
    return town.verbs(proof_of(NURSE), **given)


def released(town, case=CASE):
    """The compartments whose keys lie open."""
    return {name for name in ALL if town.info["vault"].holds(case, name)}


def refused(act, *given, **named):
    with pytest.raises(AccessDenied) as told:
        act(*given, **named)
    return told.value.rule, told.value.case_id


def stored(town, record):
    return sorted(town.scalars(select(CaseKey.compartment).where(CaseKey.case_id == record)))


# -- cases ---------------------------------------------------------------------------------------


def test_in_the_callers_own_process_the_verbs_stand_on_its_session_with_an_empty_vault(town):
    verbs = LocalBroker(town.provider, town.clock, Rules(60)).attach(town, None, "job")
    assert verbs.credential == "job"
    assert town.info["vault"] is not None
    verbs.open_ops(TENANT)
    assert town.info["vault"].tenant_key(TenantPurpose.OPS)


def test_a_case_is_opened_on_its_ground_entered_and_no_more_is_released(town):
    entered = []
    verbs = teacher(town, entered=entered)
    opened = verbs.open(CASE, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    assert (opened.case_id, opened.ground) == (CASE, "holder")
    assert opened.facts.holder_id == TEACHER
    assert opened.compartments == released(town) == {CORE, OWN}
    assert opened_in(town) == {CASE}
    [(act, given)] = entered
    assert act is Act.CASE_OPEN_READ
    assert [(one.kind, one.id) for one in given.pop("about")] == [("case", CASE)]
    by, session = given.pop("by"), digest_of_proof(proof_of(TEACHER)).hex()[:8]
    assert (by.who, by.session, by.unit) == (str(TEACHER), session, str(SCHOOL))
    assert given == {"tenant": TENANT, "ground": "holder", "purpose": Purpose.FOLLOW_UP}


def test_what_is_opened_without_an_entry_enters_nothing_and_is_still_told(town):
    entered = []
    teacher(town, entered=entered).open(CASE, Action.WRITE_NOTE, entry=None)
    assert entered == []
    assert opened_in(town) == {CASE}


def test_the_entry_says_what_a_case_was_opened_for(town):
    entered = []
    holder = {"holder_id": PRINCIPAL, "holder_unit_id": SCHOOL}
    town.case(BEGUN, SCHOOL)
    town.genuine("logs", id=an_id(53), tenant_id=TENANT, case_id=BEGUN, **holder)
    proof = town.person(PRINCIPAL, SCHOOL, "on_call")
    verbs = town.verbs(proof, entered=entered)
    verbs.open(BEGUN, Action.OPEN_EMERGENCY, entry=Act.CASE_OPEN_READ)
    verbs.open(BEGUN, Action.REPORT_DANGER, entry=Act.CASE_OPEN_READ, purpose=Purpose.EMERGENCY)
    assert [given["purpose"] for _, given in entered] == [Purpose.EMERGENCY] * 2


def test_a_case_is_opened_for_the_purpose_that_is_said(town):
    told = (Action.READ_CASE,)
    assert refused(teacher(town).open, CASE, *told, entry=None, purpose=Purpose.OVERSIGHT) == (
        "access.purpose",
        CASE,
    )
    assert released(town) == set()


@pytest.mark.parametrize(
    ("case", "action", "rule"),
    [
        (CASE, Action.READ_CASE, "access.no_relation"),
        (an_id(47), Action.READ_CASE, "access.other_tenant"),
    ],
)
def test_what_is_refused_names_the_case_releases_nothing_and_counts_nothing(
    town, case, action, rule
):
    verbs = nurse(town, limits=Limits(cases_hour=0))
    assert refused(verbs.open, case, action, entry=Act.CASE_OPEN_READ) == (rule, case)
    assert released(town) == set()
    assert opened_in(town) == set()
    if case == CASE:
        assert verbs.may_see(case, action) is False
    assert refused(verbs.facts, an_id(47)) == ("access.other_tenant", an_id(47))


def test_one_opening_over_the_limit_releases_nothing(town):
    verbs = teacher(town, limits=Limits(cases_hour=0))
    assert refused(verbs.open, CASE, Action.READ_CASE, entry=None) == ("quota.cases-hour", CASE)
    assert released(town) == set()
    # Nothing is opened by asking whether it would be.
    assert verbs.may_see(CASE, Action.READ_CASE) is True
    assert released(town) == set()
    assert opened_in(town) == set()


def test_a_key_that_is_on_its_way_out_opens_and_seals_nothing(town):
    town.query(CaseKey).filter_by(case_id=CASE, compartment=OWN).update({"state": "open-only"})
    opened = teacher(town).open(CASE, Action.READ_CASE, entry=None)
    assert opened.compartments == {CORE, OWN}
    assert released(town) == {CORE}
    [key] = town.scalars(select(CaseKey).filter_by(case_id=CASE, compartment=OWN))
    assert town.info["vault"].by_id(key.key_id).key_id == key.key_id


@pytest.mark.parametrize(
    "act",
    [
        lambda verbs: verbs.open(BAIT, Action.READ_CASE, entry=None),
        lambda verbs: verbs.may_see(BAIT, Action.READ_CASE),
        lambda verbs: verbs.open_core([CASE, BAIT]),
        lambda verbs: verbs.watch([CASE, BAIT]),
    ],
)
def test_a_bait_is_taken_by_whoever_reaches_for_it(town, act):
    with pytest.raises(BaitTaken) as taken:
        act(nurse(town))
    assert taken.value.bait_id == BAIT
    assert released(town, BAIT) == set()


def test_who_is_shown_no_bait_takes_none(town):
    verbs = nurse(town)
    verbs.watch([CASE])
    verbs.watch([])
    town.verbs(None).watch([])


# -- new cases -----------------------------------------------------------------------------------


def test_keys_for_a_new_case_are_made_for_the_persons_own_unit(town):
    verbs = teacher(town)
    verbs.new_case(BEGUN, [CORE, OWN])
    town.flush()
    assert stored(town, BEGUN) == sorted([CORE, OWN])
    assert released(town, BEGUN) == {CORE, OWN}
    # Also all that a unit may ever write, at once.
    verbs.new_case(an_id(46), service_compartments(SCHOOL) | {CORE})


@pytest.mark.parametrize("name", [THEIRS, SEALED, "own"])
def test_keys_of_another_unit_are_not_made(town, name):
    asked = refused(teacher(town).new_case, BEGUN, [CORE, name])
    assert asked == ("access.not_own_unit", BEGUN)
    assert stored(town, BEGUN) == []


def test_keys_of_a_case_that_has_some_are_not_made_again(town):
    assert refused(teacher(town).new_case, CASE, [CORE]) == ("access.not_a_new_case", CASE)


def test_who_may_log_no_concern_begins_no_case(town):
    proof = town.person(PRINCIPAL, SCHOOL, "archivist")
    assert refused(town.verbs(proof).new_case, BEGUN, [CORE]) == ("access.role", None)
    assert stored(town, BEGUN) == []


def test_what_ones_own_unit_writes_gets_a_key_when_it_has_none(town):
    verbs = teacher(town)
    opened = verbs.open(CASE, Action.WRITE_NOTE, entry=None)
    attendance = service_compartment(SCHOOL, InfoType.ATTENDANCE)
    verbs.new_compartments(opened, [OWN, attendance])
    town.flush()
    assert stored(town, CASE) == sorted([*ALL, attendance])
    assert town.info["vault"].case_key(CASE, attendance)
    verbs.new_compartments(opened, [])


@pytest.mark.parametrize(
    "name", [service_compartment(PPS, InfoType.HEALTH), "own", f"svc:{SCHOOL.hex}", CORE + "2"]
)
def test_what_another_unit_writes_gets_no_key_from_here(town, name):
    verbs = teacher(town)
    opened = verbs.open(CASE, Action.WRITE_NOTE, entry=None)
    assert refused(verbs.new_compartments, opened, [name]) == ("access.not_own_unit", CASE)
    assert stored(town, CASE) == sorted(ALL)


def test_everything_that_lies_open_to_a_person_may_get_a_key_at_once(town):
    verbs = teacher(town)
    opened = verbs.open(CASE, Action.WRITE_NOTE, entry=None)
    town.query(CaseKey).filter_by(case_id=CASE).delete()
    verbs.new_compartments(opened, service_compartments(SCHOOL))
    town.flush()
    everything = service_compartments(SCHOOL)
    assert teacher(town).release(CASE, everything) == everything


def test_no_key_is_made_in_a_case_one_has_nothing_to_do_with(town):
    opened = teacher(town).open(CASE, Action.WRITE_NOTE, entry=None)
    theirs = service_compartment(HEALTH, InfoType.HEALTH)
    asked = refused(nurse(town).new_compartments, opened, [theirs])
    assert asked == ("access.no_relation", CASE)
    invented = f"svc:{SCHOOL.hex}:everything"
    asked = refused(teacher(town).new_compartments, opened, [OWN, invented])
    assert asked == ("access.no_relation", CASE)
    assert stored(town, CASE) == sorted(ALL)


def test_more_is_released_in_a_case_where_it_is_open_to_the_person_alone(town):
    assert teacher(town).release(CASE, frozenset({OWN})) == {OWN}
    assert released(town) == {OWN}
    assert refused(nurse(town).release, CASE, frozenset({CORE})) == ("access.no_relation", CASE)
    asked = refused(teacher(town).release, CASE, frozenset({OWN, THEIRS}))
    assert asked == ("access.no_relation", CASE)
    assert released(town) == set()
    # An opening is asked for as one; here are one's own unit's compartments, where no bait lies.
    asked = refused(teacher(town).release, CASE, frozenset({OWN, CORE}))
    assert asked == ("access.not_own_unit", CASE)
    with pytest.raises(BaitTaken):
        teacher(town).release(BAIT, frozenset({OWN}))
    assert opened_in(town) == {CASE}
    limited = teacher(town, limits=Limits(cases_hour=0))
    assert refused(limited.release, CASE, frozenset({OWN})) == ("quota.cases-hour", CASE)


# -- lists ---------------------------------------------------------------------------------------


def test_a_list_releases_the_core_of_ones_own_cases_and_of_no_others(town):
    town.case(BEGUN, SCHOOL)
    town.keys.create_case_keys(town, TENANT, BEGUN, ALL)
    verbs = teacher(town)
    assert verbs.open_core([CASE, BEGUN, an_id(47)]) == {CASE}
    assert released(town) == {CORE}
    assert released(town, BEGUN) == set()
    assert opened_in(town) == {None}


def test_a_bait_that_is_ones_own_may_lie_in_a_list(town):
    holder = {"holder_id": TEACHER, "holder_unit_id": SCHOOL}
    town.genuine("logs", id=an_id(52), tenant_id=TENANT, case_id=BAIT, **holder)
    assert teacher(town).open_core([CASE, BAIT]) == {CASE, BAIT}


def test_an_empty_list_is_not_counted_and_opens_nothing(town):
    verbs = teacher(town, limits=Limits(lists_day=0, tenant_minute=0))
    assert verbs.open_core([]) == frozenset()
    assert opened_in(town) == set()
    assert refused(verbs.open_core, [CASE]) == ("quota.lists-day", None)
    assert released(town) == set()


def test_a_core_key_on_its_way_out_opens_a_list_and_seals_nothing(town):
    town.query(CaseKey).filter_by(case_id=CASE, compartment=CORE).update({"state": "open-only"})
    assert teacher(town).open_core([CASE]) == {CASE}
    assert released(town) == set()


# -- own records ---------------------------------------------------------------------------------


def a_record(town, account=TEACHER, tenant=TENANT):
    """A report that stands."""
    town.keys.create_case_keys(town, tenant, RECORD, ["own", CORE])
    town.genuine("own_records", id=RECORD, tenant_id=tenant, account_id=account)


def own_key(town):
    return town.info["vault"].case_key(RECORD, "own")


def test_an_own_record_is_opened_by_its_author_alone(town):
    a_record(town)
    town.genuine("own_records", id=an_id(60), tenant_id=TENANT, account_id=NURSE)
    verbs = teacher(town)
    verbs.open_own_record(RECORD)
    assert own_key(town)
    assert released(town, RECORD) == set()
    assert opened_in(town) == {None}
    # Neither case nor record is named in the refusal: it must not tell of a report.
    for record in (RECORD, an_id(59)):
        verbs = nurse(town)
        assert refused(verbs.open_own_record, record) == ("access.no_relation", None)
        with pytest.raises(Locked):
            own_key(town)


def test_a_list_of_own_records_tells_what_they_are_and_not_what_they_say(town):
    a_record(town)
    teacher(town).list_own_records([RECORD, an_id(59)])  # one has gone meanwhile
    key = town.keys.core_keys(town, TENANT, [RECORD], compartment="own")[0].key_id
    some = town.info["vault"].by_id(key)
    assert some.field_cipher("own_records", "meta_ct")
    with pytest.raises(Locked):
        some.field_cipher("own_records", "body_ct")
    assert refused(nurse(town).list_own_records, [RECORD]) == ("access.no_relation", None)


def test_a_record_of_another_municipality_or_a_forged_one_is_nobodys(town):
    a_record(town, tenant=OTHER_TENANT)
    assert refused(teacher(town).open_own_record, RECORD) == ("access.no_relation", None)
    town.put("own_records", id=an_id(59), tenant_id=TENANT, account_id=TEACHER)
    assert refused(teacher(town).open_own_record, an_id(59))[0] == FORGED


def test_a_new_record_has_a_key_of_its_own_that_is_destroyed_with_it(town):
    verbs = teacher(town)
    verbs.new_own_record(RECORD)
    town.flush()
    assert stored(town, RECORD) == ["own"]
    assert own_key(town)
    town.genuine("own_records", id=RECORD, tenant_id=TENANT, account_id=TEACHER)
    assert refused(nurse(town).forget_own_record, RECORD)[0] == "access.no_relation"
    assert stored(town, RECORD) == ["own"]
    teacher(town).forget_own_record(RECORD)
    town.flush()
    assert stored(town, RECORD) == []


# -- reviews -------------------------------------------------------------------------------------

SUSPENDED = an_id(57)


def a_suspension(town, account=NURSE):
    return town.genuine(
        "suspensions", id=SUSPENDED, tenant_id=TENANT, account_id=account, unit_id=HEALTH
    )


def test_what_must_be_reviewed_has_a_key_that_its_reviewer_is_given(town):
    teacher(town).new_review(SUSPENDED)
    town.flush()
    assert stored(town, SUSPENDED) == ["review"]
    row = a_suspension(town)
    officer = town.verbs(town.person(PRINCIPAL, SCHOOL, "dpo"))
    officer.open_review(row, Action.LIFT_SUSPENSION)
    assert town.info["vault"].case_key(SUSPENDED, "review")
    assert opened_in(town) == {None}


def test_nobody_else_is_given_it_and_not_for_a_forged_row(town):
    town.verbs("control").new_review(SUSPENDED, TENANT)
    row = a_suspension(town, PRINCIPAL)
    officer = town.verbs(town.person(PRINCIPAL, SCHOOL, "dpo"))
    asked = refused(officer.open_review, row, Action.LIFT_SUSPENSION)
    assert asked == ("access.no_relation", None)
    assert refused(nurse(town).open_review, row, Action.LIFT_SUSPENSION)[0] == "access.role"
    with pytest.raises(Locked):
        town.info["vault"].case_key(SUSPENDED, "review")
    town.put("suspensions", id=an_id(56), tenant_id=TENANT, account_id=NURSE)
    planted = town.get_one(Suspension, an_id(56))
    assert refused(officer.open_review, planted, Action.LIFT_SUSPENSION)[0] == FORGED


def test_a_key_to_review_in_a_named_municipality_is_made_by_the_program_alone(town):
    assert refused(teacher(town).new_review, SUSPENDED, TENANT)[0] == "access.role"
    assert refused(town.verbs(None).new_review, SUSPENDED)[0] == "access.no_session"
    town.verbs("control").new_review(SUSPENDED, OTHER_TENANT)
    town.flush()
    [key] = town.scalars(select(CaseKey).filter_by(case_id=SUSPENDED))
    assert key.tenant_id == OTHER_TENANT


def a_use(town, body, version=1, row=SUSPENDED):
    """Emergency access as it is about to be written, with its reason."""
    key = town.info["vault"].case_key(SUSPENDED, "review")
    place = Place(TENANT, row, "emergency_accesses", "body_ct", row, version)
    blob = seal(key, place, json_to_bytes(body)) if body is not None else None
    return Writing(TENANT, "emergency_accesses", SUSPENDED, 1, {"body_ct": blob}, {}, None)


def test_the_reason_is_read_that_is_sealed_where_it_is_to_stand(town):
    verbs = teacher(town)
    verbs.new_review(SUSPENDED)
    town.flush()
    assert verbs.reviewed(a_use(town, {"reason": "missing"})) == {"reason": "missing"}
    another = DataKey(b"?" * 16, bytes(32))
    elsewhere = Place(TENANT, SUSPENDED, "emergency_accesses", "body_ct", SUSPENDED, 1)
    planted = replace(a_use(town, {}), columns={"body_ct": seal(another, elsewhere, b"{}")})
    for row in (a_use(town, None), a_use(town, {}, version=2), a_use(town, {}, row=CASE), planted):
        with pytest.raises(SealError):
            verbs.reviewed(row)


# -- the program itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda verbs: verbs.mark_baits(TENANT, [CASE]),
        lambda verbs: verbs.baits_among(TENANT, [CASE]),
        lambda verbs: verbs.bait_tokens(TENANT, [CASE]),
        lambda verbs: verbs.kin(TENANT, []),
        lambda verbs: verbs.open_ops(TENANT),
        lambda verbs: verbs.open_addresses(TENANT),
        lambda verbs: verbs.key_life(),
        lambda verbs: verbs.create_tenant(None),
    ],
)
def test_what_is_the_programs_own_is_no_persons(town, act):
    for verbs in (teacher(town), town.verbs(None), town.verbs(RanOut(proof_of(TEACHER)))):
        assert refused(act, verbs) == ("access.role", None)


def test_the_program_tells_baits_from_cases_and_marks_new_ones(town):
    job = town.verbs("job")
    assert job.baits_among(TENANT, [CASE, BAIT]) == {BAIT}
    job.mark_baits(TENANT, [CASE])
    assert job.baits_among(TENANT, [CASE, BAIT]) == {CASE, BAIT}
    assert len(set(job.bait_tokens(TENANT, [CASE, BAIT]))) == 2
    assert job.kin(TENANT, []) == {}
    # The job learns what they are to each other, and gets no key to who they are.
    with pytest.raises(Locked):
        town.info["vault"].tenant_key(TenantPurpose.DIRECTORY)


@pytest.mark.parametrize(
    "act",
    [
        lambda verbs: verbs.open(CASE, Action.READ_CASE, entry=None),
        lambda verbs: verbs.may_see(CASE, Action.READ_CASE),
        lambda verbs: verbs.new_case(BEGUN, [CORE]),
        lambda verbs: verbs.open_core([CASE]),
        lambda verbs: verbs.new_review(SUSPENDED),
        lambda verbs: verbs.facts(CASE),
        lambda verbs: verbs.release(CASE, frozenset()),
        lambda verbs: verbs.national_id_tokens(TENANT, "child", "01841312345"),
        lambda verbs: verbs.prove_own_code("000000"),
        lambda verbs: verbs.spend_proof(NURSE),
    ],
)
def test_a_session_that_ran_out_comes_near_no_case(town, act):
    town.clock.advance(timedelta(hours=10))
    verbs = town.verbs(RanOut(proof_of(TEACHER)))
    assert refused(act, verbs) == ("access.no_session", None)
    for credential in (None, "job", uuid.uuid4().bytes * 2):
        assert refused(act, town.verbs(credential))[0] == "access.no_session"
