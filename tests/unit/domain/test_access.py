from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.access import (
    POLICY,
    Action,
    Allowed,
    Refused,
    compartments_open_to,
    decide,
    may_read,
)
from bti.domain.ages import birthday, start_of_day
from bti.domain.codes import SHAREABLE, STAFF_SIDE, GuardianAccess, InfoType, Role
from bti.domain.compartments import CORE, SEALED, service_compartment, service_compartments
from bti.domain.levels import CaseStatus
from bti.domain.relations import (
    EmergencyFacts,
    GuardianFacts,
    ObjectKind,
    PlaceFacts,
    Purpose,
    Relation,
    relations_of,
)
from tests.unit.domain.samples import (
    HEALTH,
    NOON,
    NURSE,
    OTHER_TENANT,
    PPS,
    SCHOOL,
    TEACHER,
    TEAM,
    a_cell,
    a_subject,
    an_id,
    an_object,
    born,
)
from tests.unit.domain.written_again import EXPECTED, FOR, LINES, SET_ASIDE_NOT, SET_ASIDE_TOO

HOUR = timedelta(hours=1)


def a_place(relation, **changes):
    place = PlaceFacts(TEACHER, SCHOOL, relation, NOON - HOUR)
    return replace(place, **changes)


def standing_as(relation):
    """A case, or own record, in which the teacher of the school stands in this relation."""
    return {
        Relation.ROLE: an_object(),
        Relation.HOLDER: an_object(holder_id=TEACHER, holder_unit=SCHOOL),
        Relation.FOLLOWER: an_object(places=(a_place(Relation.FOLLOWER),)),
        Relation.PARTICIPANT: an_object(places=(a_place(Relation.PARTICIPANT),)),
        Relation.LEAD: an_object(),
        Relation.TEAM: an_object(referred_to=frozenset({SCHOOL})),
        Relation.OFFERED: an_object(
            offered_to=TEACHER, offered_unit=SCHOOL, offer_expires_at=NOON + HOUR
        ),
        Relation.AUTHOR: an_object(kind=ObjectKind.OWN_RECORD, author_id=TEACHER),
        Relation.EMERGENCY: an_object(
            emergencies=(EmergencyFacts(TEACHER, SCHOOL, NOON - HOUR, NOON + HOUR),)
        ),
        Relation.IMPARTIAL: an_object(
            kind=ObjectKind.REVIEW, about_account=NURSE, about_unit=HEALTH
        ),
        Relation.OWN_STAFF: an_object(
            kind=ObjectKind.REVIEW, about_account=NURSE, about_unit=SCHOOL
        ),
        Relation.GUARDIAN: an_object(
            guardians=(GuardianFacts(account_id=TEACHER, parental_responsibility=True),)
        ),
        Relation.YOUTH: an_object(youth_account=TEACHER),
    }[relation]


def test_the_table_has_a_row_for_every_act():
    assert set(POLICY) == set(Action) == set(EXPECTED)


@pytest.mark.parametrize("action", Action)
def test_every_role_in_every_relation_may_exactly_what_the_table_says(action):
    line = LINES[action]
    for role, relation in product(Role, Relation):
        facts = standing_as(relation)
        if relation is Relation.ROLE and not line.any_kind:
            facts = replace(facts, kind=line.kind)
        purposes = sorted(FOR[role] & line.purposes)
        subject = a_subject(role, purpose=purposes[0] if purposes else None)
        held = relations_of(subject, facts, NOON)
        stated = bool(purposes) and facts.kind is line.kind
        related = any((role, one) in EXPECTED[action] for one in held)
        right = related and (stated or line.any_kind)
        assert isinstance(decide(subject, action, facts, NOON), Allowed) is right, (role, relation)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.DPO, Role.ARCHIVIST])
def test_those_who_run_the_installation_never_read_content(role):
    for relation in Relation:
        facts = standing_as(relation)
        assert compartments_open_to(a_subject(role), facts, NOON) == frozenset()


def test_the_slt_coordinator_may_nothing_here():
    for action, relation in product(Action, Relation):
        verdict = decide(a_subject(Role.SLT_COORDINATOR), action, standing_as(relation), NOON)
        assert isinstance(verdict, Refused)


