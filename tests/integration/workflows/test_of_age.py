"""A child in a case turns 18: told in good time, settled with the young person, and what ends by itself."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.consent import ConsentStatus
from bti.domain.errors import RuleBroken
from bti.domain.of_age import Settling
from bti.workflows import insight, level_facts, meeting, of_age
from bti.workflows import worklist as lists
from bti.workflows.case_file import case_row
from bti.workflows.errors import NotFound
from bti.workflows.meeting_file import person_key
from bti.workflows.worklist_rows import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import today
from tests.integration.workflows.test_family import child_id, copied, judge
from tests.integration.workflows.test_meeting import command as a_meeting
from tests.integration.workflows.test_meeting import listed

BORN = date(2008, 12, 31)
BEGINS = datetime(2026, 12, 30, 23, 0, tzinfo=UTC)
"""The first instant of 31 December 2026 in Norway."""
SECOND = timedelta(seconds=1)


def settle(world, case_id, who="ingrid", **changes):
    values = {
        "version": None,
        "submission": uuid.uuid4(),
        "settling": Settling.GO_ON,
        "talked_on": today(world),
        "service": "",
        "words": "Vil fortsette hos oss til sommeren.",
        **changes,
    }
    world.run(who, of_age.settle, of_age.Settle(case_id=case_id, **values))


def told(world, who="ingrid"):
    tasks = world.run(who, lists.my_day).tasks
    return [(one.due_on, one.about) for one in tasks if one.kind is TaskKind.OF_AGE]


def shown(world, case_id, who="ingrid"):
    return world.run(who, of_age.page, case_id=case_id)


def on_the_eve(world):
    """Signed in shortly before midnight, so that the clock may stand at each side of it."""
    world.clock.set(BEGINS - timedelta(minutes=20))
    world.token("ingrid")
    world.clock.set(BEGINS - SECOND)


@pytest.fixture
def case_id(request):
    return begun(request.getfixturevalue("world"))


def begun(world):
    """A log that both guardians and the young person have said yes to, and measures open to the club."""
    made = cases.new_case(world, born=BORN)
    cases.log_open(world, made)
    me = child_id(world, made)
    for unit in (None, "leisure"):
        asked = cases.agreed(world, made, unit, info_types=frozenset({InfoType.MEASURES}))
        cases.say(world, made, asked, me)
    return made


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_at_midnight_what_rests_on_the_guardians_ends_and_they_are_given_nothing_more(
    request, engine
):
    world = request.getfixturevalue(engine)
    made = begun(world)
    maria = cases.guardians(world, made)["Maria"]
    judge(world, made, maria)
    on_the_eve(world)
    copied(world, made, maria)
    page = shown(world, made)
    assert (page.on, page.grown, page.log_ends) == (date(2026, 12, 31), False, True)
    assert {row.service for row in page.ends} == {"", "Fritidsklubben"}
    assert person_key(maria) in {one.key for one in listed(world, made).people}
    # Seventeen today, eighteen at the meeting.
    late = a_meeting(world, made, starts_at=BEGINS + timedelta(hours=9))
    with pytest.raises(RuleBroken, match=r"of_age\.guardian_invited"):
        world.run("ingrid", meeting.plan, late)

    world.clock.set(BEGINS)
    with pytest.raises(RuleBroken, match=r"family\.(over|closed)"):
        copied(world, made, maria)
    judge_refused(world, made, maria)
    assert person_key(maria) not in {one.key for one in listed(world, made).people}
    page = shown(world, made)
    assert (page.grown, page.log_ends) == (True, True)
    assert {row.status for row in page.ends} == {ConsentStatus.NEEDS_RENEWAL}
    assert cases.statuses(world, made).opening is ConsentStatus.NEEDS_RENEWAL

    # The young person, asked alone, opens it again.
    asked = cases.ask(world, made)
    cases.say(world, made, asked, child_id(world, made))
    assert cases.statuses(world, made).opening is ConsentStatus.COMPLETE
    assert not shown(world, made).settled
    cases.holds_together(world)


def judge_refused(world, made, person_id):
    with pytest.raises(RuleBroken, match=r"family\.adult"):
        judge(world, made, person_id)


def test_each_warning_is_a_task_until_it_is_written_what_becomes_of_the_case(world, case_id):
    # Begun after the first warning: it is told from the first day.
    assert told(world) == [(date(2026, 12, 31), "")]
    settle(world, case_id, settling=Settling.LATER)
    world.clock.advance(SECOND)
    settle(world, case_id, settling=Settling.HAND_OVER, service="Nav")
    assert told(world) == []
    world.clock.set(datetime(2026, 10, 31, 9, 0, tzinfo=UTC))
    assert told(world) == [(date(2026, 12, 31), "")]
    with pytest.raises(RuleBroken, match=r"of_age\.no_words"):
        settle(world, case_id, words=" ")
    settle(world, case_id)
    assert told(world) == []
    on_the_eve(world)
    assert told(world) == []
    world.clock.set(BEGINS)
    assert told(world) == [(date(2026, 12, 31), "grown")]
    with pytest.raises(RuleBroken, match=r"of_age\.no_later"):
        settle(world, case_id, settling=Settling.LATER)
    settle(world, case_id, settling=Settling.CLOSE)
    assert told(world) == []
    page = shown(world, case_id)
    assert [one.settling for one in page.settled] == [
        Settling.CLOSE,
        Settling.GO_ON,
        Settling.HAND_OVER,
        Settling.LATER,
    ]
    assert (page.settled[2].service, page.now.by) == ("Nav", "Ingrid Solberg")
    seen = world.run("ingrid", insight.case_accesses, case_id, whole=True).rows
    assert [one.action for one in seen].count("family:age:settle") == 4


def test_whom_the_grown_child_lets_come_may_be_invited_until_they_take_it_back(world, case_id):
    tor = cases.guardians(world, case_id)["Tor"]
    with pytest.raises(RuleBroken, match=r"of_age\.not_yet_own"):
        settle(world, case_id, guardians=frozenset({tor}))
    with pytest.raises(NotFound):
        settle(world, case_id, guardians=frozenset({uuid.uuid4()}))
    world.clock.set(BEGINS + timedelta(hours=9))
    settle(world, case_id, guardians=frozenset({tor}))
    family = {one.key for one in listed(world, case_id).people if one.role == "guardian"}
    assert family == {person_key(tor)}
    # The log rests until the young person has said yes; meetings are planned all the same.
    world.run("ingrid", meeting.plan, a_meeting(world, case_id))
    world.clock.advance(SECOND)
    settle(world, case_id)
    assert not [one for one in listed(world, case_id).people if one.role == "guardian"]


def test_nobody_must_tell_the_parents_of_a_grown_person(world):
    made = cases.new_case(world, born=date(2008, 8, 1), guardians=())

    def facts(context):
        context.verbs.open(made, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return level_facts.facts_of(context, case_row(context, made))

    assert world.run("ingrid", facts).guardian_reason_written
    assert told(world) == []
