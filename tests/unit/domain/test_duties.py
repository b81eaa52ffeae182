from datetime import timedelta

import pytest

from bti.domain.codes import Sector
from bti.domain.duties import (
    CaseLetter,
    Channel,
    Duty,
    DutyRecord,
    DutyState,
    GuardiansKnow,
    basis_of,
    confirmation_due,
    letters_for,
    record,
    state,
)
from bti.domain.errors import RuleBroken
from bti.domain.legal import basis_on
from bti.profiles import legal_bases
from tests.unit.domain.samples import NOON, TEACHER, TODAY


def a_record(**changes):
    return DutyRecord(
        **(
            {
                "duty": Duty.REPORT_CHILD_WELFARE,
                "letter": CaseLetter.A,
                "reported_on": TODAY,
                "channel": Channel.PHONE,
                "guardians_know": GuardiansKnow.UNSAFE,
            }
            | changes
        )
    )


@pytest.mark.parametrize("sector", Sector)
@pytest.mark.parametrize("letter", CaseLetter)
def test_every_sector_reports_under_the_letters_of_its_law(sector, letter):
    if letter in letters_for(sector):
        event = record(a_record(letter=letter), sector=sector, at=NOON, by=TEACHER)
        assert event.confirmation_due_on == TODAY + timedelta(days=21)
    else:
        assert (sector, letter) == (Sector.KINDERGARTEN, CaseLetter.E)
        with pytest.raises(RuleBroken, match=r"duty\.letter_not_in_law"):
            record(a_record(letter=letter), sector=sector, at=NOON, by=TEACHER)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"letter": None}, "duty.letter_missing"),
        ({"duty": Duty.AVERT}, "duty.letter_not_needed"),
        ({"reported_on": TODAY + timedelta(days=1)}, "duty.in_future"),
    ],
)
def test_a_slip_in_the_form_is_named(changes, code):
    with pytest.raises(RuleBroken) as broken:
        record(a_record(**changes), sector=Sector.SCHOOL, at=NOON, by=TEACHER)
    assert broken.value.code == code


@pytest.mark.parametrize("duty", [Duty.AVERT, Duty.POLICE, Duty.EMERGENCY])
def test_other_duties_have_no_letter_and_no_confirmation(duty):
    other = a_record(duty=duty, letter=None)
    assert record(other, sector=Sector.HEALTH, at=NOON, by=TEACHER).confirmation_due_on is None
    assert state(other, TODAY + timedelta(days=99)) is DutyState.DONE


def test_confirmation_is_due_in_three_weeks_and_a_reminder_comes_the_day_after():
    due = confirmation_due(a_record())
    assert due == TODAY + timedelta(days=21)
    assert state(a_record(), due) is DutyState.AWAITING_CONFIRMATION
    assert state(a_record(), due + timedelta(days=1)) is DutyState.CONFIRMATION_OVERDUE
    assert state(a_record(confirmed_on=due), due + timedelta(days=9)) is DutyState.CONFIRMED


@pytest.mark.parametrize("sector", Sector)
@pytest.mark.parametrize("duty", Duty)
def test_every_duty_cites_a_law_in_force(duty, sector):
    assert basis_on(legal_bases(), basis_of(duty, sector), TODAY).reference
