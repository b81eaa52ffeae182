"""How much may be opened, exactly: what counts, for how long, and whose."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event, func, insert, select
from sqlalchemy.orm import Session

from bti.clock import FixedClock
from bti.db.base import Base
from bti.db.models import BrokerCount, BrokerMark
from bti.domain.errors import AccessDenied
from bti.keyd.quota import WRONG_CODES, WRONG_CODES_PEER, Limits, Meter, alarm_is_due, mark
from tests.unit.domain.samples import NOON, NURSE, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows

CASES = [an_id(500 + number) for number in range(6)]
SECOND = timedelta(seconds=1)
#: Counts are kept in steps of ten seconds, and a window may end within one.
STEP = timedelta(seconds=10)


@pytest.fixture(scope="module")
def on_sqlite():
    made = Rows()
    made.commit()
    yield made
    made.end()


@pytest.fixture(scope="module")
def on_postgresql(postgres_server):
    with postgres_server.database() as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine, [BrokerCount.__table__, BrokerMark.__table__])
        with Session(engine) as session:
            yield session
        engine.dispose()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def rows(request):
    """Nothing counted yet; what a test counts is forgotten after it."""
    session = request.getfixturevalue(request.param)
    yield session
    session.rollback()


@pytest.fixture
def clock():
    return FixedClock(NOON)


def refused(act, *given):
    with pytest.raises(AccessDenied) as told:
        act(*given)
    return told.value.rule, told.value.case_id


def counted(rows, column=BrokerCount.count):
    return rows.scalar(select(func.coalesce(func.sum(column), 0)))


def test_the_limits_are_those_of_the_manual():
    assert Limits() == Limits(
        cases_hour=30,
        cases_day=100,
        lists_day=600,
        index_minute=10,
        peer_minute=300,
        tenant_minute=1200,
    )
    with pytest.raises(AttributeError):
        Limits().cases_hour = 1
    with pytest.raises(TypeError):
        Limits(30)


@pytest.mark.parametrize(
    ("limits", "window", "rule"),
    [
        (Limits(cases_hour=2), timedelta(hours=1), "quota.cases-hour"),
        (Limits(cases_day=2), timedelta(days=1), "quota.cases-day"),
    ],
)
def test_a_person_opens_so_many_children_within_a_window(rows, clock, limits, window, rule):
    meter = Meter(rows, clock, limits)
    for one in (CASES[0], CASES[1], CASES[0]):
        meter.opening(TENANT, TEACHER, one)
    assert refused(meter.opening, TENANT, TEACHER, CASES[2]) == (rule, CASES[2])
    meter.opening(TENANT, NURSE, CASES[2])
    meter.opening(TENANT, TEACHER, CASES[1])
    clock.advance(window - SECOND)
    assert refused(meter.opening, TENANT, TEACHER, CASES[2]) == (rule, CASES[2])
    clock.advance(SECOND)
    meter.opening(TENANT, TEACHER, CASES[2])


def test_lists_and_alarms_do_not_count_as_opened(rows, clock):
    meter = Meter(rows, clock, Limits(cases_hour=1, lists_day=3))
    meter.listing(TENANT, TEACHER, CASES[:3])
    assert alarm_is_due(rows, TEACHER, "quota.cases-hour", NOON)
    meter.opening(TENANT, TEACHER, CASES[3])
    meter.listing(TENANT, TEACHER, CASES[:2])


def test_a_list_counts_what_no_list_of_the_day_has_shown(rows, clock):
    meter = Meter(rows, clock, Limits(lists_day=3))
    meter.listing(TENANT, TEACHER, CASES[:2])
    meter.listing(TENANT, TEACHER, CASES[1:3])
    assert refused(meter.listing, TENANT, TEACHER, CASES[3:4]) == ("quota.lists-day", None)
    meter.listing(TENANT, TEACHER, [])
    meter.listing(TENANT, NURSE, CASES[3:])
    assert refused(meter.listing, TENANT, an_id(77), CASES[:4]) == ("quota.lists-day", None)
    clock.advance(timedelta(days=1) - SECOND)
    assert refused(meter.listing, TENANT, TEACHER, CASES[3:4]) == ("quota.lists-day", None)
    clock.advance(SECOND)
    meter.listing(TENANT, TEACHER, CASES[3:])


@pytest.mark.parametrize(
    ("limits", "peer", "act", "rule", "case_id"),
    [
        (Limits(tenant_minute=2), "", "open", "quota.tenant-minute", CASES[0]),
        (Limits(tenant_minute=2), "web", "list", "quota.tenant-minute", None),
        (Limits(peer_minute=2), "web", "open", "quota.peer-minute", CASES[0]),
        (Limits(peer_minute=2), "web", "list", "quota.peer-minute", None),
        (Limits(peer_minute=2), "web", "name", "quota.names-minute", None),
        (Limits(index_minute=2), "", "look up", "quota.index-minute", None),
    ],
)
def test_a_minute_has_its_limits(rows, clock, limits, peer, act, rule, case_id):
    meter = Meter(rows, clock, limits, peer=peer)
    acts = {
        "open": lambda: meter.opening(TENANT, TEACHER, CASES[0]),
        "list": lambda: meter.listing(TENANT, TEACHER, CASES[:1]),
        "name": meter.naming,
        "look up": lambda: meter.looking_up(TEACHER),
    }
    for _ in range(2):
        acts[act]()
    assert refused(acts[act]) == (rule, case_id)
    Meter(rows, clock, limits, peer="another").naming()
    Meter(rows, clock, limits, peer="another").opening(an_id(2), NURSE, CASES[1])
    meter.looking_up(NURSE)
    clock.advance(timedelta(minutes=1) - SECOND)
    assert refused(acts[act]) == (rule, case_id)
    clock.advance(SECOND)
    acts[act]()


def written(rows):
    """What is kept of openings: whose marks, and how many in which step."""
    marks = rows.execute(
        select(BrokerMark.account_id, BrokerMark.kind, BrokerMark.object_id, BrokerMark.last_at)
    )
    of = BrokerCount
    counts = rows.execute(select(of.scope, of.since, of.shard, of.count))
    return {tuple(one) for one in marks}, {tuple(one) for one in counts}


WEB, TOWN = "peer:web", f"tenant:{TENANT}"


def test_an_opening_is_written_down_once_and_counted_each_time(rows, clock):
    meter = Meter(rows, clock, Limits(), peer="web", shard=3)
    meter.opening(TENANT, TEACHER, CASES[0])
    marks, counts = written(rows)
    assert marks == {(TEACHER, "case", CASES[0], NOON)}
    assert counts == {(WEB, NOON, 3, 1), (TOWN, NOON, 3, 1)}
    clock.advance(SECOND)
    meter.opening(TENANT, TEACHER, CASES[0])
    marks, counts = written(rows)
    assert marks == {(TEACHER, "case", CASES[0], NOON + SECOND)}
    assert counts == {(WEB, NOON, 3, 2), (TOWN, NOON, 3, 2)}
    Meter(rows, clock, Limits()).opening(TENANT, NURSE, CASES[0])
    marks, counts = written(rows)
    assert (NURSE, "case", CASES[0], NOON + SECOND) in marks
    assert counts == {(WEB, NOON, 3, 2), (TOWN, NOON, 3, 2), (TOWN, NOON, 0, 1)}


@pytest.mark.parametrize(
    "limits",
    [Limits(cases_hour=0), Limits(cases_day=0), Limits(peer_minute=0), Limits(tenant_minute=0)],
)
def test_nothing_is_written_of_an_opening_over_a_limit(rows, clock, limits):
    refused(Meter(rows, clock, limits, peer="web").opening, TENANT, TEACHER, CASES[0])
    assert written(rows) == (set(), set())


@pytest.mark.parametrize(
    "limits",
    [Limits(cases_hour=1), Limits(cases_day=1), Limits(peer_minute=1), Limits(tenant_minute=1)],
)
def test_a_limit_of_one_lets_the_first_by_and_no_second(rows, clock, limits):
    meter = Meter(rows, clock, limits, peer="web")
    meter.opening(TENANT, TEACHER, CASES[0])
    refused(meter.opening, TENANT, TEACHER, CASES[1])
    one = Meter(rows, clock, Limits(index_minute=1, peer_minute=1), peer="log")
    for act in (one.naming, lambda: one.looking_up(TEACHER)):
        act()
        refused(act)


def test_an_opening_forgets_what_is_over_and_nobody_elses(rows, clock):
    day = timedelta(days=1)
    kept = {
        (TEACHER, "case", CASES[2], NOON - day + SECOND),
        (TEACHER, "list", CASES[3], NOON - day),
        (NURSE, "case", CASES[1], NOON - day),
    }
    over = {(TEACHER, "case", CASES[1], NOON - day)}
    again = {(TEACHER, "case", CASES[0], NOON - day)}
    for account, kind, case_id, at in kept | over | again:
        of = {"account_id": account, "kind": kind, "object_id": case_id}
        rows.execute(insert(BrokerMark).values(**of, last_at=at))
    minute = timedelta(minutes=1)
    counts_kept = {
        (WEB, NOON - minute + SECOND, 0, 1),
        (WEB, NOON - minute, 1, 1),
        ("peer:log", NOON - minute, 0, 1),
    }
    counts_over = {(WEB, NOON - minute, 0, 1), (TOWN, NOON - minute, 0, 1)}
    for scope, since, shard, count in counts_kept | counts_over:
        of = {"scope": scope, "since": since, "shard": shard}
        rows.execute(insert(BrokerCount).values(**of, count=count))
    Meter(rows, clock, Limits(), peer="web").opening(TENANT, TEACHER, CASES[0])
    marks, counts = written(rows)
    assert marks == kept | {(TEACHER, "case", CASES[0], NOON)}
    assert counts == counts_kept | {(WEB, NOON, 0, 1), (TOWN, NOON, 0, 1)}


def test_without_another_process_there_is_no_peer_to_count(rows, clock):
    meter = Meter(rows, clock, Limits(peer_minute=0))
    meter.naming()
    meter.opening(TENANT, TEACHER, CASES[0])
    assert refused(Meter(rows, clock, Limits(peer_minute=0), peer="web").naming)


def test_twenty_wrong_codes_in_a_quarter_of_an_hour_close_the_way(rows, clock):
    assert WRONG_CODES == 20
    meter = Meter(rows, clock, Limits())
    for _ in range(19):
        meter.wrong_code(TEACHER)
    meter.proving(TEACHER)
    meter.wrong_code(TEACHER)
    assert refused(meter.proving, TEACHER) == ("quota.codes", None)
    meter.proving(NURSE)
    clock.advance(timedelta(minutes=15) - SECOND)
    assert refused(meter.proving, TEACHER) == ("quota.codes", None)
    clock.advance(SECOND)
    meter.proving(TEACHER)


def test_all_accounts_together_are_given_so_many_wrong_codes_from_one_process(rows, clock):
    assert WRONG_CODES_PEER == 120
    meter, alone = (Meter(rows, clock, Limits(), peer=peer) for peer in ("web", ""))
    for scope, count in (("codes:web", 118), ("codes:", 120)):
        of = {"scope": scope, "since": NOON, "shard": 0, "count": count}
        rows.execute(insert(BrokerCount).values(**of))
    meter.wrong_code(TEACHER)
    alone.wrong_code(TEACHER)
    meter.proving(NURSE)
    meter.wrong_code(TEACHER)
    assert refused(meter.proving, NURSE) == ("quota.codes-peer", None)
    # Where pages and broker are one process there is no other to count.
    alone.proving(NURSE)
    Meter(rows, clock, Limits(), peer="log").proving(NURSE)
    clock.advance(timedelta(minutes=15))
    meter.proving(NURSE)


def test_what_happens_within_ten_seconds_is_one_row_for_each_shard(rows, clock):
    for shard in (0, 0, 1):
        Meter(rows, clock, Limits(), shard=shard).wrong_code(TEACHER)
    clock.advance(STEP - SECOND / 2)
    Meter(rows, clock, Limits()).wrong_code(TEACHER)
    kept = rows.execute(select(BrokerCount.since, BrokerCount.shard, BrokerCount.count)).all()
    assert sorted(kept) == [(NOON, 0, 3), (NOON, 1, 1)]
    clock.advance(SECOND)
    Meter(rows, clock, Limits()).wrong_code(TEACHER)
    assert max(since for (since,) in rows.execute(select(BrokerCount.since))) == NOON + STEP


def test_counts_that_are_over_are_forgotten_and_nobody_elses(rows, clock):
    meter = Meter(rows, clock, Limits(), peer="web")
    meter.naming()
    meter.looking_up(TEACHER)
    Meter(rows, clock, Limits(), peer="web", shard=1).naming()
    clock.advance(timedelta(minutes=1) - SECOND)
    meter.naming()
    assert counted(rows) == 4
    clock.advance(SECOND)
    meter.naming()
    # Its own, of its own shard, a minute old: one is gone, one has come.
    assert counted(rows) == 4


def test_marks_are_kept_for_a_day_and_forgotten_one_by_one(rows):
    mark(rows, TEACHER, "case", CASES[:2], NOON)
    mark(rows, TEACHER, "list", CASES[:1], NOON)
    mark(rows, NURSE, "case", CASES[:1], NOON)
    mark(rows, TEACHER, "case", [], NOON + timedelta(days=1) - SECOND)
    assert rows.scalar(select(func.count()).select_from(BrokerMark)) == 4
    mark(rows, TEACHER, "case", [], NOON + timedelta(days=1))
    left = rows.execute(select(BrokerMark.account_id, BrokerMark.kind)).all()
    assert sorted(left, key=str) == sorted([(TEACHER, "list"), (NURSE, "case")], key=str)


def test_marks_are_written_in_one_order(rows):
    written = []

    def look(*given):
        written.append(given[3])

    event.listen(rows.get_bind(), "before_cursor_execute", look)
    mark(rows, TEACHER, "case", [CASES[2], CASES[0], CASES[1]], NOON)
    event.remove(rows.get_bind(), "before_cursor_execute", look)
    held = [str(one).replace("-", "") for one in CASES[:3]]
    said = str(written[-1]).replace("-", "")
    assert [said.index(one) for one in held] == sorted(said.index(one) for one in held)


def test_an_alarm_is_due_once_an_hour_for_each_kind_and_person(rows):
    hour = timedelta(hours=1)
    assert alarm_is_due(rows, TEACHER, "quota.codes", NOON) is True
    assert alarm_is_due(rows, TEACHER, "quota.codes", NOON + hour - SECOND) is False
    assert alarm_is_due(rows, TEACHER, "grant.cases", NOON) is True
    assert alarm_is_due(rows, NURSE, "quota.codes", NOON) is True
    rows.expire_all()
    assert alarm_is_due(rows, TEACHER, "quota.codes", NOON + hour) is True
    rows.expire_all()
    assert alarm_is_due(rows, TEACHER, "quota.codes", NOON + hour + SECOND) is False
