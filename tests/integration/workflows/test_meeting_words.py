"""What was agreed in a meeting goes no further when it becomes a measure, or a line in a calendar."""

import uuid
from datetime import timedelta

import pytest

from bti.domain.codes import Arena
from bti.domain.errors import RuleBroken
from bti.domain.own_secrets import Mark
from bti.workflows import case, mark, meeting, meeting_measure, meeting_page
from tests.integration.workflows import cases
from tests.integration.workflows.states import invite, share, today, version_of, with_log
from tests.integration.workflows.test_family import copied, judge
from tests.integration.workflows.test_meeting import POINT, minutes, page, planned


def made_a_measure(world, case_id, meeting_id, who="ingrid"):
    command = meeting_measure.MakeMeasure(
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
    return world.run(who, meeting_measure.make_measure, command)


def measures_of(world, case_id, who):
    goals = world.run(who, case.show_case, case_id=case_id).plan.goals
    return {one.title for goal in goals for one in goal.measures}


def test_a_measure_follows_the_mark_of_the_minutes_it_was_agreed_on_in(world):
    case_id = with_log(world)
    who = cases.guardians(world, case_id)
    share(world, case_id, "pps")
    invite(world, case_id, "nina")
    meeting_id = planned(world, case_id)
    world.run("ingrid", meeting.approve, minutes(world, case_id, meeting_id))
    made_a_measure(world, case_id, meeting_id)
    judge(world, case_id, who["Tor"])
    assert POINT.text in copied(world, case_id, who["Tor"])[0]
    assert POINT.text in measures_of(world, case_id, "nina")
    marked = mark.PutMark(
        case_id=case_id,
        entry_id=page(world, case_id, meeting_id).minutes.entry_id,
        submission=uuid.uuid4(),
        mark=Mark(about=who["Maria"]),
        why="Maria fortalte om seg selv.",
    )
    world.run("ingrid", mark.put, marked)
    assert POINT.text not in copied(world, case_id, who["Tor"])[0]
    assert page(world, case_id, meeting_id, "nina").minutes is None
    assert POINT.text not in measures_of(world, case_id, "nina")
    assert POINT.text in measures_of(world, case_id, "ingrid")


def test_a_point_becomes_no_measure_that_is_read_by_a_service_which_may_not_read_the_minutes(world):
    case_id = with_log(world)
    share(world, case_id, "pps")
    invite(world, case_id, "nina")
    share(world, case_id, "health")
    invite(world, case_id, "kari")
    meeting_id = planned(world, case_id)
    world.run("nina", meeting.approve, minutes(world, case_id, meeting_id, "nina"))
    assert page(world, case_id, meeting_id, "ingrid").minutes is not None
    assert page(world, case_id, meeting_id, "kari").minutes is None
    with pytest.raises(RuleBroken, match=r"meeting\.point_wider"):
        made_a_measure(world, case_id, meeting_id)
    assert measures_of(world, case_id, "kari") == set()
    # The service that kept the minutes makes it its own, for those who read them.
    made_a_measure(world, case_id, meeting_id, "nina")
    assert measures_of(world, case_id, "ingrid") == {POINT.text}
    assert measures_of(world, case_id, "kari") <= {""}


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("Barnevernstjenesten, rom 2", ""),
        ("Hos PP-tjenesten", ""),
        ("Hos barnevernet", ""),
        ("Lindvik ungdomsskole, B203", "Lindvik ungdomsskole, B203"),
    ],
)
def test_a_calendar_is_not_told_which_service_one_meets(world, place, kept):
    case_id = with_log(world)
    meeting_id = planned(world, case_id, place=place)
    found = world.run("ingrid", meeting_page.invitation, case_id=case_id, meeting_id=meeting_id)
    assert found.place == kept
