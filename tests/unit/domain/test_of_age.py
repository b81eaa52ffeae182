"""When a child is of age, when that is told, and what must be in place to write what becomes of the case."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import is_adult, start_of_day
from bti.domain.deadlines import Due, DueKind
from bti.domain.errors import RuleBroken
from bti.domain.of_age import (
    SettleFacts,
    Settling,
    check_guests,
    check_settle,
    guardian_talk_due,
    of_age_on,
    warned_on,
    warning_days,
)
from bti.domain.reminders import waiting_for
from bti.profiles import load

RULES = load("standard")
BORN = date(2009, 5, 4)
DAY = date(2027, 5, 4)
MOTHER = uuid.uuid4()
SOUND = SettleFacts(settling=Settling.GO_ON, talked_on=date(2027, 1, 10), has_words=True)

births = st.dates(date(2000, 1, 1), date(2020, 12, 31))


@given(born=births)
def test_the_day_begins_at_midnight_in_norway_and_the_instant_before_is_childhood(born):
    begins = start_of_day(of_age_on(born))
    assert is_adult(born, begins)
    assert not is_adult(born, begins - timedelta(microseconds=1))


def test_who_is_born_on_29_february_is_of_age_on_1_march_after_the_winter_midnight():
    assert of_age_on(date(2008, 2, 29)) == date(2026, 3, 1)
    assert warning_days(date(2008, 2, 29), RULES) == (
        date(2025, 9, 1),
        date(2026, 1, 1),
        date(2026, 3, 1),
    )
    assert start_of_day(date(2026, 3, 1)).hour == 23


@pytest.mark.parametrize(
    ("born", "first", "last"),
    [
        (date(2008, 8, 31), date(2026, 2, 28), date(2026, 6, 30)),
        (date(2008, 4, 30), date(2025, 10, 30), date(2026, 2, 28)),
        (date(2008, 1, 15), date(2025, 7, 15), date(2025, 11, 15)),
    ],
)
def test_months_are_counted_back_to_the_same_day_or_the_last_of_a_shorter_month(born, first, last):
    assert warning_days(born, RULES)[:2] == (first, last)


@given(
    born=births,
    first=st.integers(3, 24),
    last=st.integers(1, 2),
    since=st.integers(-900, 400),
    looked=st.none() | st.integers(-900, 400),
)
def test_a_warning_is_there_from_its_day_until_something_is_written(
    born, first, last, since, looked
):
    rules = replace(RULES, of_age_first_months=first, of_age_last_months=last)
    days = warning_days(born, rules)
    assert days[0] < days[1] < days[2] == of_age_on(born)
    today = days[2] + timedelta(days=since)
    looked_on = None if looked is None else days[2] + timedelta(days=looked)
    warned = warned_on(born, looked_on, today, rules, begun_on=date(2000, 1, 1))
    passed = [day for day in days if day <= today]
    if warned is None:
        assert not passed or (looked_on is not None and looked_on >= passed[-1])
    else:
        assert warned == passed[-1]
        assert warned_on(born, today, today, rules, begun_on=date(2000, 1, 1)) is None
    assert warned_on(born, looked_on, today, rules, begun_on=days[2]) is None


def test_each_warning_asks_anew_and_a_reminder_begins_on_its_own_day():
    first, last, day = warning_days(BORN, RULES)

    def warned(today, looked_on):
        return warned_on(BORN, looked_on, today, RULES, begun_on=date(2026, 9, 1))

    assert warned(first - timedelta(days=1), None) is None
    assert warned(first, None) == first
    assert warned(last - timedelta(days=1), first) is None
    assert warned(last, first) == last
    assert warned(day, last) == day
    assert warned(day + timedelta(days=400), day) is None
    assert waiting_for(Due(last, DueKind.OF_AGE), RULES).from_on == last


@pytest.mark.parametrize(
    ("changes", "today", "code"),
    [
        ({}, date(2027, 2, 1), None),
        ({"talked_on": None}, date(2027, 2, 1), "of_age.not_talked"),
        ({"talked_on": date(2027, 2, 2)}, date(2027, 2, 1), "of_age.day_in_future"),
        ({"has_words": False}, date(2027, 2, 1), "of_age.no_words"),
        ({"settling": Settling.HAND_OVER}, date(2027, 2, 1), "of_age.no_service"),
        ({"settling": Settling.HAND_OVER, "has_service": True}, DAY, None),
        ({"settling": Settling.LATER}, DAY - timedelta(days=1), None),
        ({"settling": Settling.LATER}, DAY, "of_age.no_later"),
        ({"guardians": {MOTHER}}, DAY, "of_age.not_yet_own"),
        ({"guardians": {MOTHER}, "talked_on": DAY}, DAY, None),
    ],
)
def test_what_is_decided_is_decided_with_the_young_person(changes, today, code):
    facts = replace(SOUND, **changes)
    if code is None:
        check_settle(facts, birth_date=BORN, today=today)
        return
    with pytest.raises(RuleBroken) as refused:
        check_settle(facts, birth_date=BORN, today=today)
    assert refused.value.code == code


def test_from_the_day_no_guardian_is_invited_but_whom_the_grown_child_lets_come():
    check_guests({MOTHER}, set(), birth_date=BORN, on=DAY - timedelta(days=1))
    check_guests({MOTHER}, {MOTHER}, birth_date=BORN, on=DAY)
    check_guests(set(), set(), birth_date=BORN, on=DAY)
    with pytest.raises(RuleBroken, match=r"of_age\.guardian_invited"):
        check_guests({MOTHER}, set(), birth_date=BORN, on=DAY)


def test_nobody_owes_the_guardians_of_a_grown_child_a_talk():
    due = date(2027, 5, 10)
    assert guardian_talk_due(due, BORN, DAY - timedelta(days=1)) == due
    assert guardian_talk_due(due, BORN, DAY) is None
