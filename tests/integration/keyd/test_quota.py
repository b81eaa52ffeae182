"""Nobody opens everything at once: limits per person, per municipality, and what they never stop."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.bootstrap import open_runtime
from bti.db.models import BrokerMark
from bti.db.walls import EVERYWHERE, stand
from bti.domain import national_id
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import case, child_search, own_record
from tests.story import Story
from tests.world import CHEAP, World


def made_up_number() -> str:
    """A synthetic national id (month + 80) whose check digits hold."""
    for tail in range(100_000):
        digits = f"018413{tail:05d}"
        try:
            national_id.validate(digits, today=date(2026, 9, 1), synthetic="only")
        except RuleBroken:
            continue
        return digits
    raise AssertionError


NUMBER = made_up_number()


@pytest.fixture
def three_cases(world):
    """Ingrid follows three children."""
    told = []
    for _ in range(3):
        story = Story(world)
        story.wonder()
        told.append(story)
    return told


def narrowed(world: World, **limits: int) -> World:
    """The same municipality under other limits, after a restart."""
    settings = world.runtime.settings.model_copy(update=limits)
    return replace(world, runtime=open_runtime(settings, clock=world.clock, cost=CHEAP))


def acts(world, act: Act) -> list[str]:
    """The leaves of one kind of act."""
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        rows = session.query(AuditEvent.leaf).filter(AuditEvent.act == act.value)
        return [leaf.decode() for (leaf,) in rows]


def test_a_person_opens_so_many_different_children_in_an_hour_and_no_more(world, three_cases):
    limited = narrowed(world, quota_cases_hour=2)
    world.clock.advance(timedelta(hours=2))
    for story in three_cases[:2] * 2:
        limited.run("ingrid", case.show_case, case_id=story.case_id)
    with pytest.raises(AccessDenied) as refused:
        limited.run("ingrid", case.show_case, case_id=three_cases[2].case_id)
    assert refused.value.rule == "quota.cases-hour"
    world.clock.advance(timedelta(minutes=61))
    limited.run("ingrid", case.show_case, case_id=three_cases[2].case_id)


def test_a_restart_does_not_forget_what_was_opened(world, three_cases):
    first = narrowed(world, quota_cases_day=2)
    world.clock.advance(timedelta(days=2))
    for story in three_cases[:2]:
        first.run("ingrid", case.show_case, case_id=story.case_id)
    with pytest.raises(AccessDenied) as refused:
        narrowed(world, quota_cases_day=2).run(
            "ingrid", case.show_case, case_id=three_cases[2].case_id
        )
    assert refused.value.rule == "quota.cases-day"


def test_the_first_refusal_of_its_kind_in_an_hour_is_an_alarm_and_the_next_are_not(
    world, three_cases
):
    limited = narrowed(world, quota_cases_hour=1)
    world.clock.advance(timedelta(hours=2))
    limited.run("ingrid", case.show_case, case_id=three_cases[0].case_id)
    for _ in range(2):
        with pytest.raises(AccessDenied):
            limited.run("ingrid", case.show_case, case_id=three_cases[1].case_id)
    alarms = acts(world, Act.ALARM_BROKER_RAISE)
    assert len(alarms) == 1
    assert "quota.cases-hour" in alarms[0]
    assert str(world.accounts["ingrid"]) in alarms[0]
    world.clock.advance(timedelta(minutes=59))
    with pytest.raises(AccessDenied):
        limited.run("ingrid", case.show_case, case_id=three_cases[1].case_id)
    world.clock.advance(timedelta(minutes=2))
    limited.run("ingrid", case.show_case, case_id=three_cases[0].case_id)
    with pytest.raises(AccessDenied):
        limited.run("ingrid", case.show_case, case_id=three_cases[1].case_id)
    assert len(acts(world, Act.ALARM_BROKER_RAISE)) == 2


def test_own_records_and_the_danger_path_know_no_limit(world, three_cases):
    limited = narrowed(world, quota_cases_hour=1, quota_tenant_minute=1, quota_lists_day=1)
    for number in range(5):
        limited.run("per", own_record.save_draft, form="concern", fields={"seen": [str(number)]})
        limited.run("per", own_record.load_draft, form="concern")
    assert Story(limited).report_danger()
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        assert not session.query(BrokerMark).filter_by(account_id=world.accounts["per"]).count()


def test_national_ids_are_not_tried_one_after_the_other(world):
    limited = narrowed(world, quota_index_minute=2)
    for _ in range(2):
        limited.run("ingrid", child_search.search_child, number=NUMBER)
    with pytest.raises(AccessDenied) as refused:
        limited.run("ingrid", child_search.search_child, number=NUMBER)
    assert refused.value.rule == "quota.index-minute"


def test_a_municipality_is_not_emptied_by_many_at_once(world, three_cases):
    limited = narrowed(world, quota_tenant_minute=2)
    world.clock.advance(timedelta(minutes=5))
    limited.token("siv")
    world.clock.advance(timedelta(minutes=2))
    story = three_cases[0]
    for _ in range(2):
        limited.run("ingrid", case.show_case, case_id=story.case_id)
    with pytest.raises(AccessDenied) as refused:
        limited.run("siv", case.show_case, case_id=story.case_id)
    assert refused.value.rule == "quota.tenant-minute"


def test_a_list_counts_each_child_once_a_day(world, three_cases):
    limited = narrowed(world, quota_lists_day=2)

    def names(context, ids):
        context.verbs.open_core(ids)
        context.record(Act.SEARCH_CHILD_RUN)

    first, second, third = (one.case_id for one in three_cases)
    world.clock.advance(timedelta(days=2))
    for _ in range(3):
        limited.run("ingrid", names, [first, second])
    with pytest.raises(AccessDenied) as refused:
        limited.run("ingrid", names, [third, uuid.uuid4()])
    assert refused.value.rule == "quota.lists-day"
