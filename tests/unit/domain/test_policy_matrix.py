"""The complete matrix of the policy, held against a statement of it that was written by hand."""

from datetime import timedelta
from itertools import combinations, product

import pytest

from bti.domain import access
from bti.domain.access import Allowed, Refused, decide
from bti.domain.codes import Role
from bti.domain.levels import CaseStatus
from bti.domain.policy import POLICY, Action, Strength
from bti.domain.relations import ObjectFacts, ObjectKind, Purpose, Relation, Subject
from bti.domain.rule_codes import ACCESS_RULES
from tests.unit.domain.samples import NOON, OTHER_TENANT, SCHOOL, TEACHER, TENANT
from tests.unit.domain.written_again import BY_CONSENT, FOR, LINES

HOUR = timedelta(hours=1)
LEVELS = (("password", NOON), ("password+totp", NOON - HOUR), ("password+totp", NOON))
STATUSES = (None, CaseStatus.OPEN, CaseStatus.CLOSED)
#: Whether an address is protected, and whether the person is named.
PROTECTIONS = ((False, False), (True, False), (True, True), (None, False), (None, True))
PURPOSES = (None, *Purpose)
OTHERS = tuple(one for one in Relation if one is not Relation.ROLE)
EVERY = frozenset(Relation)
# Nothing, each alone, and all of them: what a set opens is what its members open, see below.
SETS = (frozenset({Relation.ROLE}), *(frozenset({Relation.ROLE, one}) for one in OTHERS), EVERY)


@pytest.fixture
def standing(monkeypatch):
    """Sets what ``decide`` is told of relations and consent; the facts have tests of their own."""
    told = {"held": SETS[0], "let_in": True}
    monkeypatch.setattr(access, "standing_of", lambda *_: told["held"])
    monkeypatch.setattr(access, "unit_is_in", lambda *_: told["let_in"])
    return told


def subjects(role):
    """The person of a role, signed in each way and for each purpose."""
    for (level, (strength, proven)), purpose in product(enumerate(LEVELS), PURPOSES):
        yield level, purpose, Subject(TEACHER, TENANT, role, SCHOOL, strength, proven, purpose)


def things(kind):
    """A thing of a kind in each state."""
    for status, (protected, named) in product(STATUSES, PROTECTIONS):
        yield (
            status,
            (protected, named),
            ObjectFacts(
                kind=kind,
                tenant_id=TENANT,
                status=status,
                protected=protected,
                named_readers=frozenset({TEACHER} if named else ()),
            ),
        )


def open_to_all(kind):
    """The state in which most is allowed: open, and with no protected address."""
    return next(
        one for one in things(kind) if one[0] is CaseStatus.OPEN and one[1] == (False, False)
    )


def enough(line, role, kind, level, purpose, status, protection):
    """Whether everything but the relation is in place, by the hand-written statement."""
    if line.any_kind:
        return True
    protected, named = protection
    is_open = protected is False or line.unnamed_too or kind is not ObjectKind.CASE
    return (
        kind is line.kind
        and level >= max(line.level, 1)
        and purpose in line.purposes
        and purpose in FOR[role]
        and (status is not CaseStatus.CLOSED or line.closed)
        and (is_open or (protected is True and named and not line.unprotected))
    )


@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_matrix_is_as_it_was_written_by_hand(standing, role):
    """All acts, kinds, relations, consents, purposes, strengths and states of one role."""
    lines = [
        (line, {let_in: line.relations(role, let_in=let_in) for let_in in (True, False)})
        for line in LINES.values()
    ]
    cells = 0
    for let_in, held in product((True, False), SETS):
        standing.update(held=held, let_in=let_in)
        open_lines = [(line, not needed[let_in].isdisjoint(held)) for line, needed in lines]
        for kind in ObjectKind:
            # A thing of another kind is refused whatever its state: one state of it is enough.
            own = [one for one in open_lines if one[0].kind in {kind, None}]
            others = [one for one in open_lines if one[0].kind not in {kind, None}]
            for of_kind, states in ((own, tuple(things(kind))), (others, (open_to_all(kind),))):
                for (level, purpose, subject), (status, protected, facts) in product(
                    subjects(role), states
                ):
                    for line, related in of_kind:
                        right = related and enough(
                            line, role, kind, level, purpose, status, protected
                        )
                        if decide(subject, line.action, facts, NOON).allowed is not right:
                            pytest.fail(f"{line.action} {subject} {facts} {held} consent {let_in}")
                    cells += len(of_kind)
    # Each act in fifteen states of its own kind and in one of each other; in all of each if it has no kind.
    people = 2 * len(SETS) * len(LEVELS) * len(PURPOSES)
    without = sum(line.kind is None for line in LINES.values())
    assert cells == people * ((15 + 3) * (len(Action) - without) + 4 * 15 * without)


def test_the_statement_has_a_line_for_every_act_and_the_policy_too():
    assert list(LINES) == list(Action) == list(POLICY)
    assert set(FOR) == set(Role) == set(access.PURPOSES)
    assert {role: set(purposes) for role, purposes in access.PURPOSES.items()} == FOR


