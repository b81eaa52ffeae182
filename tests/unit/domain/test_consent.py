from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import birthday, start_of_day
from bti.domain.codes import HeardMethod, InfoType, Kept, NotHeardReason
from bti.domain.consent import (
    Answer,
    ConsentStatus,
    Form,
    HeardFacts,
    Mandate,
    Question,
    Scope,
    WithdrawalFacts,
    agreed_cells,
    answer,
    ask,
    check_hearing,
    complete,
    default_valid_to,
    status,
    verdict,
    withdraw,
)
from bti.domain.errors import RuleBroken
from bti.domain.legal import basis_on
from bti.profiles import legal_bases
from tests.unit.domain.samples import (
    BOTH,
    CHILD,
    FATHER,
    HEALTH,
    MOTHER,
    NOON,
    NURSE,
    RULES,
    SCHOOL,
    SECTORS,
    TEACHER,
    TODAY,
    a_cell,
    a_child,
    a_consent,
    a_decider,
    a_ref,
    all_yes,
    an_answer,
    born,
)

ABSENCE, MEASURES = a_ref(InfoType.ATTENDANCE), a_ref(InfoType.MEASURES)


YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def a_mandate(**changes):
    values = {"signed_by": FATHER, "valid_from": YESTERDAY, "valid_to": TOMORROW}
    return Mandate(**(values | changes))


def answered(*answers, **changes):
    return a_consent(answers=answers, **changes)


def complete_consent(**changes):
    consent = a_consent(**changes)
    return replace(consent, answers=all_yes(consent))


def put(child=None, deciders=BOTH, **question):
    values = {"scope": Scope.BRING_IN_SERVICE, "cells": frozenset({MEASURES})} | question
    return ask(
        Question(**values), child=child or a_child(), deciders=deciders, rules=RULES, at=NOON
    )


def code_of(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.code


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), ConsentStatus.ASKED),
        ((an_answer(MOTHER),), ConsentStatus.ASKED),
        ((an_answer(MOTHER), an_answer(FATHER)), ConsentStatus.COMPLETE),
        ((an_answer(MOTHER), an_answer(FATHER, Answer.NO)), ConsentStatus.REFUSED),
        ((an_answer(MOTHER), an_answer(FATHER, Answer.TALK_FIRST)), ConsentStatus.ASKED),
    ],
)
def test_joint_holders_decide_together(answers, expected):
    assert status(answered(*answers), NOON, RULES) is expected


def test_the_newest_answer_counts_until_everybody_has_said_yes():
    first = an_answer(FATHER, Answer.NO, at=NOON - timedelta(hours=2))
    consent = answered(first, an_answer(FATHER), an_answer(MOTHER))
    assert status(consent, NOON, RULES) is ConsentStatus.COMPLETE
    assert status(consent, NOON - timedelta(hours=1), RULES) is ConsentStatus.REFUSED


def test_only_what_all_agreed_to_is_opened():
    cells = {ABSENCE, MEASURES}
    partly = an_answer(FATHER, Answer.PARTLY, cells=frozenset({ABSENCE}))
    consent = answered(an_answer(MOTHER), partly, cells=cells)
    assert status(consent, NOON, RULES) is ConsentStatus.PARTLY
    assert complete(consent, at=NOON, by=TEACHER, rules=RULES).cells == (ABSENCE,)


def test_two_partial_answers_with_nothing_in_common_open_nothing():
    consent = answered(
        an_answer(MOTHER, Answer.PARTLY, cells=frozenset({MEASURES})),
        an_answer(FATHER, Answer.PARTLY, cells=frozenset({ABSENCE})),
        cells={ABSENCE, MEASURES},
    )
    assert status(consent, NOON, RULES) is ConsentStatus.REFUSED


