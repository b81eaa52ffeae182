"""A second log for the same child: the holder of the first is told, the opener is not, and the log knows."""

from datetime import date

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.domain.national_id import made_up
from bti.workflows import insight, worklist
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import ops
from tests.story import BORN, Story

CHILD, ANOTHER = (made_up(date(BORN.year, BORN.month, day), range(500, 1000)) for day in (17, 18))


def doubles(world, who):
    day = world.run(who, worklist.my_day)
    return [one.case_id for one in day.tasks if one.kind is TaskKind.DOUBLE]


def with_log(world, who, number):
    made = cases.new_case(world, who, number=number)
    cases.log_open(world, made, who)
    return made


def test_the_holder_of_the_first_log_is_told_and_the_opener_of_the_second_learns_nothing(world):
    first = with_log(world, "mona", CHILD)
    with_log(world, "kari", ANOTHER)
    story = Story(world, national_id=CHILD)
    story.wonder()
    assert doubles(world, "mona") == []
    story.talk_with_leader()
    story.consent_to(cases.Scope.OPEN_LOG)
    story.open_log()
    assert doubles(world, "mona") == [first]
    for who in ("ingrid", "siv", "kari"):
        assert doubles(world, who) == []
    with world.looking() as session:
        noted = session.query(AuditEvent).filter(AuditEvent.act == Act.CASE_DOUBLE_NOTE.value).all()
        assert [str(first) in bytes(one.leaf).decode() for one in noted] == [True]
    # In no list that the family, or the first holder, is shown: it would say who has the other one.
    listed = world.run("mona", insight.case_accesses, first, whole=True).rows
    assert not [one for one in listed if one.action == Act.CASE_DOUBLE_NOTE.value]
    story.decide(None)
    assert doubles(world, "mona") == []
    cases.holds_together(world)


def test_twins_are_two_children_and_one_child_with_two_birth_dates_is_one(world):
    twin = made_up(BORN, range(700, 1000))
    assert twin != CHILD
    first = with_log(world, "mona", CHILD)
    with_log(world, "kari", twin)
    assert doubles(world, "mona") == []
    # Written down with another birth date elsewhere: found by the number, and neither date is changed.
    other = cases.new_case(world, "odd", number=CHILD, born=date(2012, 1, 2))
    cases.log_open(world, other, "odd")
    assert doubles(world, "mona") == [first]
    assert doubles(world, "odd") == []
    assert [ops(world, one, who).birth_date for one, who in ((first, "mona"), (other, "odd"))] == [
        cases.BORN,
        date(2012, 1, 2),
    ]
