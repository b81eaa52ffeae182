"""Who is left when the archive has a case, held against a statement that was written by hand."""

from itertools import product

import pytest

from bti.domain import access
from bti.domain.access import decide
from bti.domain.archive import ArchiveState, is_archived
from bti.domain.codes import Role
from bti.domain.levels import CaseStatus
from bti.domain.policy import PURPOSES, Action
from bti.domain.relations import ObjectFacts, ObjectKind, Purpose, Relation, Subject
from tests.unit.domain.samples import NOON, SCHOOL, TEACHER, TENANT
from tests.unit.domain.test_policy_matrix import LEVELS

LEADER = {Action.PRINT_CASE, Action.REOPEN_CASE, Action.CORRECT_ENTRY}
LEADER |= {Action.PROTECT_CASE, Action.MANAGE_PROTECTION}
ALL = {Action.READ_CASE, Action.SEE_CASE_ACCESSES}
#: Role and relation -> what is left. Staff must have proven who they are within the quarter of an hour.
LEFT = {
    (Role.UNIT_LEAD, Relation.LEAD): ALL | LEADER,
    (Role.GUARDIAN, Relation.GUARDIAN): ALL,
    (Role.YOUTH, Relation.YOUTH): ALL,
}


def a_case(*, archived, protected=False):
    return ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=TENANT,
        status=CaseStatus.CLOSED,
        archived=archived,
        protected=protected,
    )


@pytest.mark.parametrize("role", Role)
def test_what_is_left_is_as_it_was_written_by_hand_and_never_more_than_before(monkeypatch, role):
    told = {}
    monkeypatch.setattr(access, "standing_of", lambda *_: told["held"])
    monkeypatch.setattr(access, "unit_is_in", lambda *_: True)
    after, before = a_case(archived=True), a_case(archived=False)
    for relation, (level, (strength, proven)), purpose in product(
        Relation, enumerate(LEVELS), (None, *Purpose)
    ):
        told["held"] = frozenset({Relation.ROLE, relation})
        subject = Subject(TEACHER, TENANT, role, SCHOOL, strength, proven, purpose)
        fitting = purpose in PURPOSES[role] and purpose in {Purpose.FOLLOW_UP, Purpose.FAMILY}
        sure = level >= (1 if role in {Role.GUARDIAN, Role.YOUTH} else 2)
        expected = LEFT.get((role, relation), set()) if fitting and sure else set()
        for action in set(Action) - {Action.REPORT_DANGER}:
            allowed = decide(subject, action, after, NOON).allowed
            assert allowed is (action in expected), (action, relation, level, purpose)
            assert not allowed or decide(subject, action, before, NOON).allowed


def test_it_is_told_that_the_archive_has_the_case():
    subject = Subject(TEACHER, TENANT, Role.STAFF, SCHOOL, LEVELS[2][0], NOON, Purpose.FOLLOW_UP)
    assert decide(subject, Action.READ_CASE, a_case(archived=True), NOON).rule == "access.archived"


def test_a_child_in_danger_is_reported_whatever_the_archive_has():
    for role in set(Role) - {Role.SLT_COORDINATOR, Role.GUARDIAN, Role.YOUTH}:
        subject = Subject(TEACHER, TENANT, role, SCHOOL, "password", NOON, None)
        assert decide(subject, Action.REPORT_DANGER, a_case(archived=True), NOON).allowed


def test_a_package_alone_narrows_nothing_and_what_cannot_be_read_counts_as_archived():
    packed = ArchiveState(cut=5, content="a", manifest="b", packed_at=NOON)
    kept = {key: str(one) if key == "packed_at" else one for key, one in packed.to_json().items()}
    assert ArchiveState.from_json(kept) == packed
    assert not is_archived({})
    assert not is_archived({"archive": kept})
    there = packed.received("ARK 1", NOON)
    assert is_archived({"archive": kept | {"received_at": NOON.isoformat()}})
    assert is_archived({"archive": {"cut": 1}})
    assert is_archived({"archive": "?"})
    # Told again, it does not become younger.
    assert there.received("ARK 2", NOON.replace(year=2030)).received_at == NOON
