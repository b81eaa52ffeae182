"""Somebody is away: a substitute learns that something waits, and can read no more than before."""

from datetime import timedelta

import pytest

from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import absence, case, worklist
from bti.workflows.errors import NotFound
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import today

DAY = timedelta(days=1)


def away(world, who="ingrid", substitute="per", *, by=None, days=(0, 7)):
    first, last = (today(world) + days[0] * DAY, today(world) + days[1] * DAY)
    command = absence.PlanAbsence(world.accounts[who], world.accounts[substitute], first, last)
    return world.run(by or who, absence.plan, command=command)


def stand_ins(world, who):
    return [one for one in world.run(who, worklist.my_day).tasks if one.kind is TaskKind.STAND_IN]


def test_a_substitute_learns_how_much_waits_and_opens_nothing_by_it(world):
    case_id = cases.new_case(world)
    world.clock.advance(timedelta(days=12))
    away(world)

    (told,) = stand_ins(world, "per")
    assert (told.about, told.count, told.due_on) == ("Ingrid Solberg", 1, today(world) + 7 * DAY)
    assert (told.case_id, told.number, told.child) == (None, "", "")
    with pytest.raises(AccessDenied):
        world.run("per", case.show_case, case_id=case_id)

    world.clock.advance(timedelta(days=8))
    assert stand_ins(world, "per") == [], "the days are over"


def test_a_leader_writes_it_for_their_own_staff_and_anybody_for_themselves_alone(world):
    away(world, by="siv")
    away(world, "per", "ingrid", days=(8, 9))
    for by, who in (("ingrid", "per"), ("siv", "kari"), ("kari", "ingrid")):
        with pytest.raises(NotFound):
            away(world, who, "siv", by=by, days=(20, 21))
    with pytest.raises(AccessDenied):
        away(world, "anne", "asta")


def test_a_substitute_works_in_the_unit(world):
    with pytest.raises(RuleBroken) as refused:
        away(world, substitute="kari")
    assert refused.value.code == "absence.not_colleague"


def test_what_was_taken_back_no_longer_counts_and_only_those_concerned_see_it(world):
    absence_id = away(world)
    assert len(world.run("siv", absence.show).lines) == 1
    (line,) = world.run("per", absence.show).lines
    assert (line.name, line.substitute, line.may_withdraw) == ("Ingrid Solberg", "Per Dahl", False)
    assert world.run("kari", absence.show).lines == ()
    for who in ("per", "kari"):
        with pytest.raises(NotFound):
            world.run(who, absence.withdraw, absence_id=absence_id)
    world.run("siv", absence.withdraw, absence_id=absence_id)
    assert stand_ins(world, "per") == []
    with pytest.raises(NotFound):
        world.run("ingrid", absence.withdraw, absence_id=absence_id)
    away(world)
