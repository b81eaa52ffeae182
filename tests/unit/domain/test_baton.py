from dataclasses import replace
from datetime import timedelta

import pytest

from bti.domain.baton import (
    OfferFacts,
    accept,
    after,
    decline,
    expire,
    may_hold,
    offer,
    open_log,
    reassign,
    withdraw_offer,
)
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.domain.levels import LogStatus
from tests.unit.domain.samples import (
    HEALTH,
    NOON,
    NURSE,
    PRINCIPAL,
    RULES,
    SCHOOL,
    TEACHER,
    a_baton,
    an_account,
    an_id,
)

OFFER = OfferFacts(an_id(50), NURSE, HEALTH, NOON + timedelta(days=7))
OFFERED = a_baton(offer=OFFER)


def code_of(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.code


def test_the_holder_keeps_the_baton_until_another_has_said_yes():
    offered = offer(a_baton(), an_account(), at=NOON, by=TEACHER, rules=RULES)
    waiting = after(a_baton(), offered, offer_id=an_id(50))
    assert waiting == OFFERED
    assert waiting.holder_id == TEACHER
    passed = after(waiting, accept(waiting, an_account(), at=NOON))
    assert (passed.holder_id, passed.holder_unit_id, passed.offer) == (NURSE, HEALTH, None)


@pytest.mark.parametrize(
    "settle",
    [
        lambda: decline(OFFERED, at=NOON, by=NURSE),
        lambda: withdraw_offer(OFFERED, at=NOON, by=TEACHER),
        lambda: expire(OFFERED, at=OFFER.expires_at),
    ],
)
def test_without_a_yes_nothing_moves(settle):
    assert after(OFFERED, settle()) == a_baton()


@pytest.mark.parametrize(
    ("baton", "to", "by", "code"),
    [
        (a_baton(log_status=LogStatus.NONE), an_account(), TEACHER, "baton.log_not_active"),
        (a_baton(log_status=LogStatus.CLOSED), an_account(), TEACHER, "baton.log_not_active"),
        (a_baton(), an_account(), NURSE, "baton.not_holder"),
        (OFFERED, an_account(PRINCIPAL), TEACHER, "baton.offer_open"),
        (a_baton(), an_account(TEACHER, SCHOOL), TEACHER, "baton.to_holder"),
        (a_baton(), an_account(active=False), TEACHER, "baton.not_active"),
        (a_baton(), an_account(same_tenant=False), TEACHER, "baton.not_active"),
        (a_baton(), an_account(unit_let_in=False), TEACHER, "baton.no_consent"),
        (a_baton(), an_account(role=Role.ADMINISTRATOR), TEACHER, "baton.wrong_role"),
    ],
)
def test_an_offer_that_cannot_be_made_is_refused(baton, to, by, code):
    assert code_of(offer, baton, to, at=NOON, by=by, rules=RULES) == code


def test_the_team_leader_may_offer_on_the_holders_behalf_and_the_new_one_must_accept():
    event = offer(a_baton(), an_account(), at=NOON, by=PRINCIPAL, rules=RULES, appointed=True)
    assert (event.from_id, event.to_id, event.by) == (TEACHER, NURSE, PRINCIPAL)


def test_a_lapsed_offer_can_be_followed_by_a_new_one():
    later = OFFER.expires_at
    assert offer(OFFERED, an_account(), at=later, by=TEACHER, rules=RULES)
    assert expire(OFFERED, at=later - timedelta(seconds=1)) is None
    assert expire(a_baton(), at=later) is None


@pytest.mark.parametrize(
    ("baton", "to", "at", "code"),
    [
        (a_baton(), an_account(), NOON, "baton.no_offer"),
        (OFFERED, an_account(PRINCIPAL), NOON, "baton.not_offered"),
        (OFFERED, an_account(), OFFER.expires_at, "baton.offer_expired"),
        (OFFERED, an_account(unit_let_in=False), NOON, "baton.no_consent"),
        (replace(OFFERED, log_status=LogStatus.CLOSED), an_account(), NOON, "baton.log_not_active"),
    ],
)
def test_a_yes_that_comes_too_late_or_from_another_is_refused(baton, to, at, code):
    assert code_of(accept, baton, to, at=at) == code


def test_a_no_can_be_said_also_after_consent_ended_or_the_log_closed():
    assert decline(replace(OFFERED, log_status=LogStatus.CLOSED), at=NOON, by=NURSE)
    assert code_of(decline, OFFERED, at=NOON, by=PRINCIPAL) == "baton.not_offered"


def test_only_the_holder_takes_an_offer_back():
    assert code_of(withdraw_offer, OFFERED, at=NOON, by=NURSE) == "baton.not_holder"
    assert code_of(withdraw_offer, a_baton(), at=NOON, by=TEACHER) == "baton.no_offer"


def test_in_an_emergency_the_leader_moves_the_baton_with_a_reason_and_the_open_offer_falls():
    to = an_account(PRINCIPAL, SCHOOL)
    event = reassign(OFFERED, to, at=NOON, by=PRINCIPAL, reason_written=True)
    assert event.fallen_offer_id == OFFER.offer_id
    moved = after(OFFERED, event)
    assert (moved.holder_id, moved.offer) == (PRINCIPAL, None)
    code = code_of(reassign, OFFERED, to, at=NOON, by=PRINCIPAL, reason_written=False)
    assert code == "baton.reason_missing"


def test_nobody_is_given_a_first_baton_they_have_not_taken():
    teacher = an_account(TEACHER, SCHOOL)
    assert open_log(teacher, at=NOON, by=TEACHER).holder_id == TEACHER
    assert code_of(open_log, teacher, at=NOON, by=PRINCIPAL) == "baton.must_accept"


@pytest.mark.parametrize("role", Role)
def test_those_who_never_read_content_never_hold_the_baton(role):
    if role in {Role.STAFF, Role.UNIT_LEAD, Role.TEAM_LEAD, Role.TEAM_MEMBER}:
        may_hold(an_account(role=role))
    else:
        assert code_of(may_hold, an_account(role=role)) == "baton.wrong_role"
