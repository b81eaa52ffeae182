"""What refuses before relations are looked at, one barrier at a time, with the rule that the log is told."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from bti.domain.access import Action, Allowed, Refused, decide, may_read
from bti.domain.codes import InfoType, Role
from bti.domain.policy import POLICY, Rule
from bti.domain.relations import EmergencyFacts, ObjectKind, Purpose
from bti.domain.step_up import FRESH_FOR
from tests.unit.domain.samples import HEALTH, NOON, NURSE, SCHOOL, TEACHER, a_subject, an_object

HELD = an_object(holder_id=TEACHER, holder_unit=SCHOOL)
PROTECTED = replace(HELD, protected=True, named_readers=frozenset({NURSE}))
NAMED = replace(PROTECTED, named_readers=frozenset({TEACHER, NURSE}))
UNKNOWN = replace(NAMED, protected=None)
TAKEN = (EmergencyFacts(TEACHER, SCHOOL, NOON, NOON + timedelta(hours=1)),)


def test_an_answer_says_whether_it_allows_and_never_becomes_another():
    yes, no = Allowed("holder"), Refused("access.role")
    assert (yes.allowed, no.allowed) == (True, False)
    for answer, name in ((yes, "ground"), (no, "rule")):
        with pytest.raises(FrozenInstanceError):
            setattr(answer, name, "another")


def test_no_row_of_the_table_becomes_another_and_each_is_made_by_names():
    rule = POLICY[Action.READ_CASE]
    for row, name in ((rule, "grants"), (rule.grants[0], "roles")):
        with pytest.raises(FrozenInstanceError):
            setattr(row, name, frozenset())
    with pytest.raises(TypeError):
        Rule(rule.kind, rule.grants, rule.purposes)


@pytest.mark.parametrize("action", [Action.READ_CASE, Action.WRITE_NOTE, Action.CLOSE_CASE])
@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (HELD, Allowed("holder")),
        (NAMED, Allowed("holder")),
        (PROTECTED, Refused("access.protected")),
        (UNKNOWN, Refused("access.protected")),
    ],
)
def test_a_protected_address_closes_the_case_to_whoever_is_not_named(action, facts, answer):
    assert decide(a_subject(), action, facts, NOON) == answer


@pytest.mark.parametrize("facts", [PROTECTED, NAMED, UNKNOWN])
def test_being_named_does_not_help_whoever_is_on_call(facts):
    on_call = a_subject(Role.ON_CALL)
    for action in (Action.READ_CORE, Action.OPEN_EMERGENCY):
        taken = replace(facts, emergencies=TAKEN)
        assert decide(on_call, action, taken, NOON) == Refused("access.protected")
        open_to_all = replace(taken, protected=False)
        assert decide(on_call, action, open_to_all, NOON).allowed


def test_the_leader_manages_a_protection_without_being_named_and_reads_nothing():
    leader = a_subject(Role.UNIT_LEAD)
    assert decide(leader, Action.MANAGE_PROTECTION, PROTECTED, NOON) == Allowed("lead")
    assert decide(leader, Action.READ_CASE, PROTECTED, NOON) == Refused("access.protected")


@pytest.mark.parametrize("protected", [True, None])
def test_what_is_no_case_has_no_address(protected):
    own = an_object(kind=ObjectKind.OWN_RECORD, author_id=TEACHER, protected=protected)
    assert decide(a_subject(), Action.OWN_RECORD, own, NOON) == Allowed("author")
    house = an_object(kind=ObjectKind.INSTALLATION, protected=protected)
    assert decide(a_subject(), Action.LOG_CONCERN, house, NOON) == Allowed("role")


@pytest.mark.parametrize(
    ("role", "purpose", "answer"),
    [
        (Role.UNIT_LEAD, Purpose.FOLLOW_UP, Allowed("lead")),
        # Their role has this purpose, and the act has not.
        (Role.UNIT_LEAD, Purpose.OVERSIGHT, Refused("access.purpose")),
        # The act has this purpose, and their role has not.
        (Role.UNIT_LEAD, Purpose.FAMILY, Refused("access.purpose")),
        # Neither has.
        (Role.UNIT_LEAD, Purpose.ARCHIVING, Refused("access.purpose")),
        (Role.UNIT_LEAD, None, Refused("access.purpose")),
    ],
)
def test_an_act_is_done_for_a_purpose_that_it_and_the_role_have(role, purpose, answer):
    subject = a_subject(role, purpose=purpose)
    assert decide(subject, Action.READ_CASE, an_object(), NOON) == answer


def test_what_takes_a_fresh_proof_says_that_the_proof_is_old():
    stale = a_subject(Role.UNIT_LEAD, proven_at=NOON - FRESH_FOR)
    refused = Refused("access.stale_factor")
    assert decide(stale, Action.MANAGE_PROTECTION, an_object(), NOON) == refused
    assert decide(stale, Action.READ_CASE, an_object(), NOON) == Allowed("lead")


def test_what_one_may_read_is_what_is_open_to_them():
    mine = {"unit_id": SCHOOL, "info_type": InfoType.MEASURES}
    assert may_read(a_subject(), HELD, NOON, **mine) is True
    assert may_read(a_subject(), HELD, NOON, **(mine | {"unit_id": HEALTH})) is False
    assert may_read(a_subject(account=NURSE), HELD, NOON, **mine) is False
