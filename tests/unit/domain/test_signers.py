from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import birthday, start_of_day
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import YouthMode
from bti.domain.realms import Realm
from bti.domain.signers import (
    Hearing,
    SignerRole,
    hearing_needed,
    next_change,
    required_signers,
)
from tests.unit.domain.samples import (
    BOTH,
    CHILD,
    FATHER,
    MOTHER,
    NOON,
    RULES,
    a_child,
    a_decider,
    an_id,
    born,
)

MIXED = {Realm.GENERAL, Realm.EDUCATION}
HEALTH_ONLY = {Realm.HEALTH}
SCHOOL_ONLY = {Realm.EDUCATION}
GUARDIANS = {MOTHER, FATHER}
ALONE = replace(RULES, youth_mode=YouthMode.ALONE)


def signers(birth_date, realms=MIXED, deciders=BOTH, rules=RULES):
    return required_signers(a_child(birth_date), deciders, realms, rules, NOON)


@pytest.mark.parametrize(
    ("birth_date", "types", "expected"),
    [
        (born(6, 364), MIXED, GUARDIANS),
        (born(7), MIXED, GUARDIANS),
        (born(11), MIXED, GUARDIANS),
        (born(12), MIXED, GUARDIANS),
        (born(14, 364), MIXED, GUARDIANS),
        (born(14, 364), SCHOOL_ONLY, GUARDIANS),
        (born(15), MIXED, GUARDIANS | {CHILD}),
        (born(15), SCHOOL_ONLY, {CHILD}),
        (born(15), HEALTH_ONLY, GUARDIANS | {CHILD}),
        (born(15), HEALTH_ONLY | MIXED, GUARDIANS | {CHILD}),
        (born(16), HEALTH_ONLY, {CHILD}),
        (born(16), HEALTH_ONLY | MIXED, GUARDIANS | {CHILD}),
        (born(17, 364), MIXED, GUARDIANS | {CHILD}),
        (born(18), MIXED, {CHILD}),
        (born(18), HEALTH_ONLY, {CHILD}),
        (born(23), set(), {CHILD}),
    ],
)
def test_who_signs_follows_age_and_kind_of_information(birth_date, types, expected):
    assert signers(birth_date, types).person_ids == expected


@pytest.mark.parametrize(
    ("birth_date", "hearing"),
    [
        (born(6, 364), Hearing.IF_ABLE),
        (born(7), Hearing.REQUIRED),
        (born(11, 364), Hearing.REQUIRED),
        (born(12), Hearing.REQUIRED_WITH_WEIGHT),
        (born(17, 364), Hearing.REQUIRED_WITH_WEIGHT),
        (born(18), Hearing.SIGNS_SELF),
    ],
)
def test_the_child_is_heard_from_seven_and_with_weight_from_twelve(birth_date, hearing):
    found = signers(birth_date)
    assert hearing_needed(birth_date, NOON) is hearing
    signs = CHILD in found.person_ids
    assert [one.how for one in found.heard] == ([] if signs else [hearing])


def test_a_sole_holder_signs_alone_and_the_other_parent_not_at_all():
    deciders = (a_decider(MOTHER), a_decider(FATHER, decides=False))
    assert signers(born(10), deciders=deciders).person_ids == {MOTHER}


def test_where_a_profile_lets_the_youth_decide_alone_it_is_from_sixteen_and_never_before():
    alone_at_twelve = replace(ALONE, youth_age=12)
    assert signers(born(16), rules=ALONE).person_ids == {CHILD}
    assert signers(born(15, 364), rules=ALONE).person_ids == GUARDIANS | {CHILD}
    assert signers(born(15, 364), rules=alone_at_twelve).person_ids == GUARDIANS | {CHILD}
    assert signers(born(11, 364), rules=alone_at_twelve).person_ids == GUARDIANS


def test_no_profile_leaves_the_youth_out_beyond_sixteen_nor_takes_from_it_what_an_act_gives():
    late = replace(RULES, youth_age=18)
    assert signers(born(15, 364), {Realm.GENERAL}, rules=late).person_ids == GUARDIANS
    assert signers(born(16), {Realm.GENERAL}, rules=late).person_ids == GUARDIANS | {CHILD}
    assert signers(born(15), SCHOOL_ONLY, rules=late).person_ids == {CHILD}
    assert signers(born(15), MIXED, rules=late).person_ids == GUARDIANS | {CHILD}
    assert signers(born(16), HEALTH_ONLY, rules=late).person_ids == {CHILD}


def test_under_a_care_order_child_welfare_signs():
    deciders = (a_decider(an_id(90), role=SignerRole.CHILD_WELFARE),)
    [one] = signers(born(10), deciders=deciders).signers
    assert one.role is SignerRole.CHILD_WELFARE


def test_nobody_who_may_decide_is_not_the_same_as_everybody_agreeing():
    with pytest.raises(RuleBroken) as broken:
        signers(born(10), deciders=(a_decider(MOTHER, decides=False),))
    assert broken.value.code == "consent.no_signer"


def test_a_parents_own_secrets_need_that_parent_also_when_the_child_is_grown():
    found = required_signers(a_child(born(18)), BOTH, {Realm.GENERAL}, RULES, NOON, about={MOTHER})
    assert {(one.person_id, one.role) for one in found.signers} == {
        (CHILD, SignerRole.YOUTH),
        (MOTHER, SignerRole.SELF),
    }


def test_nobody_stands_in_where_somebodys_own_secrets_are_included():
    welfare, foster = an_id(90), an_id(91)
    order = (
        a_decider(welfare, role=SignerRole.CHILD_WELFARE),
        a_decider(foster, role=SignerRole.FOSTER_HOME),
    )

    def found(*about):
        child = a_child(born(10))
        return required_signers(child, order, HEALTH_ONLY, RULES, NOON, about=frozenset(about))

    assert found().stand_ins == {(foster, welfare)}
    assert found(welfare).stand_ins == frozenset()
    assert found(foster).person_ids == {welfare, foster}


@given(st.integers(0, 23), st.sets(st.sampled_from(sorted(Realm))), st.sampled_from([RULES, ALONE]))
def test_somebody_always_signs_and_from_18_it_is_the_youth_alone(years, realms, rules):
    found = signers(born(years), realms, rules=rules).person_ids
    assert found
    assert (found == {CHILD}) or years < 18


@given(st.integers(0, 17 * 365), st.sets(st.sampled_from(sorted(Realm))))
def test_the_next_change_is_the_first_instant_that_asks_somebody_else(days, realms):
    child = a_child(born(0, days))
    change = next_change(child, BOTH, realms, RULES, NOON)
    now = required_signers(child, BOTH, realms, RULES, NOON).person_ids
    if change is None:
        assert now == {CHILD}
        return
    just_before = change - timedelta(microseconds=1)
    assert required_signers(child, BOTH, realms, RULES, just_before).person_ids == now
    assert required_signers(child, BOTH, realms, RULES, change).person_ids != now


def test_a_ten_year_olds_signers_change_at_fifteen():
    child = a_child(born(10))
    change = next_change(child, BOTH, MIXED, RULES, NOON)
    assert change == start_of_day(birthday(child.birth_date, 15))
