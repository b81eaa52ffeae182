"""What must hold between two decisions, whatever the case looks like."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bti.domain.access import compartments_open_to, decide
from bti.domain.codes import CASE_WORKERS, SHAREABLE, GuardianAccess, InfoType, Role
from bti.domain.compartments import service_compartment, service_compartments
from bti.domain.levels import CaseStatus
from bti.domain.policy import Action
from bti.domain.relations import EmergencyFacts, GuardianFacts, PlaceFacts, Purpose, Relation
from tests.unit.domain.samples import (
    HEALTH,
    NOON,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    a_cell,
    a_subject,
    an_object,
    born,
)

HOUR = timedelta(hours=1)
HOURS = st.integers(-3, 3).map(lambda number: NOON + number * HOUR)
UNITS = st.sampled_from([SCHOOL, HEALTH, PPS])
PEOPLE = st.sampled_from([TEACHER, NURSE])


@st.composite
def cells(draw):
    begins = draw(HOURS)
    return a_cell(
        draw(st.sampled_from(InfoType)),
        from_unit=draw(UNITS),
        to_unit=draw(UNITS),
        valid_from=begins,
        valid_to=begins + HOUR * draw(st.integers(1, 5)),
        withdrawn_at=draw(st.none() | HOURS),
    )


@st.composite
def places(draw):
    return PlaceFacts(
        draw(PEOPLE),
        draw(UNITS),
        draw(st.sampled_from([Relation.FOLLOWER, Relation.PARTICIPANT])),
        draw(HOURS),
        draw(st.none() | HOURS),
        draw(st.none() | HOURS),
    )


@st.composite
def emergencies(draw):
    begins = draw(HOURS)
    return EmergencyFacts(draw(PEOPLE), draw(UNITS), begins, begins + 2 * HOUR)


@st.composite
def guardians(draw):
    return GuardianFacts(
        account_id=draw(PEOPLE),
        parental_responsibility=draw(st.booleans()),
        access=draw(st.sampled_from(GuardianAccess)),
        withheld=draw(st.frozensets(st.sampled_from(InfoType), max_size=3)),
        blocked=draw(st.booleans()),
    )


@st.composite
def subjects(draw):
    return a_subject(
        draw(st.sampled_from(Role)),
        account=draw(PEOPLE),
        unit=draw(UNITS),
        strength=draw(st.sampled_from(["password", "password+totp"])),
        proven_at=draw(st.sampled_from([None, NOON, NOON - HOUR])),
        purpose=draw(st.none() | st.sampled_from(Purpose)),
    )


cases = st.builds(
    an_object,
    owner_unit=UNITS,
    status=st.sampled_from(CaseStatus),
    child_birth_date=st.sampled_from([None, born(8), born(17), born(19)]),
    holder_id=st.none() | PEOPLE,
    holder_unit=UNITS,
    offered_to=st.none() | PEOPLE,
    offered_unit=UNITS,
    offer_expires_at=HOURS,
    places=st.lists(places(), max_size=3).map(tuple),
    referred_to=st.frozensets(UNITS, max_size=2),
    cells=st.lists(cells(), max_size=3).map(tuple),
    guardians=st.lists(guardians(), max_size=2).map(tuple),
    youth_account=st.none() | PEOPLE,
    emergencies=st.lists(emergencies(), max_size=2).map(tuple),
    protected=st.sampled_from([None, False, True]),
)


def rights(subject, facts):
    return {action for action in Action if decide(subject, action, facts, NOON).allowed}


@given(subjects(), cases, cells())
def test_one_consent_more_takes_nothing_from_anybody(subject, facts, cell):
    more = replace(facts, cells=(*facts.cells, cell))
    assert rights(subject, facts) <= rights(subject, more)
    assert compartments_open_to(subject, facts, NOON) <= compartments_open_to(subject, more, NOON)


@given(subjects(), cases, places())
def test_one_place_more_takes_nothing_from_anybody(subject, facts, place):
    more = replace(facts, places=(*facts.places, place))
    assert rights(subject, facts) <= rights(subject, more)


@given(subjects(), cases)
def test_one_who_is_taken_out_of_a_case_has_no_right_left_in_it(subject, facts):
    out = replace(
        facts,
        owner_unit=None,
        holder_id=None,
        offered_to=None,
        places=(),
        referred_to=frozenset(),
        guardians=(),
        youth_account=None,
        emergencies=(),
    )
    left = rights(subject, out) - {Action.REPORT_DANGER, Action.OPEN_EMERGENCY}
    assert not left
    assert compartments_open_to(subject, out, NOON) == frozenset()


@given(subjects(), cases)
def test_without_consent_another_service_can_only_say_no_to_an_offer(subject, facts):
    outside = replace(facts, owner_unit=PPS, cells=())
    if subject.unit_id == PPS or subject.role not in CASE_WORKERS:
        return
    assert rights(subject, outside) <= {Action.REPORT_DANGER, Action.ANSWER_OFFER}


@given(subjects(), cases)
def test_closing_a_case_gives_nobody_a_right(subject, facts):
    still_open = replace(facts, status=CaseStatus.OPEN)
    closed = replace(facts, status=CaseStatus.CLOSED)
    assert rights(subject, closed) <= rights(subject, still_open)


@given(subjects(), cases)
def test_a_surer_sign_in_takes_nothing_and_a_weaker_gives_nothing(subject, facts):
    weak = replace(subject, strength="password")
    stale = replace(subject, strength="password+totp", proven_at=NOON - HOUR)
    fresh = replace(stale, proven_at=NOON)
    assert rights(weak, facts) <= rights(stale, facts) <= rights(fresh, facts)
    assert rights(weak, facts) <= {Action.REPORT_DANGER}


@given(subjects(), cases)
def test_a_protected_address_takes_and_never_gives(subject, facts):
    known = rights(subject, replace(facts, protected=False))
    assert rights(subject, replace(facts, protected=True)) <= known
    assert rights(subject, replace(facts, protected=None)) == rights(
        subject, replace(facts, protected=True)
    )


@given(subjects(), cases)
def test_a_person_who_says_no_purpose_can_only_report_danger(subject, facts):
    assert rights(replace(subject, purpose=None), facts) <= {Action.REPORT_DANGER}


@given(subjects(), cases)
def test_no_service_reads_another_services_own_notes(subject, facts):
    opened = compartments_open_to(subject, facts, NOON)
    others = {SCHOOL, HEALTH, PPS} - {subject.unit_id}
    assert not opened & {service_compartment(unit, InfoType.OWN) for unit in others}


@given(subjects(), cases)
def test_what_is_open_is_the_core_ones_own_and_what_a_live_cell_covers(subject, facts):
    opened = compartments_open_to(subject, facts, NOON) - {"core"}
    if subject.role not in CASE_WORKERS:
        return
    covered = {
        service_compartment(cell.from_unit, cell.info_type)
        for cell in facts.cells
        if cell.is_live(NOON) and cell.to_unit == subject.unit_id and cell.info_type in SHAREABLE
    }
    assert opened <= covered | service_compartments(subject.unit_id)
