"""The rules of the monthly control: what each points out, and the ordinary work it leaves alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.control import (
    COMMON_SURNAMES,
    FLOOR_OF_VOLUME,
    ControlRule,
    Kin,
    Look,
    Somebody,
    kin_of,
    month_before,
    night_of,
    suspicions,
)
from tests.unit.domain.samples import HEALTH, NURSE, PPS, PRINCIPAL, SCHOOL, TEACHER, an_id

DAY = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)  # half past midnight in Norway


def looks(count, *, at=DAY, who=TEACHER, unit=SCHOOL, refused=False, ground="follower", first=100):
    return [
        Look(
            at + timedelta(minutes=n),
            who,
            unit,
            an_id(first + n),
            "case:open:read",
            ground,
            refused,
        )
        for n in range(count)
    ]


def rules(found, kin=None):
    return [one.rule for one in suspicions(found, kin or {})]


def test_ordinary_work_points_at_nobody():
    month = [
        *looks(20),
        *looks(12, who=NURSE, unit=HEALTH),
        *looks(2, at=NIGHT),
        *looks(2, refused=True, first=500),
    ]
    assert rules(month) == []


@pytest.mark.parametrize(("count", "pointed"), [(2, []), (3, [ControlRule.NO_RELATION])])
def test_three_refused_cases_are_pointed_out_and_two_are_not(count, pointed):
    assert rules(looks(count, refused=True)) == pointed


def test_the_same_case_refused_many_times_is_one_slip():
    same = [replaced for _ in range(9) for replaced in looks(1, refused=True)]
    assert rules(same) == []


@pytest.mark.parametrize(
    ("at", "pointed"),
    [
        (datetime(2026, 11, 3, 20, 57, tzinfo=UTC), []),  # 21.57 to 21.59
        (datetime(2026, 11, 3, 21, 0, tzinfo=UTC), [ControlRule.AFTER_HOURS]),
        (datetime(2026, 11, 4, 4, 57, tzinfo=UTC), [ControlRule.AFTER_HOURS]),  # until 05.59
        (datetime(2026, 11, 4, 5, 0, tzinfo=UTC), []),
    ],
)
def test_night_is_from_ten_to_six_in_norway(at, pointed):
    assert rules(looks(3, at=at)) == pointed


def test_three_cases_in_three_nights_are_no_finding():
    found = [one for n in range(3) for one in looks(1, at=NIGHT + timedelta(days=n), first=n + 100)]
    assert rules(found) == []


def test_emergency_access_at_night_is_not_counted_twice():
    assert rules(looks(5, at=NIGHT, ground="gate:emergency")) == []


def colleagues(count):
    people = [PRINCIPAL, NURSE, an_id(34), an_id(35)]
    return [one for who in people for one in looks(count, who=who)]


@pytest.mark.parametrize(
    ("mine", "usual", "pointed"),
    [
        (FLOOR_OF_VOLUME, 2, False),
        (FLOOR_OF_VOLUME + 1, 2, True),
        (FLOOR_OF_VOLUME + 1, 10, False),
        (31, 10, True),
    ],
)
def test_volume_is_three_times_the_colleagues_and_never_below_the_floor(mine, usual, pointed):
    found = suspicions([*looks(mine), *colleagues(usual)], {})
    told = [(one.rule, one.cases, one.usual) for one in found]
    assert told == ([(ControlRule.VOLUME, mine, usual)] if pointed else [])


def test_with_few_colleagues_the_municipality_is_the_measure():
    others = [one for n in range(4) for one in looks(20, who=an_id(50 + n), unit=PPS)]
    assert rules([*looks(40), *others]) == []
    assert rules([*looks(61), *others]) == [ControlRule.VOLUME]


def test_kin_is_pointed_out_at_the_first_look_and_the_graver_rule_alone():
    one = looks(1)
    pair = (TEACHER, one[0].case_id)
    assert rules(one, {pair: frozenset({Kin.SURNAME})}) == [ControlRule.SAME_SURNAME]
    both = frozenset({Kin.SURNAME, Kin.GUARDIAN})
    assert rules(one, {pair: both}) == [ControlRule.OWN_CHILD]
    assert rules(one, {pair: both | {Kin.REGISTERED}}) == [ControlRule.REGISTERED_CHILD]


def test_a_try_at_ones_own_childs_case_is_pointed_out_too():
    tried = looks(1, refused=True)
    pair = (TEACHER, tried[0].case_id)
    assert rules(tried, {pair: frozenset({Kin.GUARDIAN})}) == [ControlRule.OWN_CHILD]


@pytest.mark.parametrize(
    ("name", "guardians", "child", "kin"),
    [
        (("siv", "aas"), [("siv", "aas")], ("oda", "vik"), {Kin.GUARDIAN, Kin.SURNAME}),
        (("siv", "aas"), [("tor", "aas")], ("oda", "vik"), {Kin.SURNAME}),
        (("siv", "aas"), [("tor", "vik")], ("oda", "aas"), {Kin.SURNAME}),
        (("siv", "hansen"), [("tor", "hansen")], ("oda", "hansen"), set()),
        (("siv", "hansen"), [("siv", "hansen")], ("oda", "vik"), {Kin.GUARDIAN}),
        (("siv",), [("siv",)], ("siv",), {Kin.SURNAME}),
        (("siv", "aas"), [("aas", "vik")], ("oda", "lie"), set()),
        ((), [()], (), set()),
    ],
)
def test_kin_is_the_same_full_name_or_a_rare_surname(name, guardians, child, kin):
    assert kin_of(Somebody(name), [Somebody(one) for one in guardians], child) == kin


def test_tokens_made_under_two_keys_prove_no_difference():
    mother = Somebody(("maria", "hansen"), frozenset({b"old"}))
    for token, found in ((b"new", {Kin.GUARDIAN}), (b"old", {Kin.REGISTERED})):
        employee = Somebody(mother.name, frozenset({token}))
        assert kin_of(employee, [mother], (), one_key=False) == found


names = st.sampled_from([(), ("siv", "aas"), ("tor", "aas"), ("siv", "hansen")])
tokens = st.sampled_from([b"a", b"b", b"c"])
known = st.builds(Somebody, names, st.frozensets(tokens, min_size=1))


@given(known, st.lists(known, max_size=4))
def test_where_national_ids_are_known_they_alone_decide_who_is_a_guardian(employee, guardians):
    found = kin_of(employee, guardians, ())
    theirs = {token for one in guardians for token in one.tokens}
    assert (Kin.REGISTERED in found) == bool(employee.tokens & theirs)
    assert Kin.GUARDIAN not in found


@given(known, st.lists(known, max_size=4))
def test_an_unknown_national_id_leaves_it_to_the_name(employee, guardians):
    nameless = [Somebody(one.name) for one in guardians]
    for asked, others in ((Somebody(employee.name), guardians), (employee, nameless)):
        found = kin_of(asked, others, ())
        same = bool(employee.name) and employee.name in {one.name for one in others}
        assert (Kin.GUARDIAN in found) == same
        assert Kin.REGISTERED not in found


@given(known, st.lists(known, max_size=4), tokens)
def test_registering_another_national_id_hides_nobody(employee, guardians, another):
    both = Somebody(employee.name, employee.tokens | {another})
    if Kin.REGISTERED in kin_of(employee, guardians, ()):
        assert Kin.REGISTERED in kin_of(both, guardians, ())


def test_the_common_surnames_are_twenty():
    assert len(COMMON_SURNAMES) == 20


some_looks = st.lists(
    st.builds(
        Look,
        st.integers(0, 60 * 24 * 20).map(lambda minutes: DAY + timedelta(minutes=minutes)),
        st.sampled_from([TEACHER, NURSE, PRINCIPAL]),
        st.sampled_from([SCHOOL, HEALTH]),
        st.integers(100, 140).map(an_id),
        st.just("case:open:read"),
        st.sampled_from(["holder", "gate:emergency"]),
        st.booleans(),
    ),
    max_size=60,
)


@given(some_looks, st.randoms(use_true_random=False))
def test_the_order_of_the_log_changes_nothing(found, shuffle):
    mixed = list(found)
    shuffle.shuffle(mixed)
    assert suspicions(mixed, {}) == suspicions(found, {})


@given(some_looks)
def test_what_is_pointed_out_is_what_was_done(found):
    for one in suspicions(found, {}):
        assert set(one.looks) <= set(found)
        assert {look.account_id for look in one.looks} == {one.account_id}
        assert one.cases == len({look.case_id for look in one.looks})


@given(some_looks)
def test_somebody_elses_refused_tries_never_clear_or_point_at_me(found):
    mine = [one for one in found if one.account_id == TEACHER]
    others = [one for one in found if one.account_id != TEACHER and one.refused]
    told = [one for one in suspicions([*mine, *others], {}) if one.account_id == TEACHER]
    assert [one.rule for one in told] == rules(mine)


def test_a_night_belongs_to_its_evening():
    assert night_of(NIGHT) == date(2026, 11, 3)
    assert night_of(DAY) is None


def test_months_turn_at_midnight_in_norway():
    last = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)
    assert month_before(last) == "2026-09"
    assert month_before(last + timedelta(minutes=1)) == "2026-10"
    assert month_before(datetime(2026, 1, 5, tzinfo=UTC)) == "2025-12"
