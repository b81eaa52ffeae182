from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain import deadlines
from bti.domain.ages import NORWAY, day_in_norway
from bti.domain.deadlines import CaseTimes, Due, DueKind, Pressing, due_in
from bti.domain.holidays import public_holidays
from bti.domain.levels import Level
from tests.unit.domain.samples import NOON, RULES, TODAY

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "how"),
    [
        (8, Pressing.LATER),
        (7, Pressing.SOON),
        (1, Pressing.SOON),
        (0, Pressing.TODAY),
        (-1, Pressing.OVERDUE),
    ],
)
def test_the_day_itself_is_in_time(days, how):
    assert deadlines.pressing(TODAY + days * DAY, TODAY, RULES) is how
    assert deadlines.days_over(TODAY + days * DAY, TODAY) == max(0, -days)


def test_the_profile_gives_the_days():
    assert deadlines.level_0_decision(TODAY, RULES) == TODAY + 14 * DAY
    assert deadlines.guardian_talk(TODAY, RULES, school_environment=False) == TODAY + 14 * DAY
    assert deadlines.guardian_talk(TODAY, RULES, school_environment=True) == TODAY + 7 * DAY
    assert deadlines.team_answer(TODAY, RULES) == TODAY + 14 * DAY
    assert deadlines.offer_expiry(NOON, RULES) == NOON + 7 * DAY
    assert deadlines.consent_reminder(NOON, RULES) == TODAY - 30 * DAY


# -- the dates of a case -----------------------------------------------------------------------------


def times(level=Level.WONDER, **more):
    values = {
        "log_active": False,
        "level_since": NOON,
        "decision_due": None,
        "talk_due": None,
        "next_evaluation": None,
        "others_in": False,
        "offer_ends_at": None,
        "consent_ends_at": None,
    }
    return CaseTimes(level=level, **{**values, **more})


def test_the_dates_of_a_case_come_soonest_first_and_each_from_what_it_follows_from():
    wonder = times(decision_due=TODAY + 14 * DAY, talk_due=TODAY + 7 * DAY)
    assert due_in(wonder, RULES) == (
        Due(TODAY + 7 * DAY, DueKind.TALK),
        Due(TODAY + 14 * DAY, DueKind.DECISION),
    )
    opened = times(
        Level.OWN_SERVICE,
        log_active=True,
        decision_due=TODAY,
        next_evaluation=TODAY + 3 * DAY,
        offer_ends_at=NOON + DAY,
        consent_ends_at=NOON + 2 * DAY,
    )
    assert [one.kind for one in due_in(opened, RULES)] == [
        DueKind.OFFER,
        DueKind.CONSENT,
        DueKind.EVALUATION,
    ]


def test_a_log_without_a_coming_evaluation_has_one_interval_to_get_one():
    bare = times(Level.OWN_SERVICE, log_active=True)
    assert due_in(bare, RULES) == (Due(TODAY + 42 * DAY, DueKind.PLAN),)


def test_at_level_2_another_service_is_invited_within_the_profiles_days():
    alone = times(Level.SEVERAL_SERVICES, log_active=True, next_evaluation=TODAY + 30 * DAY)
    assert Due(TODAY + 14 * DAY, DueKind.INVITATION) in due_in(alone, RULES)
    together = replace(alone, others_in=True)
    assert DueKind.INVITATION not in {one.kind for one in due_in(together, RULES)}


def test_the_leader_is_told_after_the_profiles_days_and_not_before():
    due = TODAY
    assert not deadlines.is_for_leader(due, due + 6 * DAY, RULES)
    assert deadlines.is_for_leader(due, due + 7 * DAY, RULES)
    patient = replace(RULES, escalation_days=30)
    assert not deadlines.is_for_leader(due, due + 29 * DAY, patient)


INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31)).map(  # noqa: DTZ001 - made aware
    lambda at: at.replace(tzinfo=UTC)
)


@given(at=INSTANTS)
def test_days_are_counted_on_the_norwegian_calendar_also_over_new_year_and_clock_changes(at):
    began = day_in_norway(at)
    alone = times(Level.SEVERAL_SERVICES, level_since=at)
    (invitation,) = due_in(alone, RULES)
    assert (invitation.on - began).days == RULES.level_2_invite_days

    ends = deadlines.offer_expiry(at, RULES).astimezone(NORWAY)
    here = at.astimezone(NORWAY)
    assert (ends.date() - here.date()).days == RULES.offer_expiry_days
    # In the night when clocks go forward, an hour of the day is not there.
    assert ends.time() == here.time() or ends.hour - here.hour == 1


def test_an_offer_late_in_the_evening_before_the_clocks_change_keeps_its_day():
    # 23:30 on 28 March; clocks go forward on 29 March 2026. A week of hours would be 5 April.
    offered = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
    assert day_in_norway(deadlines.offer_expiry(offered, RULES)) == date(2026, 4, 4)
    assert day_in_norway(offered + timedelta(days=7)) == date(2026, 4, 5)


@given(day=st.dates(date(2024, 1, 1), date(2031, 12, 31)))
def test_the_working_day_before_is_the_nearest_one(day):
    before = deadlines.working_day_before(day)
    assert before < day
    assert deadlines.is_working_day(before)
    between = [before + step * DAY for step in range(1, (day - before).days)]
    assert not any(map(deadlines.is_working_day, between))


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # Written by hand from printed calendars. In 2027 Whit Monday is 17 May.
        (2026, "01-01 04-02 04-03 04-05 04-06 05-01 05-14 05-17 05-24 05-25 12-25 12-26"),
        (2027, "01-01 03-25 03-26 03-28 03-29 05-01 05-06 05-16 05-17 12-25 12-26"),
        (2030, "01-01 04-18 04-19 04-21 04-22 05-01 05-17 05-30 06-09 06-10 12-25 12-26"),
    ],
)
def test_public_holidays_are_those_of_the_law(year, days):
    assert {f"{day:%m-%d}" for day in public_holidays(year)} == set(days.split())


def test_what_is_due_after_easter_is_told_before_it():
    assert deadlines.working_day_before(date(2026, 4, 7)) == date(2026, 4, 1)
