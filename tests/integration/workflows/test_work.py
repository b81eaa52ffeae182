"""Work without a person: nothing is lost, nothing is done twice in effect, and what is late is seen."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.silence import LONGEST, Silence, between
from bti.clock import NORWAY
from bti.db.models import Control, Throttle, WorkJob
from bti.jobs.claims import LEASE, LONGEST_WAIT, Claims, wait_after
from bti.jobs.table import JOBS, Daily, Every, Job, Place, jobs_for
from bti.jobs.work import Worker
from bti.workflows import account, audit_check, insight, readiness
from bti.workflows.insight_question import Question

BOTH = pytest.mark.parametrize("engine", ["world", "postgres_world"])
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 5 * 365 * 24 * 60).map(
    lambda minutes: (EARLIEST + timedelta(minutes=minutes)).astimezone(NORWAY)
)


def worker_of(world, *jobs):
    runtime = world.runtime
    chosen = jobs or jobs_for(runtime.settings, frozenset(Place))
    return Worker(runtime, chosen, Claims(runtime.engine))


def job(does, name="errand", every=timedelta(hours=1)):
    return Job(name, Place.WORK, Every(every), does)


def heartbeats(world):
    with world.looking() as session:
        return session.scalar(
            select(func.count())
            .select_from(AuditEvent)
            .where(
                AuditEvent.tenant_id == world.tenant_id,
                AuditEvent.act == Act.AUDIT_HEARTBEAT_MAKE.value,
            )
        )


def stands(world, name="errand"):
    return next(one for one in Claims(world.runtime.engine).all() if one.name == name)


@BOTH
def test_everything_that_is_due_is_done_once_and_the_log_holds(request, engine):
    world = request.getfixturevalue(engine)
    jobs = jobs_for(world.runtime.settings, frozenset(Place))
    worker = worker_of(world)

    assert worker.round() == (len(jobs), 0)
    assert worker.round() == (0, 0), "nothing is due a second time"
    assert heartbeats(world) == 1
    with world.looking() as session:
        assert session.scalar(select(func.count()).select_from(Control)) == 1
    world.clock.advance(timedelta(hours=1))
    assert worker.round() == (1, 0), "only the heartbeat comes every hour"
    assert heartbeats(world) == 2
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).intact


@BOTH
def test_every_job_may_be_done_twice(request, engine):
    world = request.getfixturevalue(engine)
    for _ in range(2):
        for one in jobs_for(world.runtime.settings, frozenset(Place)):
            one.does(world.runtime)

    assert heartbeats(world) == 1
    with world.looking() as session:
        assert session.scalar(select(func.count()).select_from(Control)) == 1
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).intact


@BOTH
def test_several_workers_share_the_jobs_and_do_each_of_them_once(request, engine):
    world = request.getfixturevalue(engine)
    done, guard = [], threading.Lock()
    together = threading.Barrier(4)

    def errand(name):
        def does(_runtime):
            with guard:
                done.append(name)

        return does

    names = [f"errand-{number}" for number in range(12)]
    jobs = [job(errand(name), name) for name in names]
    failures = []

    def work():
        together.wait()
        try:
            worker_of(world, *jobs).round()
        except Exception as fault:  # noqa: BLE001 - told by the test, not lost in the thread
            failures.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(done) == sorted(names)


@BOTH
def test_the_job_of_a_worker_that_was_killed_is_taken_up_when_its_lease_has_run_out(
    request, engine
):
    world = request.getfixturevalue(engine)
    claims, now = Claims(world.runtime.engine), world.clock.now()
    claims.know({"errand": now}, now)
    killed = claims.take(["errand"], now)
    assert killed is not None

    assert claims.take(["errand"], now + LEASE - timedelta(seconds=1)) is None
    taken = claims.take(["errand"], now + LEASE)
    assert taken is not None
    later = now + LEASE
    assert not claims.done(killed, later, later + LEASE), "it was slow, and another has the job now"
    assert claims.done(taken, later, later + LEASE)
    assert stands(world).done_at == later


@pytest.mark.parametrize("column", ["due_at", "owed_at", "held_until"])
def test_a_job_that_was_put_off_in_sql_is_done_at_the_next_round(world, column):
    done = []
    worker = worker_of(world, job(lambda _runtime: done.append(1)))
    worker.round()
    for ahead, rounds in ((timedelta(hours=1), 1), (timedelta(days=30), 2)):
        with world.runtime.engine.begin() as connection:
            far = {column: world.clock.now() + ahead}
            connection.execute(update(WorkJob).where(WorkJob.name == "errand").values(far))
        worker.round()
        assert len(done) == rounds


def test_a_job_that_fails_stops_no_other_and_is_neither_lost_nor_hidden(world):
    done = []

    def fails(_runtime):
        raise ValueError("Lise Testbarn")

    worker = worker_of(world, job(fails, "a-bad"), job(lambda _: done.append(1), "b-good"))
    owed = world.clock.now()
    assert worker.round() == (1, 1)
    assert done == [1]
    waits = []
    for _ in range(8):
        waits.append(stands(world, "a-bad").due_at - world.clock.now())
        world.clock.set(stands(world, "a-bad").due_at)
        worker.round()
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == LONGEST_WAIT
    bad = stands(world, "a-bad")
    assert (bad.owed_at, bad.failures, bad.fault) == (owed, 9, "ValueError")
    assert "work-late" in readiness.notices(world.runtime.doorway)

    mended = worker_of(world, job(lambda _: done.append(2), "a-bad"))
    world.clock.set(bad.due_at)
    assert mended.round() == (1, 0)
    assert stands(world, "a-bad").failures == 0
    worker_of(world, job(lambda _: None, "b-good")).round()
    assert readiness.notices(world.runtime.doorway) == ()


def test_work_that_nobody_does_is_late_after_an_hour_and_work_that_never_began_is_not(world):
    assert readiness.notices(world.runtime.doorway) == ()
    worker_of(world, job(lambda _: None)).round()
    world.clock.advance(timedelta(hours=2))
    assert readiness.notices(world.runtime.doorway) == ()
    world.clock.advance(timedelta(seconds=1))
    assert readiness.notices(world.runtime.doorway) == ("work-late",)


def test_a_worker_that_is_stopped_finishes_the_job_in_hand_and_begins_no_other(world):
    begun = []

    def does(name):
        def act(_runtime):
            begun.append(name)
            worker.stopped.set()

        return act

    worker = worker_of(world, *(job(does(name), name) for name in ("a", "b")))
    worker.run()
    assert begun == ["a"]
    assert stands(world, "a").done_at == world.clock.now()
    assert stands(world, "b").done_at is None


def test_one_municipality_that_fails_does_not_keep_the_others_from_their_turn(world):
    neighbour = world.system(
        account.create_municipality,
        name="Nabo kommune",
        number="9999",
        profile="standard",
        language="nb",
    )
    with world.as_administrator() as connection:
        # The first by number cannot be entered in any more: it has no log to go on from.
        connection.exec_driver_sql(
            "UPDATE audit_heads SET frontier = x'00' WHERE tenant_id ="
            " (SELECT id FROM municipalities ORDER BY number LIMIT 1)"
        )
    beat = next(one for one in JOBS if one.name == "heartbeat")
    assert worker_of(world, beat).round() == (0, 1)
    with world.looking() as session:
        act = AuditEvent.act == Act.AUDIT_HEARTBEAT_MAKE.value
        assert session.scalars(select(AuditEvent.tenant_id).where(act)).all() == [neighbour]


def test_failed_sign_ins_are_forgotten_when_they_no_longer_count(world):
    now = world.clock.now()
    with world.runtime.engine.begin() as connection:
        for key, hours in ((b"old", 25), (b"new", 23)):
            at = now - timedelta(hours=hours)
            connection.execute(
                Throttle.__table__.insert().values(
                    key=key.ljust(32), failures=3, last_failure_at=at
                )
            )
    attempts = next(one for one in JOBS if one.name == "attempts")
    worker_of(world, attempts).round()
    with world.looking() as session:
        kept = {bytes(key).strip() for key in session.scalars(select(Throttle.key))}
    assert b"new" in kept
    assert b"old" not in kept


def test_names_of_jobs_fit_their_column_and_are_each_given_once():
    names = [one.name for one in JOBS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= WorkJob.__table__.c.name.type.length


@given(now=INSTANTS, hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_a_daily_job_is_due_at_its_time_in_norway_within_a_day(now, hour, minute):
    again = Daily(time(hour, minute)).after(now)
    assert now < again
    ahead = again.timestamp() - now.timestamp()
    assert ahead <= 25 * 3600
    local = again.astimezone(NORWAY)
    # In the night when clocks go forward, an hour of the day is not there.
    assert (local.hour, local.minute) == (hour, minute) or hour == 2


@given(failures=st.integers(1, 10_000))
def test_the_wait_after_a_failure_grows_up_to_an_hour(failures):
    assert timedelta(0) < wait_after(failures) <= wait_after(failures + 1) <= LONGEST_WAIT


# -- the heartbeat and the silence -------------------------------------------------------------------


@given(
    start=INSTANTS,
    steps=st.lists(
        st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=5)), max_size=20
    ),
)
def test_silences_are_exactly_what_lies_more_than_two_hours_apart(start, steps):
    times = [start]
    for step in steps:
        times.append(times[-1] + step)
    found = list(between(times))
    assert len(found) == sum(step > LONGEST for step in steps)
    assert all(one.ends - one.begins > LONGEST for one in found)


@BOTH
def test_a_silence_is_a_warning_of_the_check_and_breaks_nothing(request, engine):
    world = request.getfixturevalue(engine)
    worker = worker_of(world)
    world.clock.advance(timedelta(days=3))
    before = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert before.silences == (), "until somebody said that the program is at work"
    worker.round()
    for _ in range(3):
        world.clock.advance(timedelta(hours=1))
        worker.round()
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).silences == ()

    begins = world.clock.now()
    ends = world.clock.advance(timedelta(hours=2, minutes=1))
    worker.round()
    found = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert found.intact
    assert found.silences == (Silence(begins, ends),)
    assert str(found.silences[0]) == (
        f"silent: from {begins:%Y-%m-%dT%H:%MZ} to {ends:%Y-%m-%dT%H:%MZ}"
    )


def test_heartbeats_are_not_among_what_the_officer_is_shown_unless_asked_for(world):
    worker_of(world).round()
    act = Act.AUDIT_HEARTBEAT_MAKE.value
    shown = world.run("anne", insight.search, Question()).rows
    assert shown
    assert act not in {row.action for row in shown}
    asked = world.run("anne", insight.search, Question(act=act)).rows
    assert [row.action for row in asked] == [act]
