"""Whose rows about those who leave, controls, reviews and emergencies get a MAC."""

from datetime import timedelta

import pytest

from bti.crypto.errors import SealError
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from tests.unit.domain.samples import CASE, NOON, NURSE, PPS, SCHOOL, TEACHER, an_id
from tests.unit.keyd.asked import REASON, ROW, asks

SOON, LATE = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
MANAGES = {"can_at_all": (Action.MANAGE_ACCOUNTS,)}
OPERATES = {"operator": True}
NURSES_ROLE = an_id(81)


# -- those who leave, controls and reviews -------------------------------------------------------


def a_departure(**changes):
    return {
        "account_id": NURSE,
        "grant_id": NURSES_ROLE,
        "asked_by_id": TEACHER,
        "on": NOON,
    } | changes


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (a_departure(), None, MANAGES, True),
        (a_departure(), None, {}, False),
        (a_departure(asked_by_id=NURSE), None, MANAGES, False),
        (a_departure(asked_by_id=None), None, OPERATES, True),
        (a_departure(on=SOON), a_departure(), MANAGES, True),
        (a_departure(asked_by_id=NURSE), a_departure(asked_by_id=NURSE), MANAGES, True),
        (a_departure(on=SOON), a_departure(), {}, False),
        *(
            (a_departure(**{name: an_id(98)}), a_departure(), MANAGES, False)
            for name in ("account_id", "grant_id", "asked_by_id")
        ),
        (a_departure(), a_departure(account_id=TEACHER), MANAGES, False),
    ],
)
def test_who_manages_accounts_writes_that_somebody_leaves(rows, new, old, powers, allowed):
    assert asks(rows, "departures", new, old, **powers) is allowed


SIGNS = {"can_at_all": (Action.SIGN_CONTROL,)}


def a_control(**changes):
    return {"month": "2026-10", "run_at": NOON, "signed_by": None} | changes


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (a_control(), None, SIGNS, True),
        (a_control(), None, {}, False),
        (a_control(signed_by=TEACHER), a_control(), SIGNS, True),
        (a_control(signed_by=NURSE), a_control(), SIGNS, False),
        (a_control(signed_by=TEACHER, month="2026-11"), a_control(), SIGNS, False),
        (a_control(signed_by=TEACHER, run_at=SOON), a_control(), SIGNS, False),
        (a_control(signed_by=NURSE), a_control(), OPERATES, True),
    ],
)
def test_a_control_is_signed_in_ones_own_name(rows, new, old, powers, allowed):
    assert asks(rows, "controls", new, old, **powers) is allowed


REVIEWS = {"reviews": (Action.REVIEW_USE,)}
LIFTS = {"reviews": (Action.LIFT_SUSPENSION,)}


def a_finding(**changes):
    finding = {"account_id": NURSE, "unit_id": SCHOOL, "control_id": an_id(97), "settled_at": None}
    return finding | changes


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (a_finding(), None, SIGNS, True),
        (a_finding(), None, REVIEWS, False),
        (a_finding(settled_at=NOON), None, SIGNS, False),
        (a_finding(settled_at=NOON), None, OPERATES, True),
        (a_finding(settled_at=NOON), a_finding(), REVIEWS, True),
        (a_finding(settled_at=NOON), a_finding(), LIFTS, False),
        (a_finding(settled_at=NOON), a_finding(), SIGNS, False),
        *(
            (a_finding(**{name: an_id(98)}), a_finding(), REVIEWS, False)
            for name in ("account_id", "unit_id", "control_id")
        ),
    ],
)
def test_a_finding_is_settled_by_who_reviews(rows, new, old, powers, allowed):
    assert asks(rows, "control_findings", new, old, **powers) is allowed


def a_suspension(**changes):
    unsettled = {"settled_at": None, "settled_by": None}
    return {"account_id": NURSE, "began_at": NOON, "unit_id": SCHOOL} | unsettled | changes