@pytest.mark.parametrize(
    ("birth_date", "heard", "expected"),
    [
        (born(6, 364), None, ConsentStatus.COMPLETE),
        (born(7), None, ConsentStatus.ASKED),
        (born(7), HeardFacts(on=TODAY), ConsentStatus.ASKED),
        (born(7), HeardFacts(on=TODAY, method=HeardMethod.PLAY), ConsentStatus.COMPLETE),
        (
            born(7),
            HeardFacts(on=TODAY, not_heard=NotHeardReason.DID_NOT_WANT),
            ConsentStatus.COMPLETE,
        ),
        (born(11, 364), HeardFacts(on=TODAY, method=HeardMethod.PLAY), ConsentStatus.COMPLETE),
        (born(12), HeardFacts(on=TODAY, method=HeardMethod.CONVERSATION), ConsentStatus.ASKED),
        (
            born(12),
            HeardFacts(on=TODAY, method=HeardMethod.CONVERSATION, weight_noted=True),
            ConsentStatus.ASKED,
        ),
        (
            born(12),
            HeardFacts(
                on=TODAY,
                method=HeardMethod.CONVERSATION,
                weight_noted=True,
                kept=Kept.NOTHING,
            ),
            ConsentStatus.COMPLETE,
        ),
        (born(12), HeardFacts(on=TODAY, not_heard=NotHeardReason.UNSAFE), ConsentStatus.COMPLETE),
        (born(15), None, ConsentStatus.COMPLETE),  # the youth has signed
    ],
)
def test_consent_is_not_complete_before_the_child_is_heard(birth_date, heard, expected):
    assert status(complete_consent(birth_date=birth_date, heard=heard), NOON, RULES) is expected


@pytest.mark.parametrize("years", [15, 18])
def test_consent_for_a_child_does_not_carry_on_past_the_birthday(years):
    consent = complete_consent(birth_date=born(years - 1, 300))
    change = start_of_day(birthday(consent.child.birth_date, years))
    assert status(consent, change - timedelta(microseconds=1), RULES) is ConsentStatus.COMPLETE
    assert status(consent, change, RULES) is ConsentStatus.NEEDS_RENEWAL
    assert complete(consent, at=NOON, by=None, rules=RULES).valid_to == change


def test_health_consent_must_be_renewed_by_the_youth_at_sixteen():
    consent = complete_consent(birth_date=born(15, 360), cells={a_ref(InfoType.HEALTH, HEALTH)})
    assert status(consent, NOON, RULES) is ConsentStatus.COMPLETE
    assert status(consent, NOON + timedelta(days=10), RULES) is ConsentStatus.NEEDS_RENEWAL


def test_a_change_of_parental_responsibility_needs_a_new_question():
    consent = replace(complete_consent(), deciders=(a_decider(MOTHER),))
    assert status(consent, NOON, RULES) is ConsentStatus.NEEDS_RENEWAL


def test_consent_ends_at_its_validity():
    consent = complete_consent()
    assert status(consent, consent.valid_to, RULES) is ConsentStatus.EXPIRED
    assert code_of(complete, consent, at=consent.valid_to, by=None, rules=RULES) == (
        "consent.not_complete"
    )


def test_the_authority_can_keep_a_secret_although_the_parents_consent():
    blocked = complete_consent(blocked_by_authority=True)
    assert status(blocked, NOON, RULES) is ConsentStatus.BLOCKED


@pytest.mark.parametrize("person", [MOTHER, FATHER])
def test_one_of_two_holders_is_enough_to_withdraw(person):
    consent = complete_consent()
    event = withdraw(consent, person_id=person, at=NOON, by=TEACHER)
    assert event.cells == (MEASURES,)
    after = replace(consent, withdrawals=(WithdrawalFacts(person_id=person, at=NOON),))
    assert status(after, NOON, RULES) is ConsentStatus.WITHDRAWN
    assert status(after, NOON - timedelta(microseconds=1), RULES) is not ConsentStatus.WITHDRAWN
    assert agreed_cells(after, NOON) == frozenset()


