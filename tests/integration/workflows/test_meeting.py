"""Meetings: planned, moved, prepared with the child, approved where they are held, and turned into measures."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bti.domain.access import Action
from bti.domain.codes import Arena, InfoType, NotHeardReason
from bti.domain.correction import Stance
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.meetings import (
    AbsenceReason,
    AgreedPoint,
    Attendance,
    MeetingKind,
    MeetingState,
)
from bti.workflows import (
    case,
    correction,
    meeting,
    meeting_measure,
    meeting_page,
    own_record,
    worklist,
)
from bti.workflows.errors import Conflict, NotFound
from bti.workflows.worklist_rows import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import invite, ops, share, today, version_of, with_log
from tests.web.case_site import acts

WORDS = "Vi prøver kortere dager."
POINT = AgreedPoint("Fast voksen i gangen", "Ingrid Solberg", date(2026, 12, 31))


def page(world, case_id, meeting_id, who="ingrid", **more):
    return world.run(who, meeting_page.meeting_page, case_id=case_id, meeting_id=meeting_id, **more)


def listed(world, case_id, who="ingrid"):
    return world.run(who, meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE)


def command(world, case_id, **changes):
    people = listed(world, case_id).people
    whole = meeting.PlanMeeting(
        case_id=case_id,
        version=version_of(world, case_id),
        kind=MeetingKind.COOPERATION,
        starts_at=world.clock.now() + timedelta(hours=1),
        minutes=45,
        place="Rom B203",
        invited=tuple(one.key for one in people),
    )
    return replace(whole, **changes)


def planned(world, case_id, **changes):
    return world.run("ingrid", meeting.plan, command(world, case_id, **changes))


def minutes(world, case_id, meeting_id, who="ingrid", **changes):
    seen = page(world, case_id, meeting_id, who, action=Action.KEEP_MINUTES)
    here = Attendance(present=True, reason=None, approved=True)
    whole = meeting.ApproveMinutes(
        case_id=case_id,
        version=version_of(world, case_id),
        meeting_id=meeting_id,
        text=WORDS,
        points=(replace_deadline(world), AgreedPoint("Vi ringes", "", None)),
        attendance={one.key: here for one in seen.around_the_table},
    )
    return replace(whole, **changes)


def replace_deadline(world):
    return AgreedPoint(POINT.text, POINT.responsible, today(world) + timedelta(days=14))


def tasks(world, who="ingrid"):
    return [one.kind for one in world.run(who, worklist.my_day).tasks]


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_meeting_goes_from_plan_to_measure(request, engine):
    world = request.getfixturevalue(engine)
    case_id = with_log(world)
    share(world, case_id, "pps")
    invite(world, case_id, "nina")
    meeting_id = planned(world, case_id)
    assert TaskKind.MEETING in tasks(world)
    world.run(
        "ingrid",
        meeting.prepare_child,
        meeting.PrepareChild(
            case_id=case_id,
            version=version_of(world, case_id),
            meeting_id=meeting_id,
            by_whom="Ingrid",
            on=today(world),
            words="Ikke snakk om hjemme.",
            may_share=True,
        ),
    )
    next_on = today(world) + timedelta(days=40)
    world.run("ingrid", meeting.approve, minutes(world, case_id, meeting_id, next_on=next_on))
    assert TaskKind.MEETING not in tasks(world)
    assert TaskKind.MEETING_WANTED in tasks(world)
    make = meeting_measure.MakeMeasure(
        case_id=case_id,
        version=version_of(world, case_id),
        meeting_id=meeting_id,
        place=0,
        goal_id=None,
        new_goal="Jonas kommer i tide",
        arena=Arena.SCHOOL,
        responsible="Kontaktlærer",
        start_on=today(world),
        evaluate_on=today(world) + timedelta(days=14),
    )
    measure_id = world.run("ingrid", meeting_measure.make_measure, make)
    for who in ("ingrid", "nina"):
        seen = page(world, case_id, meeting_id, who)
        assert seen.minutes.text == WORDS
        assert [one.measure_id for one in seen.minutes.points] == [measure_id, None]
        assert [one.words for one in seen.prepared] == ["Ikke snakk om hjemme."]
        ((made,),) = [
            goal.measures for goal in world.run(who, case.show_case, case_id=case_id).plan.goals
        ]
        assert (made.title, made.responsible) == (POINT.text, "Kontaktlærer")
        assert made.meeting_id == meeting_id
    with pytest.raises(RuleBroken, match=r"meeting\.point_used"):
        world.run(
            "ingrid",
            meeting_measure.make_measure,
            replace(make, version=version_of(world, case_id)),
        )
    with pytest.raises(RuleBroken, match=r"meeting\.point_incomplete"):
        world.run(
            "ingrid",
            meeting_measure.make_measure,
            replace(make, place=1, version=version_of(world, case_id)),
        )
    planned(world, case_id, starts_at=world.clock.now() + timedelta(days=30))
    assert TaskKind.MEETING_WANTED not in tasks(world)
    cases.holds_together(world)


def test_who_has_no_consent_to_measures_sees_that_there_was_a_meeting_and_none_of_its_words(world):
    case_id = with_log(world)
    share(world, case_id, "pps", InfoType.ATTENDANCE)
    invite(world, case_id, "nina")
    meeting_id = planned(world, case_id)
    world.run("ingrid", meeting.approve, minutes(world, case_id, meeting_id))
    seen = page(world, case_id, meeting_id, "nina")
    assert seen.line.state is MeetingState.HELD
    assert seen.minutes is None
    with pytest.raises(NotFound):
        world.run(
            "nina",
            meeting_measure.make_measure,
            meeting_measure.MakeMeasure(
                case_id=case_id,
                version=None,
                meeting_id=meeting_id,
                place=0,
                goal_id=None,
                new_goal="x",
                arena=Arena.SCHOOL,
                responsible="Kontaktlærer",
                start_on=today(world),
                evaluate_on=today(world),
            ),
        )


def test_what_the_child_does_not_want_shared_stays_in_the_own_service(world):
    case_id = with_log(world)
    share(world, case_id, "pps")
    invite(world, case_id, "nina")
    meeting_id = planned(world, case_id)
    prepare = meeting.PrepareChild(
        case_id=case_id,
        version=None,
        meeting_id=meeting_id,
        by_whom="Ingrid",
        on=today(world),
        words="Bare til deg.",
    )
    world.run("ingrid", meeting.prepare_child, prepare)
    assert len(page(world, case_id, meeting_id).prepared) == 1
    assert page(world, case_id, meeting_id, "nina").prepared == ()
    too_young = replace(prepare, by_whom="", missing=NotHeardReason.TOO_YOUNG)
    with pytest.raises(RuleBroken, match=r"meeting\.heard_from"):
        world.run("ingrid", meeting.prepare_child, too_young)


def test_a_meeting_that_is_moved_keeps_its_id_and_its_invitation_gets_the_next_number(world):
    case_id = with_log(world)
    meeting_id = planned(world, case_id)
    first = world.run("ingrid", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
    later = world.clock.now() + timedelta(days=3)
    world.run(
        "ingrid", meeting.move, command(world, case_id, starts_at=later), meeting_id=meeting_id
    )
    moved = world.run("ingrid", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
    assert (moved.uid, moved.sequence, moved.starts_at) == (first.uid, first.sequence + 1, later)
    assert ops(world, case_id).meeting.starts_at == later
    version = version_of(world, case_id)
    world.run("ingrid", meeting.cancel, case_id=case_id, meeting_id=meeting_id, version=version)
    gone = world.run("ingrid", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
    assert gone.cancelled
    assert gone.sequence == moved.sequence + 1
    assert ops(world, case_id).meeting is None
    for act in (
        lambda: world.run("ingrid", meeting.move, command(world, case_id), meeting_id=meeting_id),
        lambda: world.run("ingrid", meeting.approve, minutes(world, case_id, meeting_id)),
    ):
        with pytest.raises(RuleBroken, match=r"meeting\.not_planned"):
            act()


def test_a_place_that_names_somebody_or_a_protected_address_is_in_no_calendar(world):
    case_id = with_log(world)
    places = {
        "Rom B203": "Rom B203",
        "Hjemme hos jonas": "",
        "Kontoret til Mohammed": "",
        "Møt Bergs bil": "",
    }
    for place, shown in places.items():
        meeting_id = planned(world, case_id, place=place)
        found = world.run("ingrid", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
        assert found.place == shown, place


def test_minutes_are_locked_once_and_then_put_right_beside(world):
    case_id = with_log(world)
    meeting_id = planned(world, case_id)
    about = meeting.draft_about(case_id, meeting_id)
    draft = {"form": own_record.Form.MINUTES, "about": about}
    world.run("ingrid", own_record.save_draft, fields={"text": [WORDS]}, **draft)
    world.run("ingrid", own_record.save_draft, form=own_record.Form.MINUTES, about="x:y", fields={})
    kept = minutes(world, case_id, meeting_id)
    world.run("ingrid", meeting.approve, kept)
    assert world.run("ingrid", own_record.load_draft, **draft) is None
    assert [one.about for one in world.run("ingrid", own_record.my_drafts)] == ["x:y"]
    with pytest.raises(Conflict):
        world.run("ingrid", meeting.approve, kept)
    with pytest.raises(RuleBroken, match=r"meeting\.not_planned"):
        world.run("ingrid", meeting.approve, replace(kept, version=version_of(world, case_id)))
    entry_id = page(world, case_id, meeting_id).minutes.entry_id
    shown = world.run("ingrid", correction.page, case_id=case_id, entry_id=entry_id)
    assert set(shown.words) == {WORDS, POINT.text, POINT.responsible, "Vi ringes"}
    world.run(
        "ingrid",
        correction.write,
        correction.WriteBeside(
            case_id=case_id,
            entry_id=entry_id,
            submission=uuid.uuid4(),
            stance=Stance.CORRECTION,
            text="Halve dager.",
            why="Skrevet feil.",
        ),
    )
    seen = page(world, case_id, meeting_id).minutes
    assert seen.text == WORDS
    assert [one.text for one in seen.beside] == ["Halve dager."]
    assert ("meeting:minutes:approve", "allow") in acts(world)


def test_the_one_who_keeps_the_minutes_counts_those_who_were_invited_and_no_others(world):
    case_id = with_log(world)
    invited = [one.key for one in listed(world, case_id).people if one.role != "staff"]
    meeting_id = planned(world, case_id, invited=tuple(invited))
    kept = minutes(world, case_id, meeting_id)
    assert set(kept.attendance) == {*invited, page(world, case_id, meeting_id).me}
    for wrong in (
        {key: kept.attendance[key] for key in invited},
        {**kept.attendance, "staff:x": kept.attendance[invited[0]]},
    ):
        with pytest.raises(RuleBroken, match=r"meeting\.attendance"):
            world.run("ingrid", meeting.approve, replace(kept, attendance=wrong))
    away = Attendance(present=False, reason=AbsenceReason.TOLD_BEFORE, approved=False)
    some = {**kept.attendance, invited[0]: away}
    world.run("ingrid", meeting.approve, replace(kept, attendance=some))
    rows = page(world, case_id, meeting_id).minutes.attendance
    assert [one.reason for one in rows if not one.present] == [AbsenceReason.TOLD_BEFORE]


def test_nobody_from_outside_the_case_plans_reads_or_is_invited(world):
    case_id = with_log(world)
    meeting_id = planned(world, case_id)
    stranger = f"staff:{world.accounts['per']}:{world.units['school']}"
    with pytest.raises(RuleBroken, match=r"meeting\.not_in_case"):
        planned(world, case_id, invited=(stranger,))
    for act in (
        lambda: page(world, case_id, meeting_id, "per"),
        lambda: world.run("per", meeting.plan, command(world, case_id)),
        lambda: world.run("per", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id),
    ):
        with pytest.raises(AccessDenied):
            act()
    other = with_log(world)
    with pytest.raises(NotFound):
        page(world, other, meeting_id)


def test_a_form_sent_twice_plans_one_meeting(world):
    case_id = with_log(world)
    whole = command(world, case_id, submission=uuid.uuid4())
    assert world.run("ingrid", meeting.plan, whole) == world.run("ingrid", meeting.plan, whole)
    assert [one.starts_at for one in listed(world, case_id).lines] == [whole.starts_at]
