"""What a professional system may do for a person, held against a table that was written by hand."""

from dataclasses import replace
from itertools import combinations

import pytest

from bti.domain import access
from bti.domain.access import compartments_open_to, decide
from bti.domain.codes import SHAREABLE, ClientScope, Role
from bti.domain.compartments import CORE, SEALED, service_compartment
from bti.domain.levels import CaseStatus
from bti.domain.policy import PURPOSES, Action
from bti.domain.relations import ObjectFacts, ObjectKind, Relation, Subject
from tests.unit.domain.samples import NOON, SCHOOL, TEACHER, TENANT, an_id

#: Scope -> what it allows, never more; written by hand.
MAY = {
    ClientScope.CONCERN_OPEN: {Action.LOG_CONCERN, Action.SEARCH_CHILD},
    ClientScope.WORKLIST_READ: {Action.SEE_WORKLIST},
    ClientScope.REFERENCE_POST: {Action.WRITE_NOTE},
}
SETS = [frozenset(some) for count in range(4) for some in combinations(ClientScope, count)]
OWN = {service_compartment(SCHOOL, one) for one in SHAREABLE}


def a_person(role=Role.STAFF, **changes):
    purpose = next(iter(PURPOSES[role]), None)
    return replace(
        Subject(TEACHER, TENANT, role, SCHOOL, "password+totp", NOON, purpose), **changes
    )


def a_system(scopes, role=Role.STAFF, **changes):
    return a_person(
        role, strength="agreement", proven_at=None, client_id=an_id(90), scopes=scopes, **changes
    )


def a_thing(kind, **changes):
    case = {"status": CaseStatus.OPEN, "protected": False} if kind is ObjectKind.CASE else {}
    return ObjectFacts(kind=kind, tenant_id=TENANT, **(case | changes))


@pytest.fixture
def in_the_case(monkeypatch):
    monkeypatch.setattr(access, "standing_of", lambda *_: frozenset(Relation))
    monkeypatch.setattr(access, "unit_is_in", lambda *_: True)


@pytest.mark.usefixtures("in_the_case")
@pytest.mark.parametrize("scopes", SETS)
@pytest.mark.parametrize("role", Role)
def test_a_system_may_what_its_scopes_name_and_the_person_may_and_nothing_else(scopes, role):
    named = set().union(*(MAY[one] for one in scopes))
    used = set()
    for kind in ObjectKind:
        for action in Action:
            answer = decide(a_system(scopes, role), action, a_thing(kind), NOON)
            person = decide(a_person(role), action, a_thing(kind), NOON)
            if action in named:
                assert answer == person, (action, kind)
                used |= {action} if answer.allowed else set()
            else:
                assert answer.rule == "access.scope", (action, kind)
    if role is Role.STAFF:
        assert used == named


@pytest.mark.usefixtures("in_the_case")
def test_not_even_danger_is_reported_by_a_system_and_without_one_scopes_say_nothing():
    every = frozenset(ClientScope)
    thing = a_thing(ObjectKind.INSTALLATION)
    assert decide(a_system(every), Action.REPORT_DANGER, thing, NOON).rule == "access.scope"
    assert decide(a_person(scopes=frozenset()), Action.REPORT_DANGER, thing, NOON).allowed


@pytest.mark.usefixtures("in_the_case")
@pytest.mark.parametrize("scopes", SETS)
def test_a_system_comes_near_names_for_a_list_and_its_own_units_entries_for_writing(scopes):
    case = a_thing(ObjectKind.CASE, owner_unit=SCHOOL)
    whole = compartments_open_to(a_person(), case, NOON)
    own = whole - {CORE}
    assert own >= OWN
    expected = {CORE} if ClientScope.WORKLIST_READ in scopes else set()
    expected |= own if ClientScope.REFERENCE_POST in scopes else set()
    found = compartments_open_to(a_system(scopes), case, NOON)
    assert found == expected
    assert SEALED not in found


@pytest.mark.usefixtures("in_the_case")
def test_what_a_person_may_not_open_a_system_may_not():
    there = a_thing(ObjectKind.CASE, owner_unit=SCHOOL, protected=True)
    assert compartments_open_to(a_system(frozenset(ClientScope)), there, NOON) == frozenset()