@pytest.mark.parametrize("action", Action)
def test_two_relations_together_open_what_either_opens_alone(standing, action):
    """So the matrix above, with relations one at a time, says it for every set of them."""
    facts = ObjectFacts(kind=POLICY[action].kind, tenant_id=TENANT, protected=False)
    for role, purpose, let_in in product(Role, Purpose, (True, False)):
        subject = Subject(TEACHER, TENANT, role, SCHOOL, "password+totp", NOON, purpose)
        standing["let_in"] = let_in
        alone = {}
        for one in Relation:
            standing["held"] = frozenset({one})
            alone[one] = decide(subject, action, facts, NOON).allowed
        for pair in combinations(Relation, 2):
            standing["held"] = frozenset(pair)
            assert decide(subject, action, facts, NOON).allowed is any(alone[one] for one in pair)


@pytest.mark.parametrize("role", Role)
def test_every_refusal_has_a_code_that_is_listed(standing, role):
    seen = set()
    for let_in, kind in product((True, False), ObjectKind):
        standing.update(held=EVERY, let_in=let_in)
        for (_, _, subject), (_, _, facts), action in product(subjects(role), things(kind), Action):
            verdict = decide(subject, action, facts, NOON)
            if isinstance(verdict, Refused):
                seen.add(verdict.rule)
    assert seen <= ACCESS_RULES


def test_another_municipality_refuses_before_everything_but_danger(standing):
    standing.update(held=EVERY, let_in=True)
    for role, kind in product(Role, ObjectKind):
        facts = ObjectFacts(kind=kind, tenant_id=OTHER_TENANT, protected=False)
        for _, _, subject in subjects(role):
            for action in set(Action) - {Action.REPORT_DANGER}:
                assert decide(subject, action, facts, NOON) == Refused("access.other_tenant")


def test_an_act_that_is_not_in_the_table_is_nobodys(standing, monkeypatch):
    standing["held"] = EVERY
    monkeypatch.setattr(access, "POLICY", {})
    facts = ObjectFacts(kind=ObjectKind.CASE, tenant_id=TENANT, protected=False)
    for role, purpose in product(Role, Purpose):
        subject = Subject(TEACHER, TENANT, role, SCHOOL, "passkey", NOON, purpose)
        assert decide(subject, Action.READ_CASE, facts, NOON) == Refused("access.role")


def test_a_kind_that_nobody_knows_is_refused(standing):
    standing["held"] = EVERY
    facts = ObjectFacts(kind="attic", tenant_id=TENANT, protected=False)
    for role, purpose, action in product(Role, Purpose, set(Action) - {Action.REPORT_DANGER}):
        subject = Subject(TEACHER, TENANT, role, SCHOOL, "passkey", NOON, purpose)
        assert not decide(subject, action, facts, NOON).allowed


@pytest.mark.parametrize(
    ("strength", "ago", "level"),
    [
        ("", timedelta(), Strength.WEAK),
        ("password", timedelta(), Strength.WEAK),
        ("password+totp", None, Strength.TWO_FACTORS),
        ("password+totp", timedelta(minutes=-1), Strength.TWO_FACTORS),
        ("password+totp", timedelta(), Strength.FRESH),
        ("password+totp", timedelta(minutes=14, seconds=59), Strength.FRESH),
        ("password+totp", timedelta(minutes=15), Strength.TWO_FACTORS),
        ("passkey", timedelta(minutes=14), Strength.FRESH),
        ("oidc", timedelta(minutes=15), Strength.TWO_FACTORS),
        ("demo", timedelta(minutes=15), Strength.TWO_FACTORS),
    ],
)
def test_a_proof_is_fresh_for_a_quarter_of_an_hour(strength, ago, level):
    proven = None if ago is None else NOON - ago
    subject = Subject(TEACHER, TENANT, Role.STAFF, SCHOOL, strength, proven)
    assert access.strength_of(subject, NOON) is level


def test_the_ground_of_what_is_allowed_is_the_relation_it_rests_on(standing):
    facts = ObjectFacts(kind=ObjectKind.CASE, tenant_id=TENANT, protected=False)
    subject = Subject(TEACHER, TENANT, Role.STAFF, SCHOOL, "passkey", NOON, Purpose.FOLLOW_UP)
    standing["held"] = frozenset({Relation.ROLE, Relation.PARTICIPANT})
    assert decide(subject, Action.READ_CASE, facts, NOON) == Allowed("participant")


def test_no_grant_stands_in_the_policy_that_the_statement_does_not_have():
    """A row that another column makes dead decides nothing, and still misleads whoever reads it."""
    for action, line in LINES.items():
        written = {(role, one.relation) for one in POLICY[action].grants for role in one.roles}
        assert written == line.pairs, action
        needing = {one.relation.value for one in POLICY[action].grants if one.by_consent}
        assert needing == BY_CONSENT & {relation.value for _, relation in line.pairs}, action
        for role in POLICY[action].roles:
            assert line.any_kind or FOR[role] & line.purposes, (action, role)
