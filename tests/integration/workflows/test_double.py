"""A second log for the same child: the holder of the first is told, the opener is not, and the log knows."""

from datetime import date

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.domain.national_id import made_up
from bti.workflows import insight, worklist
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases
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