@given(
    st.sampled_from(sorted(STAFF_SIDE)),
    st.sampled_from(["", "password", "password+totp"]),
    st.sampled_from([an_id(1), OTHER_TENANT]),
    st.sampled_from([CaseStatus.OPEN, CaseStatus.CLOSED, None]),
    st.sampled_from(ObjectKind),
)
def test_nothing_closes_the_way_to_report_a_child_in_danger(role, strength, tenant, status, kind):
    subject = a_subject(role, strength=strength)
    facts = an_object(tenant_id=tenant, status=status, kind=kind)
    assert decide(subject, Action.REPORT_DANGER, facts, NOON) == Allowed("duty")


def test_another_municipality_is_out_of_reach_whatever_the_rows_say():
    for action, role, relation in product(set(Action) - {Action.REPORT_DANGER}, Role, Relation):
        facts = replace(standing_as(relation), tenant_id=OTHER_TENANT)
        assert decide(a_subject(role), action, facts, NOON) == Refused("access.other_tenant")


def on_call(account=TEACHER, unit=SCHOOL, **changes):
    return a_subject(Role.ON_CALL, account=account, unit=unit, **changes)


def test_emergency_access_opens_the_core_of_one_case_for_its_time_and_nothing_more():
    facts = replace(standing_as(Relation.EMERGENCY), cells=(a_cell(to_unit=SCHOOL),))
    ends = NOON + HOUR
    last = ends - timedelta(microseconds=1)
    assert compartments_open_to(on_call(), facts, last) == {CORE}
    assert compartments_open_to(on_call(), facts, ends) == frozenset()
    assert compartments_open_to(on_call(), facts, NOON - 2 * HOUR) == frozenset()
    assert compartments_open_to(on_call(account=NURSE), facts, NOON) == frozenset()
    assert compartments_open_to(on_call(unit=HEALTH), facts, NOON) == frozenset()
    assert decide(on_call(), Action.READ_CASE, facts, NOON) == Refused("access.role")


@pytest.mark.parametrize("protected", [True, None])
def test_a_protected_address_closes_emergency_access_and_so_does_not_knowing(protected):
    facts = replace(standing_as(Relation.EMERGENCY), protected=protected)
    for action in (Action.OPEN_EMERGENCY, Action.READ_CORE):
        assert decide(on_call(), action, facts, NOON) == Refused("access.protected")
    assert compartments_open_to(on_call(), facts, NOON) == frozenset()


def test_nobody_reviews_their_own_doing_in_whatever_role():
    for role, action in product(Role, (Action.REVIEW_USE, Action.LIFT_SUSPENSION)):
        facts = an_object(kind=ObjectKind.REVIEW, about_account=TEACHER, about_unit=SCHOOL)
        for purpose in FOR[role]:
            assert not decide(a_subject(role, purpose=purpose), action, facts, NOON).allowed


def test_a_leader_reviews_their_own_staff_and_no_other_units():
    lead = a_subject(Role.UNIT_LEAD, purpose=Purpose.OVERSIGHT)
    theirs = an_object(kind=ObjectKind.REVIEW, about_account=NURSE, about_unit=SCHOOL)
    assert decide(lead, Action.REVIEW_USE, theirs, NOON) == Allowed("own_staff")
    others = replace(theirs, about_unit=HEALTH)
    assert decide(lead, Action.REVIEW_USE, others, NOON) == Refused("access.no_relation")
    nobodys = replace(theirs, about_account=None)
    assert decide(lead, Action.REVIEW_USE, nobodys, NOON) == Refused("access.no_relation")


def test_one_factor_is_not_enough():
    verdict = decide(
        a_subject(strength="password"), Action.READ_CASE, standing_as(Relation.HOLDER), NOON
    )
    assert verdict == Refused("access.weak_sign_in")


@pytest.mark.parametrize("action", Action)
def test_a_closed_case_is_read_and_reopened_and_not_written(action):
    for role, relation in product(Role, Relation):
        facts = standing_as(relation)
        before = decide(a_subject(role), action, facts, NOON)
        after = decide(a_subject(role), action, replace(facts, status=CaseStatus.CLOSED), NOON)
        if LINES[action].closed:
            assert after == before
        else:
            assert isinstance(after, Refused)


