"""Who reads and writes which minutes, when a meeting can be finished, and what is carried on."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.slt.body import COUNCILS, Body, BodyKind, Said
from bti.slt.meeting import (
    WAITING,
    Action,
    ActionStatus,
    Meeting,
    MeetingFault,
    MeetingState,
    Reader,
    carried,
    finish_fault,
    functions_of,
    may_follow_up,
    may_read,
    may_write,
)
from bti.slt.role import NetworkRole

AUTHOR, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
DAY = date(2026, 11, 30)
MEETING = Meeting(
    uuid.UUID(int=3),
    uuid.UUID(int=4),
    AUTHOR,
    MeetingState.IN_PROGRESS,
    DAY,
    "Høstmøtet",
    present=("Ordfører",),
    minutes="Vi ble enige.",
)
STATES, ROLES, KINDS = (st.sampled_from(one) for one in (MeetingState, NetworkRole, BodyKind))


def action(number=1, status=ActionStatus.OPEN, **changes):
    one = Action(uuid.UUID(int=100 + number), MEETING.id, "Spørre", "Rektor", DAY, status=status)
    return replace(one, **changes)


@given(STATES, ROLES, KINDS, st.booleans(), st.booleans())
def test_who_reads_a_meeting(state, role, kind, sits, wrote):
    reader = Reader(AUTHOR if wrote else OTHER, role, frozenset({"Rektor"} if sits else ()))
    meeting, body = replace(MEETING, state=state), Body("a", "A", kind)
    coordinator = role is NetworkRole.COORDINATOR
    expected = {
        MeetingState.PRIVATE: coordinator and wrote,
        MeetingState.IN_PROGRESS: coordinator or (role is NetworkRole.MEMBER and sits),
        MeetingState.FINISHED: coordinator
        or (role is NetworkRole.MEMBER and sits)
        or (role is NetworkRole.COUNCIL_READER and kind in COUNCILS),
    }[state]
    assert may_read(reader, meeting, body) == expected
    writes = expected and coordinator and state is not MeetingState.FINISHED
    assert may_write(reader, meeting, body) == writes


@given(STATES, ROLES, st.sampled_from(["Rektor", "rektor", "NAV", ""]))
def test_who_says_what_became_of_an_action(state, role, function):
    reader = Reader(AUTHOR, role, frozenset({function} if function else ()))
    body = Body("a", "A", BodyKind.NETWORK)
    own = role is NetworkRole.MEMBER and function.casefold() == "rektor"
    expected = state is MeetingState.FINISHED and (role is NetworkRole.COORDINATOR or own)
    assert may_follow_up(reader, action(), replace(MEETING, state=state), body) == expected


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"state": MeetingState.PRIVATE}, MeetingFault.STATE),
        ({"state": MeetingState.FINISHED}, MeetingFault.STATE),
        ({"held_on": DAY + timedelta(days=1)}, MeetingFault.AHEAD),
        ({"minutes": ""}, MeetingFault.MINUTES),
        ({"present": ()}, MeetingFault.PRESENT),
        ({"present": (), "guests": ("Politiet",)}, None),
    ],
)
def test_when_a_meeting_can_be_finished(changes, fault):
    assert finish_fault(replace(MEETING, **changes), DAY) is fault


@given(st.lists(st.sampled_from(ActionStatus), max_size=8), st.data())
def test_what_waits_and_what_was_told_of_is_carried_on_and_nothing_else(statuses, data):
    actions = [
        action(at, status, due=DAY - timedelta(days=at)) for at, status in enumerate(statuses)
    ]
    followed = frozenset(
        one.id for one in data.draw(st.lists(st.sampled_from(actions)) if actions else st.just([]))
    )
    found = carried(actions, followed)
    assert {one.id for one in found} == followed | {
        one.id for one in actions if one.status in WAITING
    }
    assert [one.due for one in found] == sorted(one.due for one in found)


@given(st.sampled_from(ActionStatus), st.integers(-3, 3))
def test_an_action_is_late_the_day_after_it_was_due_while_it_waits(status, days):
    late = action(status=status).is_late(DAY + timedelta(days=days))
    assert late == (days > 0 and status in WAITING)


def test_deputies_can_be_present_and_responsible_after_the_members():
    seats = Said(("Ordfører; Varaordfører", "Rektor"))
    assert functions_of(Body("a", "A", BodyKind.NETWORK, seats=seats)) == (
        "Ordfører",
        "Rektor",
        "Varaordfører",
    )
