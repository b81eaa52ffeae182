"""When a meeting may be, what its minutes must say, and what stands ahead."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.ages import day_in_norway
from bti.domain.codes import NotHeardReason
from bti.domain.errors import RuleBroken
from bti.domain.meetings import (
    MOST_INVITED,
    MOST_POINTS,
    AbsenceReason,
    AgreedPoint,
    Attendance,
    ChildPrepared,
    MeetingEvent,
    MeetingFact,
    MeetingKind,
    MeetingPlan,
    MinutesFact,
    MinutesFacts,
    Slot,
    ahead,
    check_minutes,
    check_plan,
    check_prepared,
    slots,
    starts_at,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)
HERE = Attendance(present=True, reason=None, approved=True)
PLAN = MeetingPlan(starts_at=NOW, minutes=45, invited=3)
MINUTES = MinutesFacts(
    has_text=False,
    points=(AgreedPoint("Fast voksen", "Ingrid", TODAY),),
    attendance={"me": HERE, "mor": HERE},
    keeper="me",
    disagreement=False,
    next_on=None,
)


def code_of(act):
    with pytest.raises(RuleBroken) as broken:
        act()
    return broken.value.code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_at": NOW - timedelta(days=1)}, "meeting.past"),
        ({"starts_at": NOW + timedelta(days=800)}, "meeting.too_far"),
        ({"minutes": 0}, "meeting.length"),
        ({"minutes": 481}, "meeting.length"),
        ({"invited": 0}, "meeting.nobody_invited"),
        ({"invited": MOST_INVITED + 1}, "meeting.too_many"),
    ],
)
def test_a_meeting_that_cannot_be_is_refused(changes, code):
    assert code_of(lambda: check_plan(replace(PLAN, **changes), now=NOW)) == code


def test_a_meeting_of_earlier_today_with_two_hundred_people_may_be_written_down():
    plan = replace(PLAN, starts_at=NOW - timedelta(hours=3), invited=MOST_INVITED)
    check_plan(plan, now=NOW)


def test_summer_time_is_counted_and_the_hour_it_leaves_out_is_refused():
    assert starts_at(date(2027, 3, 27), time(13)) == datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert starts_at(date(2027, 3, 29), time(13)) == datetime(2027, 3, 29, 11, tzinfo=UTC)
    assert starts_at(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert code_of(lambda: starts_at(date(2027, 3, 28), time(2, 30))) == "meeting.no_such_time"


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.times())
def test_a_time_that_exists_is_that_time_in_norway(day, clock):
    clock = clock.replace(second=0, microsecond=0)
    try:
        assert day_in_norway(starts_at(day, clock)) == day
    except RuleBroken:
        assert (clock.hour, day.month) == (2, 3)


@pytest.mark.parametrize(
    ("prepared", "age", "code"),
    [
        (ChildPrepared(by_whom=False, on=None, missing=None), 4, "meeting.child_missing"),
        (ChildPrepared(by_whom=True, on=None, missing=None), 9, "meeting.child_day_missing"),
        (
            ChildPrepared(by_whom=False, on=None, missing=NotHeardReason.TOO_YOUNG),
            7,
            "meeting.heard_from",
        ),
    ],
)
def test_a_child_is_prepared_or_it_says_why_not(prepared, age, code):
    assert code_of(lambda: check_prepared(prepared, age=age)) == code


def test_only_below_seven_a_child_may_be_too_young_to_ask():
    check_prepared(ChildPrepared(by_whom=False, on=None, missing=NotHeardReason.TOO_YOUNG), age=6)
    check_prepared(ChildPrepared(by_whom=False, on=None, missing=NotHeardReason.UNSAFE), age=15)
    check_prepared(ChildPrepared(by_whom=True, on=TODAY, missing=None), age=3)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"points": ()}, "meeting.nothing_agreed"),
        ({"points": MINUTES.points * (MOST_POINTS + 1)}, "meeting.too_many_points"),
        ({"points": (AgreedPoint(" ", "Ingrid", None),)}, "meeting.point_empty"),
        (
            {"points": (AgreedPoint("x", "", TODAY - timedelta(days=1)),)},
            "meeting.point_past",
        ),
        (
            {
                "attendance": {
                    "me": HERE,
                    "mor": Attendance(present=False, reason=None, approved=False),
                }
            },
            "meeting.absence_reason",
        ),
        ({"keeper": "far"}, "meeting.keeper_absent"),
        (
            {
                "attendance": {
                    "me": HERE,
                    "mor": Attendance(present=True, reason=None, approved=False),
                }
            },
            "meeting.not_approved",
        ),
        ({"next_on": TODAY}, "meeting.next_past"),
    ],
)
def test_minutes_that_lack_something_are_not_locked(changes, code):
    wrong = replace(MINUTES, **changes)
    assert code_of(lambda: check_minutes(wrong, meeting_on=TODAY, today=TODAY)) == code


def test_minutes_are_not_locked_before_the_day_of_the_meeting():
    tomorrow = TODAY + timedelta(days=1)
    assert code_of(lambda: check_minutes(MINUTES, meeting_on=tomorrow, today=TODAY)) == (
        "meeting.not_yet"
    )


def test_somebody_may_be_away_or_disagree_and_text_alone_is_enough():
    away = Attendance(present=False, reason=AbsenceReason.NOT_WANTED, approved=False)
    against = Attendance(present=True, reason=None, approved=False)
    said = replace(
        MINUTES,
        points=(),
        has_text=True,
        disagreement=True,
        attendance={"me": HERE, "mor": away, "far": against},
        next_on=TODAY + timedelta(days=1),
    )
    check_minutes(said, meeting_on=TODAY, today=TODAY)


MEETINGS = [uuid.UUID(int=number) for number in range(3)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(MEETINGS), st.sampled_from(list(MeetingEvent)), st.integers(0, 9)
        ),
        max_size=8,
    ),
    st.sets(st.sampled_from(MEETINGS)),
    st.randoms(),
)
def test_the_newest_entry_of_each_meeting_counts_in_whatever_order_they_are_read(
    events, held, chance
):
    facts = [
        MeetingFact(
            meeting_id=one, sequence=number, event=event, starts_at=NOW + timedelta(days=day)
        )
        for number, (one, event, day) in enumerate(events)
    ]
    minutes = [MinutesFact(one, NOW, TODAY) for one in sorted(held)]
    newest = {one.meeting_id: one for one in facts}
    waiting = [
        one
        for one in newest.values()
        if one.event is not MeetingEvent.CANCELLED and one.meeting_id not in held
    ]
    chance.shuffle(facts)
    found = ahead(facts, minutes)
    first = min((one.starts_at for one in waiting), default=None)
    assert (found.meeting.starts_at if found.meeting else None) == first
    assert found.wanted_by == (TODAY if held and not waiting else None)


def test_what_is_ahead_is_read_back_from_the_sealed_state():
    slot = Slot(MEETINGS[1], MeetingKind.TEAM, NOW, 40)
    stored = {
        name: str(value) if name != "minutes" else value for name, value in slot.to_json().items()
    }
    assert Slot.from_json(stored) == slot


PLANNED = st.lists(st.tuples(st.integers(0, 600), st.integers(5, 480)), max_size=8).map(
    lambda found: [
        Slot(uuid.UUID(int=number), MeetingKind.TEAM, NOW + timedelta(minutes=at), minutes)
        for number, (at, minutes) in enumerate(sorted(found))
    ]
)


@given(PLANNED)
def test_a_meeting_on_the_agenda_begins_as_planned_or_when_the_one_before_is_done(planned):
    begins = slots(planned)
    assert len(begins) == len(planned)
    done = None
    for one, begin in zip(planned, begins, strict=True):
        late = done is not None and done > one.starts_at
        assert begin == (done if late else one.starts_at)
        done = begin + timedelta(minutes=one.minutes)


@given(PLANNED)
def test_an_agenda_with_room_for_everybody_is_the_times_they_were_given(planned):
    spaced = [
        replace(one, starts_at=NOW + timedelta(minutes=480 * place))
        for place, one in enumerate(planned)
    ]
    assert slots(spaced) == tuple(one.starts_at for one in spaced)


def test_what_was_agreed_stays_out_of_logs():
    assert "Fast voksen" not in repr(MINUTES)
