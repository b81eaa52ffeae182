"""What lies in a unit: counted for its leader, and for nobody else."""

from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.domain.deadlines import DueKind
from bti.domain.errors import AccessDenied
from bti.workflows import follow_up, worklist
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import planned, today, with_log
from tests.integration.workflows.test_protection import name, protect

DAY = timedelta(days=1)


def unit(world, who="siv"):
    return world.run(who, follow_up.of_unit)


def kinds(world, who="siv"):
    return {one.kind for one in world.run(who, worklist.my_day).tasks}


def lines(page):
    return {one.kind: (one.count, one.for_leader, one.holders) for one in page.lines}


def test_a_leader_sees_what_has_passed_whose_it_is_and_nothing_of_the_child(world):
    cases.new_case(world)
    cases.new_case(world, who="per")
    late = with_log(world)
    planned(world, late, evaluate_on=today(world) + 2 * DAY)
    assert unit(world).lines == ()

    world.clock.advance(timedelta(days=15))
    page = unit(world)
    assert (page.unit_name, page.open_cases, page.total, page.for_leader) == (
        "Lindvik ungdomsskole",
        3,
        3,
        1,
    )
    assert lines(page) == {
        DueKind.DECISION: (2, 0, (("Ingrid Solberg", 1), ("Per Dahl", 1))),
        DueKind.EVALUATION: (1, 1, (("Ingrid Solberg", 1),)),
    }
    assert "Jonas" not in repr(page)
    places = [
        event.idx
        for event in cases.rows(world, AuditEvent, AuditEvent.act == Act.FOLLOW_UP_UNIT_READ.value)
    ]
    about = cases.rows(world, AuditSubject, AuditSubject.idx.in_(places))
    assert {one.kind for one in about} == {"unit"}, "no case is named: the leader was shown none"


@pytest.mark.parametrize("who", ["ingrid", "hege", "anne", "asta"])
def test_only_leaders_of_units_see_what_lies(world, who):
    with pytest.raises(AccessDenied):
        unit(world, who)


def test_a_leader_sees_no_other_unit(world):
    cases.new_case(world, who="kari")
    world.clock.advance(timedelta(days=30))
    assert unit(world).open_cases == 0


def test_a_case_with_a_protected_address_counts_only_for_a_named_leader(world):
    case_id = cases.new_case(world)
    world.clock.advance(timedelta(days=15))
    protect(world, case_id)
    name(world, case_id, "ingrid")
    page = unit(world)
    assert (page.open_cases, page.lines) == (0, ())
    assert TaskKind.FOLLOW_UP not in kinds(world)

    name(world, case_id, "ingrid", "siv")
    assert (unit(world).open_cases, unit(world).total) == (1, 1)


def test_what_has_passed_by_the_profiles_days_is_a_task_for_the_leader(world):
    cases.new_case(world)
    world.clock.advance(timedelta(days=20))
    assert TaskKind.FOLLOW_UP not in kinds(world)
    world.clock.advance(timedelta(days=1))
    assert TaskKind.FOLLOW_UP in kinds(world)
    assert TaskKind.FOLLOW_UP not in kinds(world, "ingrid")


def test_an_offer_that_nobody_answered_is_a_break_and_the_baton_stays(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + 60 * DAY)
    cases.offered(world, case_id, "per", "school")
    world.clock.advance(timedelta(days=8))
    assert lines(unit(world)) == {DueKind.OFFER: (1, 0, (("Ingrid Solberg", 1),))}
