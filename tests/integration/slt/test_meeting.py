"""Meetings in the network database and on its pages: shared, finished once, corrected by addition alone."""

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from bti.slt.account import create_account
from bti.slt.body_change import dissolve_body, import_bodies
from bti.slt.body_file import load
from bti.slt.body_stored import show_bodies
from bti.slt.meeting import ActionStatus, MeetingState
from bti.slt.meeting_after import FollowUp, add_to_minutes, follow_up
from bti.slt.meeting_change import (
    MeetingRefusedError,
    agree_action,
    discard_meeting,
    finish_meeting,
    prepare_meeting,
    share_meeting,
    write_meeting,
)
from bti.slt.meeting_export import MANIFEST, ExportRefusedError, export_minutes
from bti.slt.meeting_stored import show_meeting, show_meetings
from bti.slt.perform import AccessDenied
from bti.web import slt_body_labels
from tests.integration.slt.samples import a_coordinator
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill
from tests.web.meeting_site import a_meeting, an_action, finished, three_meetings

ON_ONE_ENGINE = pytest.mark.parametrize("network_url", ["sqlite"], indirect=True)
HELD = date(2026, 11, 20)


@pytest.fixture
def olav(network):
    return network.signed_in()[1]


@pytest.fixture
def body_id(network, olav):
    import_bodies(network.runtime, load("nordre_land"), "9901")
    return next(one.id for one in show_bodies(network.runtime, olav) if one.body.code == "steering")


def test_actions_follow_the_body_from_meeting_to_meeting_and_finished_minutes_stay(
    network, olav, body_id
):
    run = network.runtime
    first = prepare_meeting(run, olav, body_id, a_meeting(HELD - timedelta(days=60)))
    for due in (HELD - timedelta(days=10), HELD + timedelta(days=10)) * 2:
        agree_action(run, olav, first, an_action(due, what=f"Før {due}"))
    share_meeting(run, olav, first, 1)
    finished(run, olav, first)
    second = prepare_meeting(run, olav, body_id, a_meeting(HELD, title="Neste"))
    share_meeting(run, olav, second, 1)
    early, late = show_meeting(run, olav, second).carried
    assert (early.is_late(HELD), late.is_late(HELD)) == (True, False)
    follow_up(run, olav, early.id, FollowUp(ActionStatus.DONE, "Svart ja", second, ""))
    follow_up(run, olav, late.id, FollowUp(ActionStatus.STARTED, "", None, ""))
    finished(run, olav, second)
    follow_up(run, olav, late.id, FollowUp(ActionStatus.DROPPED, "Ikke lenger", None, ""))
    page = show_meeting(run, olav, second)
    stood = [(one.status, one.note) for one in page.carried]
    assert stood == [(ActionStatus.DONE, "Svart ja"), (ActionStatus.STARTED, "")]
    assert show_meeting(run, olav, first).actions[1].status is ActionStatus.DROPPED
    assert show_meetings(run, olav, body_id).waiting == ()
    third = prepare_meeting(run, olav, body_id, a_meeting(HELD))
    assert show_meeting(run, olav, third).carried == ()
    assert page.meeting.state is MeetingState.FINISHED
    for act in (
        lambda: write_meeting(run, olav, second, a_meeting(HELD, version=page.version)),
        lambda: agree_action(run, olav, second, an_action(HELD)),
        lambda: finish_meeting(run, olav, second, page.version),
        lambda: discard_meeting(run, olav, second, page.version),
    ):
        with pytest.raises(MeetingRefusedError, match="state"):
            act()
    for _sent in ("once", "twice"):
        add_to_minutes(run, olav, second, "Vi glemte ett punkt.", "")
    assert [one.text for one in show_meeting(run, olav, second).additions] == [
        "Vi glemte ett punkt."
    ]
    frozen = ("meeting_follow_ups", "meeting_carried", "meeting_additions", "meeting_changes")
    for statement in (
        "UPDATE slt_meetings SET minutes = 'x' WHERE state = 'finished'",
        "UPDATE slt_meetings SET state = 'in_progress', finished_at = NULL",
        "DELETE FROM slt_meetings WHERE state = 'finished'",
        "UPDATE meeting_actions SET responsible = 'x'",
        "DELETE FROM meeting_actions",
        *(f"DELETE FROM {table}" for table in frozen),
        "UPDATE meeting_additions SET text = 'x'",
        "UPDATE meeting_carried SET status = 'x'",
    ):
        with pytest.raises(DatabaseError), run.engine.begin() as connection:
            connection.execute(text(statement))
    assert show_meeting(run, olav, second).meeting == page.meeting


