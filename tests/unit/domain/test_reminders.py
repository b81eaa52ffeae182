"""When somebody is reminded, and who is told when they are away."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.absence import LONGEST, Absence, check_absence, who_is_told
from bti.domain.deadlines import Due, DueKind
from bti.domain.errors import RuleBroken
from bti.domain.reminders import Pace, Waiting, is_reminded, waiting_for
from tests.unit.domain.samples import NURSE, RULES, TEACHER, an_id

DAY = timedelta(days=1)
MONDAY = date(2026, 12, 28)
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def reminded(pace=Pace.DAILY, *, from_on=MONDAY, today=MONDAY, last_on=None):
    return is_reminded([Waiting(from_on)], pace, today=today, last_on=last_on)


def test_what_is_due_after_a_weekend_or_a_holiday_is_told_before_it():
    later = MONDAY + 14 * DAY
    assert waiting_for(Due(later, DueKind.EVALUATION), RULES).from_on == later - 3 * DAY
    assert waiting_for(Due(MONDAY, DueKind.EVALUATION), RULES).from_on == date(2026, 12, 24)
    assert waiting_for(Due(MONDAY + DAY, DueKind.TALK), RULES).from_on == MONDAY


def test_an_offer_is_told_from_its_second_day_and_a_consent_when_it_ends_soon():
    assert waiting_for(Due(MONDAY, DueKind.OFFER), RULES).from_on == MONDAY - 6 * DAY
    assert waiting_for(Due(MONDAY, DueKind.CONSENT), RULES).from_on == MONDAY - 7 * DAY


def test_nobody_is_reminded_before_the_day_twice_in_a_day_or_in_a_weekend():
    assert reminded()
    assert not reminded(from_on=MONDAY + DAY)
    assert not reminded(last_on=MONDAY)
    assert not reminded(from_on=MONDAY - 9 * DAY, today=MONDAY - DAY)
    assert not is_reminded([], Pace.DAILY, today=MONDAY, last_on=None)


@pytest.mark.parametrize(("pace", "mails"), [(Pace.DAILY, 9), (Pace.WEEKLY, 2), (Pace.NEVER, 0)])
def test_in_two_weeks_somebody_gets_as_many_as_they_chose_also_over_new_year(pace, mails):
    # New Year's Day is a Friday.
    last, found = None, 0
    for step in range(14):
        if reminded(pace, today=MONDAY + step * DAY, last_on=last):
            last, found = MONDAY + step * DAY, found + 1
    assert found == mails


@given(today=DAYS, gap=st.integers(1, 40), pace=st.sampled_from([Pace.DAILY, Pace.WEEKLY]))
def test_what_waits_is_told_within_a_week_however_long_nobody_was_at_work(today, gap, pace):
    last = today - gap * DAY
    week = [today + step * DAY for step in range(8)]
    assert any(reminded(pace, from_on=last, today=day, last_on=last) for day in week)


# -- absence -----------------------------------------------------------------------------------------

AWAY = Absence(
    account_id=TEACHER, substitute_id=NURSE, from_on=MONDAY - DAY, to_on=MONDAY + 7 * DAY
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"substitute_id": TEACHER}, "absence.self"),
        ({"to_on": MONDAY - 2 * DAY}, "absence.order"),
        ({"from_on": MONDAY - 9 * DAY, "to_on": MONDAY - DAY}, "absence.past"),
        ({"to_on": AWAY.from_on + LONGEST + DAY}, "absence.long"),
    ],
)
def test_an_absence_that_cannot_stand_is_refused_with_its_reason(change, code):
    check_absence(AWAY, [], today=MONDAY)
    with pytest.raises(RuleBroken) as refused:
        check_absence(replace(AWAY, **change), [], today=MONDAY)
    assert refused.value.code == code


def test_one_person_has_one_substitute_a_day():
    after = replace(AWAY, from_on=AWAY.to_on + DAY, to_on=AWAY.to_on + DAY)
    check_absence(after, [AWAY], today=MONDAY)
    with pytest.raises(RuleBroken):
        check_absence(replace(after, from_on=AWAY.to_on), [AWAY], today=MONDAY)


def test_reminders_go_to_the_substitute_on_the_days_of_the_absence_alone():
    for day, told in (
        (AWAY.from_on - DAY, TEACHER),
        (AWAY.from_on, NURSE),
        (AWAY.to_on, NURSE),
        (AWAY.to_on + DAY, TEACHER),
    ):
        assert who_is_told(TEACHER, [AWAY], day) == told
    assert who_is_told(NURSE, [AWAY], MONDAY) == NURSE


@given(pairs=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=8))
def test_somebody_is_always_told_and_never_one_who_is_away_unless_everybody_in_line_is(pairs):
    absences = [
        Absence(account_id=an_id(one), substitute_id=an_id(other), from_on=MONDAY, to_on=MONDAY)
        for one, other in dict(pairs).items()
    ]
    away = {one.account_id for one in absences}
    for number in range(1, 7):
        told = who_is_told(an_id(number), absences, MONDAY)
        assert told not in away or told == an_id(number)
