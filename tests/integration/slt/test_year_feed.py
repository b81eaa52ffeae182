"""The year as a calendar at a secret address: what stands in it, and who can still read it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, text

from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies
from bti.slt.models import SltEvent
from bti.slt.role import NetworkRole
from bti.slt.seat import end_account
from bti.slt.year_change import change_task, import_year, make_task
from bti.slt.year_feed import end_feed, make_feed, read_feed, show_feed
from bti.slt.year_file import load
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_roles import someone
from tests.integration.slt.test_year import ON_ONE_ENGINE, a_task
from tests.web.critic import CriticClient
from tests.web.meeting_site import three_meetings

#: The nights of summer time in Norway, in 2026 and 2027.
CLOCKS = [(3, 29, 2026), (10, 25, 2026), (3, 28, 2027), (10, 31, 2027)]


def test_an_address_is_kept_as_a_digest_and_ends_when_it_is_replaced_or_its_account_ends(network):
    run, (_, olav) = network.runtime, network.signed_in()
    assert show_feed(run, olav) is None
    assert not end_feed(run, olav)
    first = make_feed(run, olav)
    assert (show_feed(run, olav).reads, len(first)) == (0, 43)
    assert read_feed(run, first).entries == ()
    assert show_feed(run, olav).reads == 1
    second = make_feed(run, olav)
    assert read_feed(run, first) is None
    assert read_feed(run, second) is not None
    with run.engine.begin() as connection:
        kept = connection.execute(text("SELECT token_digest FROM year_feeds")).scalars().all()
    assert not {first.encode(), second.encode()} & {bytes(one) for one in kept}
    assert end_feed(run, olav)
    assert read_feed(run, second) is None
    third = make_feed(run, olav)
    end_account(run, "olav.lien")
    assert read_feed(run, third) is None
    with run.sessions() as session, session.begin():
        kinds = [one for one in session.scalars(select(SltEvent.kind)) if one.startswith("feed:")]
    assert (kinds.count("feed:make"), kinds.count("feed:end")) == (3, 2)


@ON_ONE_ENGINE
def test_a_calendar_says_no_name_no_minutes_and_no_private_note(network):
    run, (_, olav) = network.runtime, network.signed_in()
    import_bodies(run, load_bodies("nordre_land"), "9901")
    council = next(one for one in show_bodies(run, olav) if one.body.code == "steering")
    held = three_meetings(run, olav, council.id)
    make_task(run, olav, a_task(title="Ringe Kari Nordmann", reason="Hun er kjent"))
    own = make_task(run, olav, a_task(months=(), day=None))
    entries = read_feed(run, make_feed(run, olav)).entries
    meetings = {one.uid for one in entries if one.body_kind is not None}
    assert meetings == {str(held["under_way"]), str(held["ended"])}
    assert {one.title for one in entries} == {""}
    assert not any(str(own) in one.uid for one in entries), "it has no day"
    reader, _ = someone(network, NetworkRole.COUNCIL_READER, "rolf")
    seen = read_feed(run, make_feed(run, reader)).entries
    assert {one.uid for one in seen if one.body_kind is not None} == {str(held["ended"])}
    member, _ = someone(network, NetworkRole.MEMBER, "mina")
    assert not [one for one in read_feed(run, make_feed(run, member)).entries if one.body_kind]


@ON_ONE_ENGINE
def test_an_entry_keeps_its_id_when_its_day_is_moved(network):
    run, (_, olav) = network.runtime, network.signed_in()
    own, secret = make_task(run, olav, a_task()), make_feed(run, olav)
    before = read_feed(run, secret).entries[0]
    assert (before.uid, before.day) == (f"{own}-2026-11", date(2026, 11, 30))
    change_task(run, olav, own, a_task(version=1, day=24))
    after = read_feed(run, secret).entries[0]
    assert (after.uid, after.day) == (before.uid, date(2026, 11, 24))
    assert after.sequence > before.sequence


def test_a_calendar_program_reads_whole_days_without_signing_in(app, client, side):  # noqa: F811 - fixtures
    run, (_, olav) = side.runtime, side.signed_in()
    import_year(run, load("aukra"), "9901")
    for month, day, year in CLOCKS:
        make_task(run, olav, a_task(title="Klokka", months=(month,), day=day, only_year=year))
    _enter(client, side)
    assert "You have no address." in client.get("/network/year/calendar").text
    page = client.post("/network/year/calendar/make", {})
    (address,) = [one.text for one in page.all("code")]
    assert address not in client.get("/network/year/calendar").text
    path = address[address.index("/network/") :]

    program = CriticClient(app).client
    answer = program.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    by_title = {str(one["summary"]): one for one in events}
    assert "Politi og SLT-koordinator møter ungdomsrådet" not in by_title, "it has no day"
    for event in events:
        begins, ends = event.decoded("dtstart"), event.decoded("dtend")
        assert type(begins) is date
        assert ends - begins == timedelta(days=1)
    clocks = {one.decoded("dtstart") for one in events if one["summary"] == "Klokka"}
    assert clocks == {date(year, month, day) for month, day, year in CLOCKS}
    assert len({one["uid"] for one in events}) == len(events)
    assert "Olav" not in answer.text
    assert "It was read 1 time" in client.get("/network/year/calendar").text

    client.post("/network/year/calendar/end", {})
    ended = program.get(path)
    for wrong in ("x", "a" * 43, "%20", path.split("/")[-1].removesuffix(".ics")[:-1] + "-"):
        other = program.get(f"/network/year/feeds/{wrong}.ics")
        assert (
            (other.status_code, other.data)
            == (ended.status_code, ended.data)
            == (404, b"Not found.\n")
        )
        assert dict(other.headers) == dict(ended.headers)


@pytest.mark.parametrize("network_url", ["sqlite"], indirect=True)
def test_a_day_is_the_day_in_norway(network):
    run, (_, olav) = network.runtime, network.signed_in()
    secret = make_feed(run, olav)
    make_task(run, olav, a_task(months=(1,), day=1))
    # Half past eleven in the evening in UTC is the new year in Norway.
    network.clock.set(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert [one.day.year for one in read_feed(run, secret).entries] == [2027, 2028]