def test_some_cells_can_be_withdrawn_and_the_rest_go_on():
    consent = complete_consent(cells={ABSENCE, MEASURES})
    event = withdraw(consent, person_id=MOTHER, at=NOON, by=TEACHER, cells=frozenset({ABSENCE}))
    assert event.cells == (ABSENCE,)
    back = WithdrawalFacts(person_id=MOTHER, at=NOON, cells=frozenset({ABSENCE}))
    after = replace(consent, withdrawals=(back,))
    assert status(after, NOON, RULES) is ConsentStatus.COMPLETE
    assert agreed_cells(after, NOON) == {MEASURES}


def test_withdrawing_the_opening_consent_closes_the_log_and_another_does_not():
    opening = complete_consent(scope=Scope.OPEN_LOG)
    assert withdraw(opening, person_id=MOTHER, at=NOON, by=None).closes_log
    assert not withdraw(complete_consent(), person_id=MOTHER, at=NOON, by=None).closes_log


def test_a_stranger_cannot_withdraw_and_the_grown_child_can():
    consent = complete_consent()
    assert code_of(withdraw, consent, person_id=NURSE, at=NOON, by=NURSE) == "consent.not_a_signer"
    assert code_of(withdraw, consent, person_id=CHILD, at=NOON, by=None) == "consent.not_a_signer"
    grown = NOON + timedelta(days=365 * 10)
    assert withdraw(consent, person_id=CHILD, at=grown, by=None).cells


def test_one_who_came_to_decide_later_may_withdraw_and_one_who_does_not_decide_may_not():
    signed_by_mother = complete_consent(deciders=(a_decider(MOTHER),))
    now = replace(signed_by_mother, deciders=BOTH)
    assert withdraw(now, person_id=FATHER, at=NOON, by=TEACHER).cells == (MEASURES,)
    without = replace(now, deciders=(a_decider(MOTHER), a_decider(FATHER, decides=False)))
    assert code_of(withdraw, without, person_id=FATHER, at=NOON, by=None) == "consent.not_a_signer"


def test_a_consent_that_lapsed_stays_so_although_the_same_people_decide_again():
    lapsed = complete_consent(lapsed_at=NOON)
    assert status(lapsed, NOON, RULES) is ConsentStatus.NEEDS_RENEWAL
    assert status(lapsed, NOON - timedelta(microseconds=1), RULES) is not (
        ConsentStatus.NEEDS_RENEWAL
    )


@pytest.mark.parametrize(
    ("birth_date", "refused"), [(born(15, 364), False), (born(16), True), (born(18), False)]
)
def test_from_sixteen_health_is_asked_about_by_itself(birth_date, refused):
    def question(*types):
        return put(
            cells=frozenset(a_ref(one) for one in types),
            child=a_child(birth_date),
            sectors=SECTORS,
        )

    assert question(InfoType.HEALTH).person_ids
    if refused:
        assert code_of(question, InfoType.HEALTH, InfoType.MEASURES) == "consent.health_alone"
    else:
        assert question(InfoType.HEALTH, InfoType.MEASURES).person_ids


def test_after_everybody_has_said_yes_a_changed_mind_is_a_withdrawal():
    no = an_answer(MOTHER, Answer.NO)
    assert code_of(answer, complete_consent(), no, rules=RULES) == "consent.already_complete"


@pytest.mark.parametrize(
    ("given_answer", "code"),
    [
        (an_answer(NURSE), "consent.not_a_signer"),
        (an_answer(MOTHER, Answer.PARTLY), "consent.partly_without_cells"),
        (an_answer(MOTHER, form=Form.ORAL), "consent.oral_not_minuted"),
        (an_answer(MOTHER, form=Form.ORAL, minuted_by=TEACHER), "consent.oral_not_minuted"),
        (an_answer(MOTHER, mandate=a_mandate(valid_to=YESTERDAY)), "consent.mandate_expired"),
        (an_answer(MOTHER, mandate=a_mandate(valid_from=TOMORROW)), "consent.mandate_expired"),
        (an_answer(MOTHER, mandate=a_mandate(named=False)), "consent.mandate_unnamed"),
        (an_answer(MOTHER, mandate=a_mandate(signed_by=NURSE)), "consent.mandate_stranger"),
        (an_answer(MOTHER, mandate=a_mandate(signed_by=MOTHER)), "consent.mandate_stranger"),
    ],
)
def test_an_answer_that_cannot_bind_is_refused(given_answer, code):
    assert code_of(answer, a_consent(), given_answer, rules=RULES) == code


