"""The year wheel as data and rules: shipped tasks, days in a month, when something is told."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.deadlines import is_working_day
from bti.profiles.reader import ProfileError
from bti.slt.year import (
    MONTHS,
    Occurrence,
    Standing,
    Task,
    TaskFault,
    Weekday,
    Which,
    days_in,
    due_in,
    fault_of,
    is_told,
    occurrences,
    standing,
)
from bti.slt.year_file import load, shipped, year_from

WHOLE = """form = 1
municipality = "Her"
document = "Plan"
language = "nb"
[tasks.grant]
title = "Søke tilskudd"
months = ["december", "may"]
day = 31
lead_days = 30
place = "side 3"
"""
YEARS = st.integers(1950, 2150)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
TASKS = st.builds(
    Task,
    code=st.just("a"),
    title=st.just("Noe"),
    months=st.sets(st.sampled_from(MONTHS)).map(lambda found: tuple(sorted(found))),
    day=st.none() | st.integers(1, 31),
    which=st.none() | st.sampled_from(Which),
    weekday=st.none() | st.sampled_from(Weekday),
    lead_days=st.integers(0, 180),
).filter(lambda task: fault_of(task) is None)


def the(key, code):
    return next(one for one in load(key).tasks if one.code == code)


def complaints(text):
    with pytest.raises(ProfileError) as refused:
        year_from(text.encode(), "her.toml")
    return [one.key for one in refused.value.faults]


def test_what_is_shipped_says_where_it_stands_and_what_is_our_reading():
    assert shipped() == ("aukra", "standard")
    for task in (one for key in shipped() for one in load(key).tasks):
        assert task.place, task
        assert task.document
        assert task.responsible == "SLT-koordinator"
    assert all(one.inferred for one in load("standard").tasks)
    assert len(load("standard").tasks) >= 9


def test_aukra_has_its_deadlines_and_leaves_empty_what_its_plan_does_not_say():
    grant = the("aukra", "grant_slt")
    assert [one.due for one in occurrences(grant, 2026)] == [date(2026, 12, 1)]
    assert [one.due for one in occurrences(grant, 2027)] == [date(2027, 12, 1)]
    assert grant.inferred, "the plan names 2026 alone"
    seminar = the("aukra", "seminar_2026")
    assert [one.due for one in occurrences(seminar, 2026)] == [date(2026, 11, 11)]
    assert (occurrences(seminar, 2027), seminar.inferred) == ((), False)
    assert the("aukra", "youth_council").months == ()


def test_a_file_is_read_to_its_end_and_every_fault_is_named():
    (task,) = year_from(WHOLE.encode(), "her.toml").tasks
    assert [one.due for one in occurrences(task, 2027)] == [date(2027, 5, 31), date(2027, 12, 31)]
    quarters = WHOLE.replace('months = ["december", "may"]', 'every = "quarter"')
    assert year_from(quarters.encode(), "her.toml").tasks[0].months == (3, 6, 9, 12)
    wrong = WHOLE.replace("day = 31", "day = 32").replace('"may"', '"mai"') + 'who = "Kari"\n'
    assert complaints(wrong) == ["tasks.grant.months", "tasks.grant.day", "tasks.grant.who"]
    both = WHOLE + 'every = "week"\nwhich = "last"\n'
    assert complaints(both) == ["tasks.grant.every", "tasks.grant.months", "tasks.grant.day"]
    assert complaints(WHOLE.replace('months = ["december", "may"]\n', "")) == ["tasks.grant.months"]
    assert complaints(WHOLE.replace("form = 1", "form = 2")) == ["form"]
    assert complaints(WHOLE.replace("[tasks.grant]", "[tasks.Grant]")) == ["tasks.Grant"]


def test_the_last_friday_of_august_is_found():
    task = Task("a", "Noe", months=(8,), which=Which.LAST, weekday=Weekday.FRIDAY)
    assert [due_in(task, year, 8).day for year in (2025, 2026, 2027)] == [29, 28, 27]


@given(TASKS, YEARS)
def test_a_task_is_due_in_its_own_months_on_its_own_day(task, year):
    found = occurrences(task, year)
    assert [one.month for one in found] == list(task.months or (0,))
    for one in found:
        assert one.due.year == year
        if one.month:
            assert one.due.month == one.month
        last = monthrange(year, one.due.month)[1]
        if task.day is not None:
            assert one.due.day == min(task.day, last)
        elif task.which is not None:
            assert one.due.weekday() == list(Weekday).index(task.weekday)
            before = (one.due.day - 1) // 7
            assert before == list(Which).index(task.which) or task.which is Which.LAST
            if task.which is Which.LAST:
                assert one.due.day + 7 > last
        else:
            assert one.due.day == last


@given(TASKS, st.integers(2020, 2030), DAYS)
def test_a_task_is_late_from_the_day_after_and_told_on_a_working_day(task, year, today):
    for one in occurrences(task, year):
        assert is_working_day(one.told_from)
        assert one.told_from <= one.due - timedelta(days=task.lead_days)
        stands = standing(one, today, done=False)
        assert (stands is Standing.LATE) == (today > one.due)
        assert (stands is Standing.AHEAD) == (today < one.told_from)
        assert standing(one, today, done=True) is Standing.DONE


@given(st.lists(st.tuples(DAYS, st.integers(0, 40)), max_size=4), DAYS)
def test_what_is_new_is_told_at_once_and_what_waits_once_a_week(given_, begins):
    waiting = [
        Occurrence(Task("a", "Noe", lead_days=lead), due.year, 0, due) for due, lead in given_
    ]
    told: list[date] = []
    for ahead in range(30):
        today = begins + timedelta(days=ahead)
        if is_told(
            [one.told_from for one in waiting], today=today, last_on=told[-1] if told else None
        ):
            assert is_working_day(today)
            assert any(one.told_from <= today for one in waiting)
            told.append(today)
    for one in waiting:
        if begins <= one.told_from < begins + timedelta(days=30):
            assert one.told_from in told, "the first day is never missed"
    fresh = {one.told_from for one in waiting}
    for earlier, later in pairwise(told):
        assert later > earlier
        same_week = earlier.isocalendar()[:2] == later.isocalendar()[:2]
        assert not same_week or any(earlier < day <= later for day in fresh)


def test_days_of_the_plan_are_read_only_where_they_stand_whole():
    assert days_in("Heile året; søknadsfrist 01.12.2026") == (date(2026, 12, 1),)
    assert days_in("11.11.2026, klokka 15–18, og 1.2.2026.") == (
        date(2026, 2, 1),
        date(2026, 11, 11),
    )
    for text in ("Høsten 2026", "31.02.2026", "01.12.26", "1.01.12.2026", "2026", ""):
        assert days_in(text) == (), text


def test_a_day_is_a_day_or_a_weekday_and_has_a_month():
    assert fault_of(Task("a", "Noe", months=(1,), day=1, which=Which.LAST, weekday=Weekday.MONDAY))
    assert fault_of(Task("a", "Noe", months=(1,), which=Which.LAST)) is TaskFault.DAY
    assert fault_of(Task("a", "Noe", day=1)) is TaskFault.MONTHS
    assert fault_of(Task("a", "Noe")) is None
