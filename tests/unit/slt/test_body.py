"""Bodies as data: four municipalities, each fact with its source, and the rules of a body."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.identifying import Trace, identifying
from bti.profiles.reader import ProfileError
from bti.slt.body import (
    COUNCILS,
    FACTS,
    LEVELS,
    Body,
    BodyFault,
    BodyKind,
    BodyLevel,
    Member,
    Said,
    fault_of,
    is_over,
    texts_of,
)
from bti.slt.body_file import bodies_from, load, shipped

WHOLE = """form = 1
municipality = "Her"
document = "Plan"
language = "nb"
[bodies.council]
name = "Politirådet"
kind = "police_council"
seats = { said = ["Ordfører; Varaordfører", "SLT-koordinator"], place = "side 3" }
frequency = { said = ["Fire i året"], place = "side 4" }
meetings_a_year = 4
"""
DAY = date(2026, 11, 30)


def the(key, code):
    return next(one for one in load(key).bodies if one.code == code)


def complaints(text):
    with pytest.raises(ProfileError) as refused:
        bodies_from(text.encode(), "her.toml")
    return [f"{one.key}: {one.expected}" for one in refused.value.faults]


def test_the_four_municipalities_are_there_and_every_fact_says_where_it_stands():
    assert shipped() == ("aukra", "moss", "nordre_land", "vaaler")
    for body in (one for key in shipped() for one in load(key).bodies):
        for said in (getattr(body, fact) for fact in FACTS):
            assert bool(said.lines) == bool(said.place), body
        assert body.document


def test_what_the_documents_do_not_say_is_empty():
    moss = load("moss").bodies
    assert {(one.seats, one.limits, one.meetings_a_year) for one in moss} == {
        (Said(), Said(), None)
    }
    assert not any(m.deputy for key in shipped() for b in load(key).bodies for m in b.members)
    assert the("nordre_land", "regional").members == ()
    assert the("vaaler", "network").individuals_forbidden is None


def test_nordre_land_has_its_money_limits_and_forbids_single_cases():
    steering, group = the("nordre_land", "steering"), the("nordre_land", "coordinating")
    assert (steering.decides_above, steering.decides_to) == (10_000, None)
    assert (group.decides_to, group.decides_above) == (10_000, None)
    assert (steering.meetings_a_year, group.meetings_a_year) == (2, 6)
    assert group.forbids_cases
    assert len(group.members) == 8


def test_every_municipality_has_a_council_that_handles_no_single_case():
    for key in shipped():
        councils = [one for one in load(key).bodies if one.kind in COUNCILS]
        assert councils
        assert all(one.forbids_cases for one in councils)


def test_no_text_that_is_shipped_names_anybody():
    ordinary = {Trace.CAPITAL, Trace.PLACE}
    for body in (one for key in shipped() for one in load(key).bodies):
        found = [one for text in texts_of(body) for one in identifying(text)]
        assert [one for one in found if one.trace not in ordinary] == []


def test_a_member_is_a_function_with_its_deputy():
    (body,) = bodies_from(WHOLE.encode(), "her.toml").bodies
    assert body.members == (Member("Ordfører", "Varaordfører"), Member("SLT-koordinator"))
    assert body.level is BodyLevel.STEERING


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("police_council", "working_group", "bodies.council.purpose: what a working group is for"),
        ("meetings_a_year = 4", "ends = 2026-12-31", "a last day for a working group"),
        ("meetings_a_year = 4", "decides_to = 5", "bodies.council.decides_to: what the document"),
        (', place = "side 4"', "", "bodies.council.frequency.place: a text"),
        ("; Varaordfører", "", None),
        ("SLT-koordinator", "ordfører", "bodies.council.seats: each function once"),
        ("kind =", 'leder = "Ola"\nkind =', "bodies.council.leder: no such key"),
    ],
)
def test_a_file_that_is_wrong_is_told_where(was, becomes, told):
    text = WHOLE.replace(was, becomes, 1)
    if told is None:
        assert bodies_from(text.encode(), "her.toml").bodies
    else:
        assert any(told in line for line in complaints(text))


@given(kind=st.sampled_from(BodyKind), purpose=st.sampled_from(["", "Noe"]), last=st.booleans())
def test_a_working_group_alone_has_an_end_and_must_have_a_purpose(kind, purpose, last):
    body = Body("a", "A", kind, purpose=purpose, ends=DAY if last else None)
    group = kind is BodyKind.WORKING_GROUP
    if group and not purpose:
        assert fault_of(body) is BodyFault.PURPOSE
    else:
        assert fault_of(body) is (None if group == last else BodyFault.LAST_DAY)


@given(kind=st.sampled_from(BodyKind), forbidden=st.sampled_from([None, True, False]))
def test_a_council_is_forbidden_single_cases_whatever_is_said(kind, forbidden):
    body = Body("a", "A", kind, purpose="Noe", individuals_forbidden=forbidden)
    council = kind in COUNCILS
    assert body.forbids_cases == (council or forbidden is True)
    assert (fault_of(body) is BodyFault.CASES) == (council and forbidden is False)
    assert kind in LEVELS


@given(days=st.integers(-400, 400))
def test_a_body_is_over_the_day_after_its_last_or_when_it_is_dissolved(days):
    body = Body("a", "A", BodyKind.WORKING_GROUP, purpose="Noe", ends=DAY)
    today = DAY + timedelta(days=days)
    assert is_over(body, today, None) == (days > 0)
    assert is_over(body, today, DAY)


@given(function=st.integers(190, 210), deputy=st.integers(0, 210))
def test_a_function_or_a_deputy_that_no_column_holds_is_refused(function, deputy):
    seats = Said(("f" * function + ";" + "d" * deputy,))
    fault = fault_of(Body("a", "A", BodyKind.NETWORK, seats=seats))
    assert (fault is BodyFault.MEMBER) == (max(function, deputy) > 200)


def test_what_is_rewritten_no_longer_stands_in_the_document():
    said = Said(("Fire møter",), "side 4")
    assert said.rewritten(("Fire møter",)) == said
    assert said.rewritten(("Fem møter",)) == Said(("Fem møter",), "")