def test_one_holder_may_sign_for_the_other_under_a_valid_mandate():
    by_father = an_answer(MOTHER, mandate=a_mandate(valid_from=TODAY, valid_to=TODAY))
    consent = answered(answer(a_consent(), by_father, rules=RULES), an_answer(FATHER))
    assert status(consent, NOON, RULES) is ConsentStatus.COMPLETE


@pytest.mark.parametrize("person", [CHILD, MOTHER])
def test_nobody_signs_for_the_young_nor_for_somebodys_own_secrets(person):
    consent = a_consent(
        born(15), about=frozenset({MOTHER}), required=frozenset({CHILD, MOTHER, FATHER})
    )
    by_father = an_answer(person, mandate=a_mandate())
    assert code_of(answer, consent, by_father, rules=RULES) == "consent.mandate_no_effect"


def test_an_answer_that_comes_too_late_is_kept_and_opens_nothing():
    consent = a_consent()
    late = tuple(an_answer(one, at=NOON + timedelta(days=400)) for one in (MOTHER, FATHER))
    for one in late:
        consent = replace(consent, answers=(*consent.answers, answer(consent, one, rules=RULES)))
    assert consent.answers == late
    assert status(consent, late[0].at, RULES) is ConsentStatus.EXPIRED
    assert code_of(complete, consent, at=late[0].at, by=None, rules=RULES) == "consent.not_complete"


def test_what_was_taken_back_or_blocked_takes_no_answer():
    back = a_consent(withdrawals=(WithdrawalFacts(person_id=MOTHER, at=NOON),))
    blocked = a_consent(blocked_by_authority=True)
    for consent in (back, blocked):
        assert code_of(answer, consent, an_answer(MOTHER), rules=RULES) == "consent.ended"


def test_one_yes_and_one_no_is_a_disagreement_and_says_which_act():
    stands = verdict(answered(an_answer(MOTHER), an_answer(FATHER, Answer.NO)), NOON, RULES)
    assert stands.disagree
    assert stands.why == ("barnelova-30", "vgml-18")
    both_no = answered(an_answer(MOTHER, Answer.NO), an_answer(FATHER, Answer.NO))
    assert not verdict(both_no, NOON, RULES).disagree


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (Kept.SOMETHING, "consent.kept_from_guardians"),
        (None, "consent.hearing_missing"),
        (Kept.LEFT_OUT, None),
        (Kept.NOTHING, None),
    ],
)
@pytest.mark.parametrize("years", [12, 14])
def test_from_twelve_the_child_is_asked_what_the_guardians_must_not_know(years, kept, code):
    heard = HeardFacts(on=TODAY, method=HeardMethod.CONVERSATION, weight_noted=True, kept=kept)
    consent = a_consent(born(years), heard=heard)
    if code is None:
        check_hearing(consent)
    else:
        assert code_of(check_hearing, consent) == code


def test_a_youth_who_answers_alone_may_keep_what_it_likes_from_the_guardians():
    heard = HeardFacts(on=TODAY, method=HeardMethod.CONVERSATION, kept=Kept.SOMETHING)
    check_hearing(a_consent(born(16), cells={a_ref(InfoType.HEALTH, HEALTH)}, heard=heard))


@pytest.mark.parametrize(("years", "heard"), [(7, None), (12, HeardMethod.CONVERSATION)])
def test_a_consent_ends_on_the_birthday_from_which_the_child_must_be_heard_otherwise(years, heard):
    facts = None if heard is None else HeardFacts(on=TODAY, method=heard)
    consent = complete_consent(birth_date=born(years - 1, 300), heard=facts)
    change = start_of_day(birthday(consent.child.birth_date, years))
    assert complete(consent, at=NOON, by=None, rules=RULES).valid_to == change
    assert status(consent, change - timedelta(microseconds=1), RULES) is ConsentStatus.COMPLETE
    assert status(consent, change, RULES) is ConsentStatus.NEEDS_RENEWAL