CLOSES = {"has_begun": (ROW,), "about": NURSE, "signed_in": False}


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (a_suspension(), None, CLOSES, True),
        (a_suspension(), None, CLOSES | {"about": TEACHER}, False),
        (a_suspension(), None, CLOSES | {"has_begun": ()}, False),
        (a_suspension(settled_at=NOON), None, CLOSES, False),
        (a_suspension(settled_by=TEACHER), None, CLOSES, False),
        (a_suspension(settled_at=NOON), a_suspension(), LIFTS, True),
        (a_suspension(settled_at=NOON), a_suspension(), REVIEWS, False),
        (a_suspension(settled_at=NOON, account_id=TEACHER), a_suspension(), LIFTS, False),
        (a_suspension(settled_at=NOON, began_at=SOON), a_suspension(), LIFTS, False),
        (a_suspension(settled_at=NOON, unit_id=PPS), a_suspension(), LIFTS, False),
    ],
)
def test_the_program_closes_and_a_reviewer_opens(rows, new, old, powers, allowed):
    assert asks(rows, "suspensions", new, old, **powers) is allowed


def an_emergency(**changes):
    own = {"account_id": TEACHER, "unit_id": SCHOOL, "case_id": CASE, "expires_at": LATE}
    return own | {"opened_at": NOON, "settled_at": None, "settled_by": None} | changes


OPENS = {"can": (Action.OPEN_EMERGENCY,), "has_begun": (ROW,)}


@pytest.mark.parametrize(
    ("new", "old", "powers", "allowed"),
    [
        (an_emergency(), None, OPENS, True),
        (an_emergency(), None, OPENS | {"has_begun": ()}, False),
        (an_emergency(), None, OPENS | {"can": ()}, False),
        *(
            (an_emergency(), None, OPENS | {"said": said}, False)
            for said in (
                REASON | {"text": "nineteen signs here"},
                REASON | {"text": 7},
                REASON | {"reason": "curious"},
                {"text": REASON["text"]},
                {"reason": REASON["reason"]},
                list(REASON.values()),
                SealError(),
            )
        ),
        (an_emergency(opened_at=NOON - timedelta(minutes=5)), None, OPENS, False),
        (an_emergency(opened_at=NOON + timedelta(minutes=5)), None, OPENS, True),
        (an_emergency(opened_at=NOON + timedelta(minutes=6)), None, OPENS, False),
        (
            an_emergency(
                opened_at=NOON - timedelta(minutes=5), expires_at=LATE - timedelta(minutes=5)
            ),
            None,
            OPENS,
            True,
        ),
        (
            an_emergency(
                opened_at=NOON - timedelta(minutes=6), expires_at=LATE - timedelta(minutes=6)
            ),
            None,
            OPENS,
            False,
        ),
        (an_emergency(expires_at=LATE + timedelta(seconds=1)), None, OPENS, False),
        (an_emergency(opened_at=None), None, OPENS, False),
        (an_emergency(expires_at=None), None, OPENS, False),
        (an_emergency(settled_at=NOON), None, OPENS, False),
        (an_emergency(settled_by=NURSE), None, OPENS, False),
        (an_emergency(account_id=NURSE), None, OPENS, False),
        (an_emergency(unit_id=PPS), None, OPENS, False),
        (an_emergency(case_id=an_id(41)), None, OPENS, False),
        (an_emergency(settled_at=NOON, settled_by=NURSE), an_emergency(), REVIEWS, True),
        (an_emergency(settled_at=NOON, settled_by=NURSE), an_emergency(), LIFTS, False),
        (an_emergency(settled_at=NOON), an_emergency(), REVIEWS, True),
        (an_emergency(settled_at=NOON, expires_at=SOON), an_emergency(), REVIEWS, False),
        (an_emergency(expires_at=SOON), an_emergency(), {}, True),
        (an_emergency(expires_at=LATE + timedelta(hours=1)), an_emergency(), REVIEWS, False),
        (
            an_emergency(settled_at=NOON, settled_by=NURSE),
            an_emergency(settled_at=NOON, settled_by=TEACHER),
            REVIEWS,
            False,
        ),
    ],
)
def test_an_emergency_is_taken_in_ones_own_name_and_settled_by_a_reviewer(
    rows, new, old, powers, allowed
):
    assert asks(rows, "emergency_accesses", new, old, **powers) is allowed


def test_without_a_session_nothing_is_ones_own(rows):
    for table, new in (
        ("own_records", {"account_id": TEACHER}),
        ("emergency_accesses", an_emergency()),
    ):
        with pytest.raises(AccessDenied, match="no_session"):
            asks(rows, table, new, signed_in=False, has_begun=(ROW,))