@ON_ONE_ENGINE
def test_a_private_note_is_its_authors_and_another_municipalitys_is_nobodys(network, olav, body_id):
    run = network.runtime
    ids = three_meetings(run, olav, body_id)
    other = create_account(run, a_coordinator(username="kim", display_name="Kim Vik"))
    kim = _as(olav, account_id=other.id)
    stranger = _as(kim, municipality_number="9902")
    assert len(show_meetings(run, olav, body_id).meetings) == 3
    assert len(show_meetings(run, kim, body_id).meetings) == 2
    show_meeting(run, kim, ids["under_way"])
    for who, meeting in ((kim, "body_meeting_id"), (stranger, "ended"), (stranger, "under_way")):
        with pytest.raises(AccessDenied, match="unknown"):
            show_meeting(run, who, ids[meeting])
    with pytest.raises(AccessDenied, match="unknown"):
        discard_meeting(run, kim, ids["body_meeting_id"], 1)
    with pytest.raises(AccessDenied, match="unknown"):
        follow_up(run, stranger, ids["action_id"], FollowUp(ActionStatus.DONE, "", None, ""))
    discard_meeting(run, olav, ids["body_meeting_id"], 1)
    with pytest.raises(AccessDenied, match="unknown"):
        show_meeting(run, olav, ids["body_meeting_id"])


def _as(who, **changes):
    return type(who)(**{**{name: getattr(who, name) for name in who.__slots__}, **changes})


@ON_ONE_ENGINE
def test_what_is_late_ahead_or_over_is_refused(network, olav, body_id):
    run = network.runtime
    meeting = prepare_meeting(run, olav, body_id, a_meeting(date(2026, 12, 24)))
    with pytest.raises(MeetingRefusedError, match="due"):
        agree_action(run, olav, meeting, an_action(HELD))
    share_meeting(run, olav, meeting, 1)
    with pytest.raises(MeetingRefusedError, match="changed"):
        write_meeting(run, olav, meeting, a_meeting(HELD, version=1))
    with pytest.raises(MeetingRefusedError, match="ahead"):
        finish_meeting(run, olav, meeting, 2)
    dissolve_body(run, olav, body_id, 1)
    with pytest.raises(MeetingRefusedError, match="over"):
        prepare_meeting(run, olav, body_id, a_meeting(HELD))


def test_a_meeting_goes_through_its_pages_and_a_name_is_asked_about(client, side):  # noqa: F811 - fixtures
    _enter(client, side)
    import_bodies(side.runtime, load("nordre_land"), "9901")
    listed = client.get("/network/bodies")
    body = next(a for a in listed.all("a") if "Styringsgruppe" in "".join(a.itertext()))
    address = body.get("href")
    form = client.get(f"{address}/meetings/new")
    assert "discusses no single cases" in form.text
    given = fill(form, title="Høstmøtet", held_on="2026-11-20", agenda="Planen\r\nRussetid")
    given |= {"present": ["Ordfører"], "minutes": "Gutten på 14 i 9B og Kari Nordmann."}
    warned = client.post(f"{address}/meetings/new", given)
    assert warned.status == 422
    assert "noticed: 14, 9B, Kari, Nordmann" in " ".join(warned.text.split()).replace("på ", "")
    assert fill(warned)["minutes"] == given["minutes"]
    assert fill(warned)["present"] == ["Ordfører"]
    page = client.follow(
        client.post(f"{address}/meetings/new", {**given, "reason": "Prøve av varselet"})
    )
    assert "Nobody else sees it until you share it" in page.text
    assert "Kept because: Prøve av varselet" in page.text
    meeting = page.response.request.path
    agreed = fill(client.get(f"{meeting}/actions/new"), what="Ringe politiet", due="2026-12-20")
    both = client.post(
        f"{meeting}/actions/new", {**agreed, "responsible": "Ordfører", "other": "NAV"}
    )
    assert "Choose one function, or write another." in both.text
    assert client.post(f"{meeting}/actions/new", {**agreed, "other": "NAV"}).status == 303
    page = client.follow(client.post(f"{meeting}/share", {"version": "1"}))
    stale = client.post(f"{meeting}/finish", {"version": "1"})
    assert stale.status == 409
    page = client.follow(client.post(f"{meeting}/finish", {"version": "2"}))
    assert "They are corrected by an addition alone" in page.text
    assert client.get(f"{meeting}/edit").status == 404
    told = next(a for a in page.all("a") if "Follow up" in "".join(a.itertext())).get("href")
    done = {**fill(client.get(told)), "status": "done", "note": "Ringt"}
    page = client.follow(client.post(told, done))
    assert "Ringt" in page.text
    added = client.post(f"{meeting}/additions/new", {"text": "Ett punkt til."})
    assert "Ett punkt til." in client.follow(added).text