def test_every_standing_says_which_act_it_rests_on():
    consent = complete_consent()
    standing = {
        ConsentStatus.COMPLETE: consent,
        ConsentStatus.ASKED: a_consent(),
        ConsentStatus.BLOCKED: replace(consent, blocked_by_authority=True),
        ConsentStatus.EXPIRED: replace(consent, valid_to=NOON),
        ConsentStatus.NEEDS_RENEWAL: replace(consent, deciders=(a_decider(MOTHER),)),
        ConsentStatus.WITHDRAWN: replace(
            consent, withdrawals=(WithdrawalFacts(person_id=MOTHER, at=NOON),)
        ),
    }
    for expected, facts in standing.items():
        found = verdict(facts, NOON, RULES)
        assert found.status is expected
        assert {basis_on(legal_bases(), code, TODAY).code for code in found.why} == set(found.why)


def test_an_oral_answer_that_is_minuted_binds():
    oral = an_answer(MOTHER, form=Form.ORAL, minuted_by=TEACHER, present_named=True)
    assert answer(a_consent(), oral, rules=RULES) == oral


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cells": frozenset()}, "consent.no_cells"),
        ({"cells": frozenset({a_ref(InfoType.OWN)})}, "consent.own_not_shareable"),
        ({"cells": frozenset({a_ref(to_unit=SCHOOL)})}, "consent.same_unit"),
        ({"valid_to": NOON}, "consent.validity_past"),
        ({"valid_to": NOON + timedelta(days=500)}, "consent.validity_too_long"),
        ({"deciders": (a_decider(MOTHER, checked_on=None),)}, "consent.responsibility_not_checked"),
        ({"deciders": ()}, "consent.no_signer"),
    ],
)
def test_a_question_that_cannot_be_put_is_refused(changes, code):
    assert put().person_ids == {MOTHER, FATHER}
    assert code_of(put, **changes) == code


def test_a_log_may_be_opened_without_sharing_anything():
    found = put(scope=Scope.OPEN_LOG, cells=frozenset(), child=a_child(born(15)))
    assert found.person_ids == {MOTHER, FATHER, CHILD}


def test_the_default_validity_is_the_profiles_twelve_months():
    assert default_valid_to(NOON, RULES) == start_of_day(TODAY.replace(year=2027))
    leap = NOON.replace(year=2028, month=2, day=29)
    assert default_valid_to(leap, RULES) == start_of_day(TODAY.replace(year=2029, month=2, day=28))


def test_a_cell_is_live_from_its_first_instant_until_its_last_or_its_withdrawal():
    cell = a_cell()
    assert cell.is_live(NOON)
    assert cell.is_live(cell.valid_from)
    assert not cell.is_live(cell.valid_from - timedelta(microseconds=1))
    assert not cell.is_live(cell.valid_to)
    assert not replace(cell, withdrawn_at=NOON).is_live(NOON)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([MOTHER, FATHER]),
            st.integers(0, 20),
            st.sets(st.sampled_from([ABSENCE, MEASURES])),
        ),
        max_size=4,
    ),
    st.integers(0, 20),
)
def test_a_withdrawal_never_widens(withdrawals, hour):
    consent = complete_consent(cells={ABSENCE, MEASURES})
    at = NOON + timedelta(hours=hour)
    before = agreed_cells(consent, at)
    for person, when, cells in withdrawals:
        back = WithdrawalFacts(
            person_id=person, at=NOON + timedelta(hours=when), cells=frozenset(cells)
        )
        consent = replace(consent, withdrawals=(*consent.withdrawals, back))
        now = agreed_cells(consent, at)
        assert now <= before
        before = now