@pytest.mark.parametrize("action", Action)
def test_a_log_that_is_set_aside_is_read_and_closes_doors_and_takes_nothing_new(action):
    done = (LINES[action].closed or action in SET_ASIDE_TOO) and action not in SET_ASIDE_NOT
    for role, relation in product(Role, Relation):
        facts = standing_as(relation)
        before = decide(a_subject(role), action, facts, NOON)
        after = decide(a_subject(role), action, replace(facts, set_aside=True), NOON)
        if done or not before.allowed:
            assert after.allowed is before.allowed
        else:
            assert after == Refused("access.set_aside")


@pytest.mark.parametrize(
    "place",
    [
        a_place(Relation.PARTICIPANT, valid_from=NOON + HOUR),
        a_place(Relation.PARTICIPANT, valid_to=NOON),
        a_place(Relation.PARTICIPANT, revoked_at=NOON),
        a_place(Relation.PARTICIPANT, account_id=NURSE),
        a_place(Relation.PARTICIPANT, unit_id=HEALTH),
        a_place(Relation.HOLDER),  # a place never makes a holder
    ],
)
def test_a_place_that_is_over_or_anothers_gives_nothing(place):
    verdict = decide(a_subject(), Action.READ_CASE, an_object(places=(place,)), NOON)
    assert verdict == Refused("access.no_relation")


def test_an_offer_that_has_lapsed_is_not_answered():
    facts = replace(standing_as(Relation.OFFERED), offer_expires_at=NOON)
    assert isinstance(decide(a_subject(), Action.ANSWER_OFFER, facts, NOON), Refused)


NURSE_HERE = a_subject(account=NURSE, unit=HEALTH)


def a_shared_case(*cells, **changes):
    place = PlaceFacts(NURSE, HEALTH, Relation.PARTICIPANT, NOON - HOUR)
    return an_object(places=(place,), cells=cells, **changes)


def test_an_invited_service_sees_the_core_its_own_and_what_the_cell_covers():
    facts = a_shared_case(a_cell(InfoType.ATTENDANCE, to_unit=HEALTH))
    attendance = service_compartment(SCHOOL, InfoType.ATTENDANCE)
    assert compartments_open_to(NURSE_HERE, facts, NOON) == (
        {CORE, attendance} | service_compartments(HEALTH)
    )
    asked = {"unit_id": SCHOOL, "info_type": InfoType.BEHAVIOUR}
    assert not may_read(NURSE_HERE, facts, NOON, **asked)


CELLS_THAT_OPEN_NOTHING = pytest.mark.parametrize(
    "cell",
    [
        a_cell(to_unit=HEALTH, withdrawn_at=NOON),
        a_cell(to_unit=HEALTH, valid_to=NOON),
        a_cell(to_unit=HEALTH, valid_from=NOON + HOUR),
        a_cell(to_unit=PPS),
        a_cell(InfoType.OWN, to_unit=HEALTH),
    ],
)


@CELLS_THAT_OPEN_NOTHING
def test_what_ended_stays_closed_to_a_service_that_is_let_in_for_something_else(cell):
    facts = a_shared_case(a_cell(InfoType.ATTENDANCE, to_unit=HEALTH), cell)
    attendance = service_compartment(SCHOOL, InfoType.ATTENDANCE)
    assert cell.info_type != InfoType.ATTENDANCE
    assert compartments_open_to(NURSE_HERE, facts, NOON) == (
        {CORE, attendance} | service_compartments(HEALTH)
    )


@CELLS_THAT_OPEN_NOTHING
def test_withdrawn_consent_closes_the_case_to_the_service(cell):
    facts = a_shared_case(cell)
    assert decide(NURSE_HERE, Action.READ_CASE, facts, NOON) == Refused("access.no_consent")
    assert compartments_open_to(NURSE_HERE, facts, NOON) == frozenset()


def test_a_holder_in_another_service_reads_nothing_after_consent_ends():
    facts = an_object(holder_id=NURSE, holder_unit=HEALTH)
    assert compartments_open_to(NURSE_HERE, facts, NOON) == frozenset()


