"""The team's agenda: its meetings of a day, and nothing of a child that has not let the team in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.domain.ages import day_in_norway
from bti.domain.errors import AccessDenied
from bti.domain.meetings import MeetingKind
from bti.workflows import meeting
from bti.workflows.referral_view import ReferralState
from bti.workflows.team_agenda import agenda
from tests.integration.workflows import cases
from tests.integration.workflows.states import change_ops, share, with_log
from tests.integration.workflows.test_meeting import command, minutes, planned

DAY = timedelta(days=1)


def at_team(world, *, let_in):
    case_id = with_log(world, level=2)
    if let_in:
        share(world, case_id, "team")
    state = ReferralState.WAITING.value
    change_ops(world, case_id, referral=state, team_unit=world.units["team"])
    return case_id


def with_team(world, case_id, at, length=45):
    return planned(world, case_id, kind=MeetingKind.TEAM, starts_at=at, minutes=length)


def again(world, case_id, meeting_id, **changes):
    moved = command(world, case_id, kind=MeetingKind.TEAM, **changes)
    world.run("ingrid", meeting.move, moved, meeting_id=meeting_id)


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_the_team_sees_its_meetings_in_order_and_whom_it_may_know_of(request, engine):
    world = request.getfixturevalue(engine)
    known, unknown = at_team(world, let_in=True), at_team(world, let_in=False)
    noon = world.clock.now() + 3 * DAY
    planned(world, known, starts_at=noon - DAY)
    with_team(world, known, noon + timedelta(minutes=30))
    moved = with_team(world, unknown, noon + DAY)
    again(world, unknown, moved, starts_at=noon, minutes=40)

    page = world.run("turid", agenda)
    assert page.day == day_in_norway(noon)
    assert page.days == (page.day,)
    assert [(row.case_id, row.late) for row in page.rows] == [(unknown, 0), (known, 10)]
    assert (page.minutes, page.late) == (85, 10)
    assert page.ends == page.rows[1].begins + timedelta(minutes=45)
    first, second = page.rows
    assert (first.let_in, first.child, first.age) == (False, "", None)
    assert (second.child, second.age) == ("Jonas Berg Hansen", 13)
    bare = world.run("turid", agenda, day=page.day, names_hidden=True)
    assert bare.rows == tuple(replace(row, let_in=False, child="", age=None) for row in page.rows)


def test_other_days_other_meetings_and_those_called_off_are_not_on_it(world):
    case_id = at_team(world, let_in=True)
    at = world.clock.now() + timedelta(minutes=5)
    planned(world, case_id, starts_at=at)
    tomorrow = with_team(world, case_id, at + DAY)
    off = with_team(world, case_id, at)
    version = command(world, case_id).version
    world.run("ingrid", meeting.cancel, case_id=case_id, meeting_id=off, version=version)
    assert world.run("hege", agenda, day=day_in_norway(at)).rows == ()
    assert world.run("hege", agenda, day=day_in_norway(at)).ends is None
    (row,) = world.run("hege", agenda).rows
    assert row.slot.meeting_id == tomorrow


def test_a_meeting_that_was_held_stays_on_the_days_agenda(world):
    case_id = at_team(world, let_in=False)
    meeting_id = with_team(world, case_id, world.clock.now() + timedelta(minutes=5))
    world.run("ingrid", meeting.approve, minutes(world, case_id, meeting_id))
    (row,) = world.run("hege", agenda).rows
    assert row.held


def test_the_look_is_one_entry_that_names_the_cases_the_team_has_and_is_the_teams_alone(world):
    case_id = at_team(world, let_in=False)
    at_team(world, let_in=True)
    with_team(world, case_id, world.clock.now() + DAY)
    world.run("hege", agenda)
    entries = cases.rows(world, AuditEvent, AuditEvent.act == Act.TEAM_AGENDA_READ.value)
    subjects = cases.rows(world, AuditSubject, AuditSubject.idx == entries[-1].idx)
    assert [one.object_id for one in subjects if one.kind == "case"] == [case_id]
    for who in ("ingrid", "siv", "anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, agenda)
    change_ops(world, case_id, referral=ReferralState.RETURNED.value)
    assert world.run("hege", agenda).rows == ()