def test_every_code_of_a_meeting_has_words():
    assert set(slt_body_labels.STATE) == set(MeetingState)
    assert set(slt_body_labels.ACTION) == set(ActionStatus)


@ON_ONE_ENGINE
def test_only_what_is_finished_is_exported_and_the_same_day_gives_the_same_bytes(
    network, olav, body_id
):
    run, today = network.runtime, date(2026, 11, 22)
    ids = three_meetings(run, olav, body_id)
    follow_up(run, olav, ids["action_id"], FollowUp(ActionStatus.DONE, "Ringt", None, ""))
    with pytest.raises(ExportRefusedError, match="day"):
        export_minutes(run, "9901", today)
    with pytest.raises(ExportRefusedError, match="nothing"):
        export_minutes(run, "9901", today - timedelta(days=1))
    network.clock.advance(timedelta(days=2))
    first = export_minutes(run, "9901", today)
    text_name, json_name = sorted((n for n in first if n != MANIFEST), reverse=True)
    assert ids["ended"].hex[:12] in text_name
    assert json.loads(first[json_name])["agreed"][0]["responsible"] == "SLT-koordinator"
    written = first[text_name].decode()
    for said in ("Styringsgruppe/politiråd", "russetiden", "SLT-koordinator, frist", "Olav Lien"):
        assert said in written
    assert "Ringt" not in written
    rows = dict(reversed(row.split("  ")) for row in first[MANIFEST].decode().splitlines())
    assert rows == {n: hashlib.sha256(first[n]).hexdigest() for n in (text_name, json_name)}
    with pytest.raises(MeetingRefusedError, match="names") as asked:
        add_to_minutes(run, olav, ids["ended"], "Et tillegg om Kari Nordmann.", " ")
    assert asked.value.found == ("Kari", "Nordmann")
    add_to_minutes(run, olav, ids["ended"], "Et tillegg om Kari Nordmann.", "Hun har sagt ja")
    finished(run, olav, ids["under_way"])
    assert export_minutes(run, "9901", today) == first
    network.clock.advance(timedelta(days=1))
    later = export_minutes(run, "9901", today + timedelta(days=2))
    assert len(later) == 5
    assert "Et tillegg om Kari Nordmann. (Teksten ble beholdt" in later[text_name].decode()
    told = next(one.decode() for name, one in later.items() if ids["under_way"].hex[:12] in name)
    assert "Ringt" not in told
    with pytest.raises(ExportRefusedError, match="nothing"):
        export_minutes(run, "9902", today)


@ON_ONE_ENGINE
def test_an_action_and_what_became_of_it_name_nobody_without_a_reason(network, olav, body_id):
    run = network.runtime
    ids = three_meetings(run, olav, body_id)
    with pytest.raises(MeetingRefusedError, match="names"):
        agree_action(run, olav, ids["under_way"], an_action(HELD, what="Ringe Kari Nordmann"))
    named = FollowUp(ActionStatus.DONE, "Kari Nordmann har ringt", None, "")
    with pytest.raises(MeetingRefusedError, match="names"):
        follow_up(run, olav, ids["action_id"], named)
    follow_up(run, olav, ids["action_id"], replace(named, reason="Hun er ordfører"))
    (action,) = show_meeting(run, olav, ids["ended"]).actions
    assert action.note_kept_because == "Hun er ordfører"


@ON_ONE_ENGINE
def test_an_earlier_meeting_knows_nothing_of_a_later_ones_actions(network, olav, body_id):
    run = network.runtime
    ids = three_meetings(run, olav, body_id)
    before = prepare_meeting(run, olav, body_id, a_meeting(date(2026, 9, 1)))
    assert show_meeting(run, olav, before).carried == ()
    assert len(show_meeting(run, olav, ids["under_way"]).carried) == 1
