from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import birthday, start_of_day
from bti.domain.codes import SHAREABLE, InfoType
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import YouthMode
from bti.domain.signers import Hearing, SignerRole, next_change, required_signers
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

MIXED = {InfoType.MEASURES, InfoType.ATTENDANCE}
HEALTH_ONLY = {InfoType.HEALTH}
SCHOOL_ONLY = {InfoType.ATTENDANCE, InfoType.LEARNING}
GUARDIANS = {MOTHER, FATHER}
ALONE = replace(RULES, youth_mode=YouthMode.ALONE)


def signers(birth_date, types=MIXED, deciders=BOTH, rules=RULES):
    return required_signers(a_child(birth_date), deciders, types, rules, NOON)


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
    assert signers(birth_date).hearing is hearing


def test_a_sole_holder_signs_alone_and_the_other_parent_not_at_all():
    deciders = (a_decider(MOTHER), a_decider(FATHER, decides=False))
    assert signers(born(10), deciders=deciders).person_ids == {MOTHER}


def test_where_the_youth_decides_alone_the_guardians_are_not_asked():
    assert signers(born(15), rules=ALONE).person_ids == {CHILD}
    assert signers(born(14), rules=ALONE).person_ids == GUARDIANS


def test_under_a_care_order_child_welfare_signs():
    deciders = (a_decider(an_id(90), role=SignerRole.CHILD_WELFARE),)
    [one] = signers(born(10), deciders=deciders).signers
    assert one.role is SignerRole.CHILD_WELFARE


def test_nobody_who_may_decide_is_not_the_same_as_everybody_agreeing():
    with pytest.raises(RuleBroken) as broken:
        signers(born(10), deciders=(a_decider(MOTHER, decides=False),))
    assert broken.value.code == "consent.no_signer"


def test_a_parents_own_secrets_need_that_parent_also_when_the_child_is_grown():
    found = required_signers(
        a_child(born(18)), BOTH, {InfoType.FAMILY}, RULES, NOON, about={MOTHER}
    )
    assert {(one.person_id, one.role) for one in found.signers} == {
        (CHILD, SignerRole.YOUTH),
        (MOTHER, SignerRole.SELF),
    }


@given(
    st.integers(0, 23), st.sets(st.sampled_from(sorted(SHAREABLE))), st.sampled_from([RULES, ALONE])
)
def test_somebody_always_signs_and_from_18_it_is_the_youth_alone(years, types, rules):
    found = signers(born(years), types, rules=rules).person_ids
    assert found
    assert (found == {CHILD}) or years < 18


@given(st.integers(0, 17 * 365), st.sets(st.sampled_from(sorted(SHAREABLE))))
def test_the_next_change_is_the_first_instant_that_asks_somebody_else(days, types):
    child = a_child(born(0, days))
    change = next_change(child, BOTH, types, RULES, NOON)
    now = required_signers(child, BOTH, types, RULES, NOON).person_ids
    if change is None:
        assert now == {CHILD}
        return
    just_before = change - timedelta(microseconds=1)
    assert required_signers(child, BOTH, types, RULES, just_before).person_ids == now
    assert required_signers(child, BOTH, types, RULES, change).person_ids != now


def test_a_ten_year_olds_signers_change_at_fifteen():
    child = a_child(born(10))
    change = next_change(child, BOTH, MIXED, RULES, NOON)
    assert change == start_of_day(birthday(child.birth_date, 15))
