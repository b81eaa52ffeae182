"""Meetings in the demonstration: one that was held, and one that comes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bti.domain.access import Action
from bti.domain.codes import Arena
from bti.domain.meetings import AbsenceReason, AgreedPoint, Attendance, MeetingKind
from bti.workflows import meeting, meeting_measure, meeting_page

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.cli.demo_course import Course


def plan(course: Course, kind: MeetingKind, starts_at: datetime, words: str) -> uuid.UUID:
    """Plan a meeting with everybody in the case, and write what the child wants said there."""
    stage, case_id = course.stage, course.case_id
    people = stage.act(
        course.who, meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE
    ).people
    meeting_id = stage.act(
        course.who,
        meeting.plan,
        meeting.PlanMeeting(
            case_id=case_id,
            version=None,
            kind=kind,
            starts_at=starts_at,
            minutes=45,
            place="Grupperommet i andre etasje",
            invited=tuple(one.key for one in people),
        ),
    )
    stage.act(
        course.who,
        meeting.prepare_child,
        meeting.PrepareChild(
            case_id=case_id,
            version=None,
            meeting_id=meeting_id,
            by_whom="Kontaktlæreren",
            on=max(stage.clock.now().date(), starts_at.date() - timedelta(days=2)),
            words=words,
            may_share=True,
        ),
    )
    return meeting_id


def hold(course: Course, meeting_id: uuid.UUID) -> None:
    """Approve the minutes of a meeting in it, and make its first point a measure."""
    stage, case_id = course.stage, course.case_id
    page = stage.act(course.who, meeting_page.meeting_page, case_id=case_id, meeting_id=meeting_id)
    here = Attendance(present=True, reason=None, approved=True)
    away = Attendance(present=False, reason=AbsenceReason.TOLD_BEFORE, approved=False)
    last = [one.key for one in page.invited if one.role == "guardian"][-1]
    due = page.today + timedelta(days=70)
    stage.act(
        course.who,
        meeting.approve,
        meeting.ApproveMinutes(
            case_id=case_id,
            version=None,
            meeting_id=meeting_id,
            text="Vi snakket om hva som går bra, og ble enige om to ting.",
            points=(
                AgreedPoint("Fast plass foran i klasserommet", "Ingrid Solberg", due),
                AgreedPoint("Mor og far får vite om det går bra hver fredag", "", None),
            ),
            attendance={
                one.key: away if one.key == last else here for one in page.around_the_table
            },
            next_on=page.today + timedelta(days=30),
        ),
    )
    stage.act(
        course.who,
        meeting_measure.make_measure,
        meeting_measure.MakeMeasure(
            case_id=case_id,
            version=None,
            meeting_id=meeting_id,
            place=0,
            goal_id=page.goals[0].id,
            arena=Arena.SCHOOL,
            responsible="Kontaktlæreren",
            start_on=page.today,
            evaluate_on=due,
        ),
    )
