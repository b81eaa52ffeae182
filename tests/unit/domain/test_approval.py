"""Two people for one act: never the same, never for something else, never twice."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.approval import (
    APPROVAL_RULES,
    LIFETIME,
    OWN_UNIT_ONLY,
    TWO_PEOPLE,
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
    StepUpNeeded,
    after,
    canonical,
    check_answer,
    check_ask,
    check_use,
    digest_of,
    may_give,
    same_name,
)
from bti.domain.codes import STAFF_SIDE, Role
from bti.domain.step_up import DEMO, FRESH_FOR, is_fresh

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
UNIT = uuid.UUID(int=1)
ASTA = PersonFacts(uuid.UUID(int=10), Role.ADMINISTRATOR, UNIT, "Asta Berg", NOW)
ANNE = PersonFacts(uuid.UUID(int=11), Role.DPO, UNIT, "Anne Ruud", NOW)
PARAMS = {"what": "whole log", "to": "/mnt/archive"}
WAITING = ApprovalFacts(
    uuid.UUID(int=20),
    ApprovalAct.AUDIT_EXPORT,
    digest_of(ApprovalAct.AUDIT_EXPORT, PARAMS),
    ApprovalState.WAITING,
    ASTA.account_id,
    ASTA.name,
    NOW + LIFETIME,
)
GIVEN = after(WAITING, ApprovalState.GIVEN)

values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
params_of_any_kind = st.dictionaries(st.text(max_size=8), values, max_size=4)


def code_of(check, *args, **kwargs):
    with pytest.raises(ApprovalRefused) as refused:
        check(*args, **kwargs)
    assert refused.value.code in APPROVAL_RULES
    return refused.value.code


def test_an_approval_lives_for_a_day():
    assert check_ask(ASTA, ApprovalAct.AUDIT_EXPORT, at=NOW) == NOW + timedelta(hours=24)


@pytest.mark.parametrize("act", sorted(TWO_PEOPLE))
def test_only_roles_in_the_table_may_ask(act):
    for role in STAFF_SIDE:
        person = replace(ASTA, role=role)
        if role in TWO_PEOPLE[act].ask:
            check_ask(person, act, at=NOW)
        else:
            assert code_of(check_ask, person, act, at=NOW) == "approval.role"


def test_every_act_can_be_asked_and_answered_by_somebody():
    assert set(TWO_PEOPLE) == set(ApprovalAct)
    assert all(one.ask and one.give for one in TWO_PEOPLE.values())


@pytest.mark.parametrize("act", [ApprovalAct.CASE_EXPORT, ApprovalAct.ERASURE])
def test_an_administrator_has_no_say_in_what_is_about_a_child(act):
    rule = TWO_PEOPLE[act]
    assert Role.ADMINISTRATOR not in rule.ask | rule.give


def test_a_colleague_who_may_says_yes():
    check_answer(WAITING, ANNE, at=NOW)


def test_nobody_approves_their_own_act():
    mine = replace(ANNE, account_id=ASTA.account_id)
    assert code_of(check_answer, WAITING, mine, at=NOW) == "approval.self"


def test_nobody_says_yes_to_what_is_about_themselves():
    theirs = replace(WAITING, about_account=ANNE.account_id)
    assert code_of(check_answer, theirs, ANNE, at=NOW) == "approval.self"
    check_answer(replace(WAITING, about_account=uuid.UUID(int=99)), ANNE, at=NOW)


@pytest.mark.parametrize("name", ["Asta Berg", "asta berg", "Berg, Asta", "  ASTA   BERG "])
def test_a_second_account_in_the_same_name_is_the_same_person(name):
    assert code_of(check_answer, WAITING, replace(ANNE, name=name), at=NOW) == (
        "approval.same_person"
    )


def test_another_name_is_another_person():
    assert not same_name("Asta Berg", "Asta Bergheim")
    assert same_name("Anne-Marie Ås", "Ås Anne Marie")


def test_whoever_owes_the_role_to_the_asker_cannot_say_yes_to_them():
    made = replace(ANNE, role_given_by=ASTA.account_id)
    assert code_of(check_answer, WAITING, made, at=NOW) == "approval.made_by_requester"
    check_answer(WAITING, replace(ANNE, role_given_by=uuid.UUID(int=99)), at=NOW)


@pytest.mark.parametrize("state", sorted(set(ApprovalState) - {ApprovalState.WAITING}))
def test_what_is_answered_is_not_answered_again(state):
    assert code_of(check_answer, after(WAITING, state), ANNE, at=NOW) == "approval.not_waiting"


def test_a_question_that_ran_out_is_not_answered():
    late = replace(ANNE, proven_at=NOW + LIFETIME)
    assert code_of(check_answer, WAITING, late, at=NOW + LIFETIME) == "approval.expired"


@given(minutes=st.integers(min_value=-30, max_value=60))
def test_the_second_factor_is_fresh_for_a_quarter_of_an_hour(minutes):
    at = NOW + timedelta(minutes=minutes)
    assert is_fresh(NOW, at) == (0 <= minutes < FRESH_FOR / timedelta(minutes=1))
    assert not is_fresh(None, at)


def test_neither_asks_nor_answers_without_a_fresh_second_factor():
    for proven in (None, NOW - FRESH_FOR):
        with pytest.raises(StepUpNeeded):
            check_ask(replace(ASTA, proven_at=proven), ApprovalAct.AUDIT_EXPORT, at=NOW)
        with pytest.raises(StepUpNeeded):
            check_answer(WAITING, replace(ANNE, proven_at=proven), at=NOW)


def test_a_leader_answers_for_their_own_unit_only():
    reset = replace(WAITING, act=ApprovalAct.ACCOUNT_RESET, about_unit=UNIT)
    for role in OWN_UNIT_ONLY:
        assert may_give(reset, role, UNIT)
        assert not may_give(reset, role, uuid.UUID(int=2))
        assert not may_give(replace(reset, about_unit=None), role, UNIT)
    assert may_give(reset, Role.ADMINISTRATOR, uuid.UUID(int=2))


def test_a_given_approval_is_used_by_who_asked_or_by_the_command_line():
    for by in (ASTA.account_id, None):
        check_use(GIVEN, ApprovalAct.AUDIT_EXPORT, PARAMS, by=by, at=NOW)
    wrong = code_of(check_use, GIVEN, ApprovalAct.AUDIT_EXPORT, PARAMS, by=ANNE.account_id, at=NOW)
    assert wrong == "approval.not_requester"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ApprovalState.WAITING, "approval.not_given"),
        (ApprovalState.REFUSED, "approval.not_given"),
        (ApprovalState.WITHDRAWN, "approval.not_given"),
        (ApprovalState.EXPIRED, "approval.expired"),
        (ApprovalState.USED, "approval.used"),
    ],
)
def test_only_a_given_one_is_used(state, code):
    facts = after(WAITING, state)
    assert code_of(check_use, facts, ApprovalAct.AUDIT_EXPORT, PARAMS, by=None, at=NOW) == code


def test_after_a_day_a_yes_is_worth_nothing():
    at = NOW + LIFETIME
    assert code_of(check_use, GIVEN, ApprovalAct.AUDIT_EXPORT, PARAMS, by=None, at=at) == (
        "approval.expired"
    )
    check_use(GIVEN, ApprovalAct.AUDIT_EXPORT, PARAMS, by=None, at=at - timedelta(seconds=1))


def test_a_yes_to_one_act_is_none_to_another():
    assert code_of(check_use, GIVEN, ApprovalAct.KEY_DESTROY, PARAMS, by=None, at=NOW) == (
        "approval.other_act"
    )


@given(params=params_of_any_kind, other=params_of_any_kind)
def test_an_approval_is_for_exactly_its_parameters(params, other):
    act = ApprovalAct.AUDIT_EXPORT
    facts = replace(GIVEN, digest=digest_of(act, params))
    check_use(facts, act, params, by=None, at=NOW)
    if canonical(params) != canonical(other):
        assert code_of(check_use, facts, act, other, by=None, at=NOW) == "approval.changed"


def test_order_does_not_change_the_parameters_but_kind_does():
    assert canonical({"a": "1", "b": "2"}) == canonical({"b": "2", "a": "1"})
    assert canonical({"a": 1}) != canonical({"a": "1"})
    assert canonical({"a": True}) != canonical({"a": 1})


@pytest.mark.parametrize("value", [1.5, b"x", {"a": 1}, [1]], ids=["float", "bytes", "map", "list"])
def test_what_has_no_one_spelling_is_refused(value):
    with pytest.raises(TypeError):
        canonical({"a": value})


def test_the_digest_names_the_act_too():
    made = {digest_of(act, PARAMS) for act in ApprovalAct}
    assert len(made) == len(ApprovalAct)


def test_a_demonstrations_strength_is_called_as_in_every_session():
    assert DEMO == "demo"
