"""How often a person gets a MAC for emergency access: by what the broker remembers and what stands."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.db.guards import FORGED
from bti.db.models import BrokerUse
from bti.domain.access import Action
from bti.domain.emergency import LASTS, WINDOW
from bti.domain.errors import AccessDenied
from bti.keyd import grant_use
from tests.unit.domain.samples import CASE, NOON, NURSE, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import ROW, asks

JUST_IN = NOON - WINDOW + timedelta(seconds=1)
FIRST, SECOND = an_id(50), an_id(51)


def takes(rows, *, row=ROW, **powers):
    new = {"account_id": TEACHER, "unit_id": SCHOOL, "case_id": CASE, "opened_at": NOON}
    new |= {"expires_at": NOON + LASTS, "settled_at": None, "settled_by": None}
    powers = {"can": (Action.OPEN_EMERGENCY,), "has_begun": (row,)} | powers
    return asks(rows, "emergency_accesses", new, row=row, **powers)


def remembered(rows, row, account=TEACHER, at=NOON):
    rows.put("broker_uses", record_id=row, tenant_id=TENANT, account_id=account, opened_at=at)


def stands(rows, row, account=TEACHER, at=NOON, **settled):
    case = {"case_id": CASE, "unit_id": SCHOOL, "expires_at": at + LASTS}
    rows.put("emergency_accesses", id=row, account_id=account, opened_at=at, **case, **settled)


def test_two_are_given_and_no_third(rows):
    assert takes(rows, row=FIRST)
    assert takes(rows, row=FIRST)  # the same row asked for again is one
    assert takes(rows, row=SECOND)
    assert not takes(rows)
    assert set(rows.scalars(select(BrokerUse.record_id))) == {FIRST, SECOND}
    assert set(rows.scalars(select(BrokerUse.tenant_id))) == {TENANT}


def test_two_at_once_are_counted_in_turn(rows, monkeypatch):
    held = []
    monkeypatch.setattr(grant_use, "hold_uses", lambda *given: held.append(given))
    assert takes(rows)
    assert held == [(rows, TEACHER)]


def test_nobody_uses_up_what_they_may_not_take(rows):
    assert not takes(rows, can=())
    assert rows.scalars(select(BrokerUse)).all() == []


@pytest.mark.parametrize("known", [remembered, stands])
def test_what_is_remembered_and_what_stands_both_count_for_thirty_days(rows, known):
    known(rows, FIRST, at=JUST_IN)
    known(rows, SECOND, at=NOON - WINDOW)
    assert takes(rows)
    assert not takes(rows, row=an_id(52))
    # Within the window it is kept; older ones are forgotten.
    assert SECOND not in set(rows.scalars(select(BrokerUse.record_id)))


def test_a_row_that_was_settled_takes_its_use_off_and_a_forged_one_does_not(rows):
    for row in (FIRST, SECOND):
        remembered(rows, row)
    stands(rows, FIRST, settled_at=NOON, settled_by=NURSE)
    with pytest.raises(AccessDenied, match=FORGED):
        takes(rows, forged=(FIRST,))
    assert takes(rows)
    assert not takes(rows, row=an_id(52))


@pytest.mark.parametrize("known", [remembered, stands])
def test_anothers_uses_are_not_ones_own(rows, known):
    for row in (FIRST, SECOND):
        known(rows, row, account=NURSE)
    assert takes(rows)
