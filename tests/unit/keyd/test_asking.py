"""What the rules for authority rows are told: by the access table, for the session that asks."""

from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest

from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.step_up import FRESH_FOR
from bti.keyd.asking import WRITING, Asking
from bti.keyd.evidence import Evidence
from tests.unit.domain.samples import (
    CASE,
    NOON,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    a_subject,
    an_id,
    an_object,
)
from tests.unit.keyd.asked import Rows, stored

BEGUN, ANOTHERS, THERE, FORGOTTEN = an_id(70), an_id(71), an_id(72), an_id(73)


@pytest.fixture(scope="module")
def rows():
    """Keys were given to the teacher, to the nurse, and to the teacher for what is there already."""
    made = Rows()
    for record, kind, account in (
        (BEGUN, "new", TEACHER),
        (ANOTHERS, "new", NURSE),
        (THERE, "new", TEACHER),
        (FORGOTTEN, "forget", TEACHER),
    ):
        made.put("broker_notes", record_id=record, kind=kind, account_id=account)
    made.put("own_records", id=THERE, account_id=TEACHER)
    yield made
    made.end()


def asking(rows, subject=None, now=NOON, *, allowed=(), **facts):
    """One who asks, in a school with one case."""

    def require(action):
        if action not in allowed:
            raise AccessDenied("access.role")

    known = an_object(holder_id=TEACHER, holder_unit=SCHOOL, **facts)
    verbs = SimpleNamespace(
        subject=lambda: subject or a_subject(),
        require=require,
        facts=lambda case_id: known if case_id == CASE else an_object(),
    )
    return Asking(rows, verbs, Evidence(), now, operator=False)


def test_what_touches_the_row_of_a_case_is_each_of_these_acts_and_no_reading():
    assert set(WRITING) == {
        Action.RECORD_CONVERSATION,
        Action.RECORD_STEP,
        Action.WRITE_NOTE,
        Action.WRITE_PLAN,
        Action.EVALUATE,
        Action.CHANGE_CHILD,
        Action.CHANGE_LEVEL,
        Action.CLOSE_CASE,
        Action.REOPEN_CASE,
        Action.WITHDRAW_CONSENT,
        Action.ANSWER_OFFER,
        Action.TAKE_REFERRAL,
        Action.RETURN_REFERRAL,
        Action.APPOINT_HOLDER,
    }


def test_nobody_who_asks_becomes_the_operator(rows):
    with pytest.raises(FrozenInstanceError):
        asking(rows).operator = True


def test_without_a_case_it_is_what_the_session_may_at_all(rows):
    mine = asking(rows, allowed=(Action.MANAGE_ACCOUNTS,))
    assert mine.may(Action.MANAGE_ACCOUNTS, None) is True
    assert mine.may(Action.WRITE_NOTE, None) is False


def test_in_a_case_it_is_what_the_access_table_says_of_the_session_now(rows):
    mine = asking(rows)
    assert mine.subject() == a_subject()
    assert mine.facts(CASE).holder_id == TEACHER
    assert mine.may(Action.WRITE_NOTE, CASE) is True
    assert mine.may(Action.TAKE_REFERRAL, CASE) is False
    assert mine.may(Action.WRITE_NOTE, an_id(41)) is False
    assert asking(rows, a_subject(account=NURSE)).may(Action.WRITE_NOTE, CASE) is False


def test_one_of_several_acts_is_enough_and_none_of_none(rows):
    mine = asking(rows)
    assert mine.may_any((Action.TAKE_REFERRAL, Action.WRITE_NOTE), CASE) is True
    assert mine.may_any((Action.TAKE_REFERRAL, Action.ANSWER_OFFER), CASE) is False
    assert mine.may_any((), CASE) is False


LEADS, OFFICER = {"role": Role.UNIT_LEAD}, {"role": Role.DPO}


@pytest.mark.parametrize(
    ("reviewer", "about", "act", "may"),
    [
        (LEADS, {}, Action.REVIEW_USE, True),
        (LEADS, {}, Action.LIFT_SUSPENSION, False),
        (LEADS, {"unit_id": PPS}, Action.REVIEW_USE, False),
        (LEADS, {"account_id": TEACHER}, Action.REVIEW_USE, False),
        (OFFICER, {"unit_id": PPS}, Action.REVIEW_USE, True),
        (OFFICER, {}, Action.LIFT_SUSPENSION, True),
        (OFFICER, {"account_id": TEACHER}, Action.LIFT_SUSPENSION, False),
        (OFFICER | {"proven_at": NOON - FRESH_FOR}, {}, Action.LIFT_SUSPENSION, False),
        ({"role": Role.STAFF}, {}, Action.REVIEW_USE, False),
    ],
)
def test_what_somebody_did_is_reviewed_by_an_impartial_other(rows, reviewer, about, act, may):
    row = stored(**({"account_id": NURSE, "unit_id": SCHOOL} | about))
    assert asking(rows, a_subject(**reviewer)).may_review(row, act) is may


@pytest.mark.parametrize(
    ("record", "begun"),
    [(BEGUN, True), (ANOTHERS, False), (THERE, False), (FORGOTTEN, False), (an_id(74), False)],
)
def test_begun_is_what_this_person_was_given_keys_for_and_is_not_there_yet(rows, record, begun):
    assert asking(rows).begun(record) is begun
