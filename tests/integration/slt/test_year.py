"""The year wheel in the network database and on its pages: tasks on record, meetings and measures read where they are."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from bti.slt.account import create_account
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies
from bti.slt.models import SltEvent
from bti.slt.perform import AccessDenied
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load as load_plan
from bti.slt.role import NetworkRole
from bti.slt.year import Standing
from bti.slt.year_change import (
    WriteTask,
    YearRefusedError,
    change_task,
    end_task,
    import_year,
    make_task,
    mark_task,
)
from bti.slt.year_file import load
from bti.slt.year_stored import LineKind, show_task, show_year
from tests.integration.slt.samples import a_coordinator
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill
from tests.integration.slt.test_roles import someone
from tests.web.meeting_site import three_meetings

ON_ONE_ENGINE = pytest.mark.parametrize("network_url", ["sqlite"], indirect=True)


def a_task(**changes):
    """A task as it is typed: every last day of November."""
    given = {
        "version": None,
        "title": "Søke tilskudd",
        "purpose": "",
        "responsible": "SLT-koordinator",
        "months": (11,),
        "day": 30,
        "which": None,
        "weekday": None,
        "only_year": None,
        "lead_days": 30,
        "reason": "",
    }
    return WriteTask(**{**given, **changes})


def tasks_of(page):
    return [one for one in page.lines if one.kind is LineKind.TASK]


def test_tasks_are_taken_in_once_changed_marked_and_ended_on_record(network):
    run, (_, olav) = network.runtime, network.signed_in()
    assert import_year(run, load("aukra"), "9901") == 6
    with pytest.raises(YearRefusedError, match="exists"):
        import_year(run, load("aukra"), "9901")
    with pytest.raises(YearRefusedError, match="municipality"):
        import_year(run, load("aukra"), "9999")
    titles = [one.title for one in tasks_of(show_year(run, olav, 2027))]
    assert not any("seminar" in one for one in titles), "it was said of 2026 alone"
    grant = next(one for one in tasks_of(show_year(run, olav, None)) if one.due.day == 1)
    assert (grant.on, grant.standing, grant.inferred) == (date(2026, 12, 1), Standing.NOW, True)

    mark_task(run, olav, grant.id, 2026, 12, done=True)
    mark_task(run, olav, grant.id, 2026, 12, done=True)
    page = show_task(run, olav, grant.id, 2026)
    assert page.lines[0].standing is Standing.DONE
    assert page.lines[0].done.account_id == olav.account_id
    assert show_task(run, olav, grant.id, 2027).lines[0].standing is Standing.AHEAD
    mark_task(run, olav, grant.id, 2026, 12, done=False)
    with pytest.raises(AccessDenied, match="not_due"):
        mark_task(run, olav, grant.id, 2026, 5, done=True)

    same = a_task(version=1, title=page.task.title, purpose=page.task.purpose, months=(12,), day=1)
    assert not change_task(run, olav, grant.id, same.__class__(**{**_as(same), "lead_days": 45}))
    assert change_task(run, olav, grant.id, a_task(version=1, title=page.task.title, day=15))
    page = show_task(run, olav, grant.id, 2026)
    assert page.lines[0].due == date(2026, 11, 15)
    assert (page.task.place, page.task.inferred) == ("", False), "the time was decided here"
    with pytest.raises(YearRefusedError, match="changed"):
        change_task(run, olav, grant.id, a_task(version=1, title="Noe annet"))
    end_task(run, olav, grant.id, 2)
    assert show_task(run, olav, grant.id, 2027).lines == ()
    with pytest.raises(YearRefusedError, match="over"):
        change_task(run, olav, grant.id, a_task(version=3, title="Noe annet"))
    told = [one.part for one in show_task(run, olav, grant.id, None).changes]
    assert told[:2] == ["ended", "lead_days"]
    assert told[-3:] == ["not_done", "done", "imported"]
    with run.sessions() as session, session.begin():
        kinds = set(session.scalars(select(SltEvent.kind)))
        assert {"year:import", "year:read", "year:change", "year:done"} <= kinds
    for statement in ("UPDATE year_changes SET reason = 'x'", "DELETE FROM year_changes"):
        with pytest.raises(DatabaseError), run.engine.begin() as connection:
            connection.execute(text(statement))


def _as(command):
    return {name: getattr(command, name) for name in command.__slots__}


@ON_ONE_ENGINE
def test_meetings_and_measures_are_read_where_they_are_and_by_those_who_may(network):
    run, (_, olav) = network.runtime, network.signed_in()
    import_plan(run, load_plan("aukra-2026"), "9901")
    import_bodies(run, load_bodies("aukra"), "9901")
    council = next(one for one in show_bodies(run, olav) if one.body.code == "police_council")
    held = three_meetings(run, olav, council.id)
    page = show_year(run, olav, 2026)
    measures = {one.title.split(".")[1]: one.due for one in page.lines if one.plan_id}
    assert set(measures.values()) == {date(2026, 11, 11), date(2026, 12, 1)}
    meetings = {one.id: one for one in page.lines if one.kind is LineKind.MEETING}
    assert set(meetings) == {held["body_meeting_id"], held["under_way"], held["ended"]}
    assert meetings[held["ended"]].standing is Standing.DONE
    assert [(one.body.code, one.dated) for one in page.frequencies] == [
        ("police_council", 3),
        ("coordinating", 0),
        ("executing", 0),
    ]
    reader, _ = someone(network, NetworkRole.COUNCIL_READER, "rolf")
    member, _ = someone(network, NetworkRole.MEMBER, "mina")
    seen = show_year(run, reader, 2026)
    assert {one.id for one in seen.lines if one.kind is LineKind.MEETING} == {held["ended"]}
    assert any(one.plan_id for one in seen.lines)
    assert show_year(run, member, 2026).lines == ()


@ON_ONE_ENGINE
def test_nobody_of_another_municipality_and_no_reader_reaches_a_task(network):
    run, (_, olav) = network.runtime, network.signed_in()
    own = make_task(run, olav, a_task())
    create_account(run, a_coordinator(username="kim", municipality_number="9902"))
    kim = type(olav)(**{**_as(olav), "municipality_number": "9902"})
    reader, _ = someone(network, NetworkRole.COUNCIL_READER, "rolf")
    assert show_year(run, kim, 2026).lines == ()
    assert show_task(run, reader, own, 2026).changes == ()
    for who, code in ((kim, "year.unknown"), (reader, "role.reads")):
        for act in (
            lambda who=who: change_task(run, who, own, a_task(version=1, title="Noe annet")),
            lambda who=who: end_task(run, who, own, 1),
            lambda who=who: mark_task(run, who, own, 2026, 11, done=True),
        ):
            with pytest.raises(AccessDenied, match=code):
                act()
    with pytest.raises(AccessDenied, match="unknown"):
        show_task(run, kim, own, 2026)


@ON_ONE_ENGINE
def test_what_was_due_before_it_was_written_down_is_nobodys_fault(network):
    run, (_, olav) = network.runtime, network.signed_in()
    early, late = a_task(months=(3,)), a_task(day=25, lead_days=2)
    ids = [make_task(run, olav, one) for one in (early, late)]
    network.clock.advance(timedelta(days=10))
    stands = {one.id: one.standing for one in show_year(run, olav, 2026).lines}
    assert stands == {ids[0]: Standing.PAST, ids[1]: Standing.LATE}


def test_the_year_is_a_list_and_a_wheel_and_late_is_told_calmly(client, side):  # noqa: F811 - fixtures
    _enter(client, side)
    assert "There is nothing in this year yet" in client.get("/network/year").text
    blank = client.get("/network/year/tasks/new")
    given = fill(blank, title="Møte med Kari Nordmann", months="november", day="20")
    given |= {"which": "last", "weekday": "friday"}
    refused = client.post("/network/year/tasks/new", given)
    assert refused.status == 422
    assert "Not both." in refused.text
    given |= {"which": "", "weekday": ""}
    warned = client.post("/network/year/tasks/new", given)
    assert "Kari, Nordmann" in " ".join(warned.text.split())
    given |= {"title": "Søke tilskudd", "day": "24", "responsible": "SLT-koordinator"}
    page = client.follow(client.post("/network/year/tasks/new", given))
    assert "Day 24 of November" in page.text
    side.clock.advance(timedelta(days=4))
    client = _again(client, side)
    page = client.get("/network/year")
    assert "1 task is past its day and not marked as done." in page.text
    words = " ".join(page.text.split())
    assert "November: 1 thing, something is late, this month." in words
    assert "October: nothing." in words
    (form,) = [one for one in page.all("form") if "/mark" in (one.get("action") or "")]
    address = form.get("action")
    done = client.post(address, {"occurrence": "2026-11", "done": "yes"})
    page = client.follow(done)
    assert "past its day" not in page.text
    assert "Done" in page.text
    assert client.post(address, {"occurrence": "2026-1", "done": "yes"}).status == 422
    assert client.post(address, {"occurrence": "2026-10", "done": "yes"}).status == 404
    assert client.get("/network/year/1900").status == 404


def _again(client, side):  # noqa: F811 - the fixtures above
    """The same browser signed in anew, since days have passed."""
    client.get("/network/sign-in")
    _enter(client, side)
    return client