def test_one_offered_the_baton_without_consent_may_say_no_and_reads_nothing():
    facts = an_object(offered_to=NURSE, offered_unit=HEALTH, offer_expires_at=NOON + HOUR)
    assert isinstance(decide(NURSE_HERE, Action.ANSWER_OFFER, facts, NOON), Allowed)
    assert compartments_open_to(NURSE_HERE, facts, NOON) == frozenset()


def test_a_colleague_in_the_same_service_without_a_place_reads_nothing():
    colleague = a_subject(account=an_id(99), unit=HEALTH)
    facts = a_shared_case(a_cell(to_unit=HEALTH))
    assert compartments_open_to(colleague, facts, NOON) == frozenset()


def test_the_team_reads_a_referred_case_only_where_consent_reaches_it():
    leader = a_subject(Role.TEAM_LEAD, account=an_id(98), unit=TEAM)
    referred = an_object(referred_to=frozenset({TEAM}))
    assert isinstance(decide(leader, Action.TAKE_REFERRAL, referred, NOON), Refused)
    covered = replace(referred, cells=(a_cell(to_unit=TEAM),))
    assert isinstance(decide(leader, Action.TAKE_REFERRAL, covered, NOON), Allowed)
    taken_back = replace(covered, referred_to=frozenset())
    assert compartments_open_to(leader, taken_back, NOON) == frozenset()


def test_the_sealed_compartment_is_opened_to_nobody_through_a_case():
    for role, relation in product(Role, Relation):
        facts = replace(standing_as(relation), cells=(a_cell(),))
        assert SEALED not in compartments_open_to(a_subject(role), facts, NOON)


GUARDIAN = a_subject(Role.GUARDIAN)


def a_familys_case(birth_date, **changes):
    return an_object(
        child_birth_date=birth_date,
        guardians=(GuardianFacts(account_id=TEACHER, parental_responsibility=True, **changes),),
    )


def test_guardians_access_ends_with_the_first_second_of_the_18th_birthday():
    birth_date = born(17, 200)
    facts = a_familys_case(birth_date)
    ends = start_of_day(birthday(birth_date, 18))
    last = ends - timedelta(microseconds=1)
    assert isinstance(decide(GUARDIAN, Action.READ_CASE, facts, last), Allowed)
    assert isinstance(decide(GUARDIAN, Action.READ_CASE, facts, ends), Refused)
    assert compartments_open_to(GUARDIAN, facts, ends) == frozenset()


@pytest.mark.parametrize(
    "facts",
    [
        an_object(guardians=(GuardianFacts(account_id=TEACHER, parental_responsibility=False),)),
        a_familys_case(born(10), blocked=True),
        a_familys_case(born(10), access=GuardianAccess.NONE),
        a_familys_case(None),
        an_object(
            guardians=(
                GuardianFacts(account_id=TEACHER, parental_responsibility=True),
                GuardianFacts(account_id=TEACHER, parental_responsibility=True, blocked=True),
            )
        ),
    ],
)
def test_a_relation_alone_opens_nothing_and_a_block_wins(facts):
    assert compartments_open_to(GUARDIAN, facts, NOON) == frozenset()


def types_open(subject, facts):
    opened = compartments_open_to(subject, facts, NOON)
    return {one for one in InfoType if service_compartment(SCHOOL, one) in opened}


def test_a_guardian_reads_all_but_own_notes_and_what_is_withheld():
    assert types_open(GUARDIAN, a_familys_case(born(13))) == SHAREABLE
    withheld = frozenset({InfoType.HEALTH, InfoType.WELLBEING})
    assert types_open(GUARDIAN, a_familys_case(born(13), withheld=withheld)) == SHAREABLE - withheld
    assert types_open(GUARDIAN, a_familys_case(born(13), access=GuardianAccess.LIMITED)) == set()


def test_from_sixteen_the_youths_health_is_the_youths_own():
    assert InfoType.HEALTH in types_open(GUARDIAN, a_familys_case(born(15, 360)))
    assert InfoType.HEALTH not in types_open(GUARDIAN, a_familys_case(born(16)))


@pytest.mark.parametrize("years", [13, 16, 18, 22])
def test_the_youth_reads_what_is_about_the_youth_at_any_age(years):
    facts = an_object(child_birth_date=born(years), youth_account=TEACHER)
    assert types_open(a_subject(Role.YOUTH), facts) == SHAREABLE
