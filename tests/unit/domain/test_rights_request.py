"""The rules of a request for access: one month, its extension, and what a no must cite."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.rights_request import (
    ANSWERS,
    STEPS,
    ExceptionLetter,
    RequestFacts,
    RequestStep,
    RequestStepKind,
    Right,
    check_received,
    check_request_step,
    days_left,
    months_later,
)

Kind = RequestStepKind
DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))
RECEIVED = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("received", "due", "extended"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 30)),
        (date(2026, 11, 30), date(2026, 12, 30), date(2027, 2, 28)),
        (date(2026, 12, 15), date(2027, 1, 15), date(2027, 3, 15)),
        (date(2026, 2, 28), date(2026, 3, 28), date(2026, 5, 28)),
    ],
    ids=["31-jan", "leap-year", "30-nov", "over-new-year", "28-feb"],
)
def test_a_month_ends_on_the_same_day_or_the_last_of_a_shorter_month(received, due, extended):
    assert RequestFacts(received).due_on == due
    assert RequestFacts(received, (Kind.EXTENDED,)).due_on == extended


@given(DAYS, st.integers(1, 24))
def test_months_are_counted_by_the_calendar(day, months):
    later = months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@given(DAYS, st.integers(-100, 100))
def test_days_left_are_negative_exactly_when_the_last_day_is_over(received, shift):
    facts = RequestFacts(received)
    today = facts.due_on + timedelta(days=shift)
    assert days_left(facts, today) == -shift


@given(
    st.sampled_from(STEPS[Right.ACCESS]),
    st.none() | st.sampled_from(list(ExceptionLetter)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_letter_is_cited_exactly_where_something_is_refused(kind, letter, text, told, person):
    step = RequestStep(
        kind=kind,
        has_text=text,
        letter=letter,
        told_on=RECEIVED if told else None,
        representative=person,
    )
    sound = (
        text
        and (letter is not None) == (kind in {Kind.PARTLY, Kind.REFUSED})
        and (letter is ExceptionLetter.C or not person)
        and (told or kind is not Kind.EXTENDED)
    )
    if sound:
        check_request_step(RequestFacts(RECEIVED), step, RECEIVED)
    else:
        with pytest.raises(RuleBroken, match=r"rights_request\."):
            check_request_step(RequestFacts(RECEIVED), step, RECEIVED)


def refused(code, facts, step, today=date(2026, 3, 5)):
    with pytest.raises(RuleBroken) as broken:
        check_request_step(facts, step, today)
    return broken.value.code == code


def test_an_extension_is_told_within_the_first_month_and_only_once():
    def told(day):
        return RequestStep(kind=Kind.EXTENDED, has_text=True, told_on=day)

    facts = RequestFacts(RECEIVED)
    check_request_step(facts, told(date(2026, 2, 28)), date(2026, 3, 5))
    assert refused("rights_request.told_late", facts, told(date(2026, 3, 1)))
    assert refused("rights_request.told_late", facts, told(date(2026, 1, 30)))
    assert refused("rights_request.in_future", facts, told(date(2026, 3, 6)))
    again = RequestFacts(RECEIVED, (Kind.EXTENDED,))
    assert refused("rights_request.extended_already", again, told(date(2026, 2, 1)))


@given(st.sampled_from(list(Right)), st.data())
def test_after_an_answer_only_notes_are_added(right, data):
    answer = data.draw(st.sampled_from(sorted(ANSWERS[right])))
    kind = data.draw(st.sampled_from([one for one in STEPS[right] if one != Kind.NOTE]))
    facts = RequestFacts(RECEIVED, (answer,), right)
    check_request_step(facts, RequestStep(kind=Kind.NOTE, has_text=True), RECEIVED)
    assert refused("rights_request.answered", facts, RequestStep(kind=kind, has_text=True))


@given(st.sampled_from(list(Right)), st.sampled_from(list(Kind)))
def test_what_answers_one_right_does_not_answer_the_other(right, kind):
    step = RequestStep(
        kind=kind,
        has_text=True,
        letter=ExceptionLetter.A if kind in {Kind.PARTLY, Kind.REFUSED} else None,
        told_on=RECEIVED,
        recipients=True,
    )
    facts = RequestFacts(RECEIVED, (), right)
    if kind in STEPS[right]:
        check_request_step(facts, step, RECEIVED)
    else:
        assert refused("rights_request.other_right", facts, step)


def test_a_correction_says_how_those_were_told_who_had_received_what_was_wrong():
    facts = RequestFacts(RECEIVED, (), Right.CORRECTION)
    step = RequestStep(kind=Kind.CORRECTED, has_text=True)
    assert refused("rights_request.recipients_missing", facts, step)
    check_request_step(facts, replace(step, recipients=True), RECEIVED)
    check_request_step(facts, replace(step, kind=Kind.BESIDE), RECEIVED)


def test_a_request_cannot_be_from_tomorrow():
    check_received(RECEIVED, RECEIVED)
    with pytest.raises(RuleBroken, match=r"rights_request\.in_future"):
        check_received(RECEIVED + timedelta(days=1), RECEIVED)
