"""Releases of several municipalities: who reads them, that nothing else opens with them, and how they are shown."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bti.slt.account import create_account
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies, show_body
from bti.slt.indicator_change import BringIn, import_indicators
from bti.slt.indicator_file import load as load_indicators
from bti.slt.indicator_stored import show_indicators
from bti.slt.perform import AccessDenied
from bti.slt.plan import Wanted
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load as load_plan
from bti.slt.plan_show import show_plan
from bti.slt.region import GrantRefusedError, end_grant, grant_releases, reads_more, show_region
from bti.slt.release import publish_release, show_release
from bti.slt.role import NetworkRole
from bti.slt.seat import end_account
from tests.integration.slt.samples import a_coordinator, a_release, read
from tests.integration.slt.test_pages import SVG, _enter, _table, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_roles import someone

WHY = "Felles SLT-koordinator fra 2026."
OLAV = "olav.lien"


def kinds(network):
    with network.runtime.engine.begin() as connection:
        return connection.execute(text("SELECT kind FROM slt_events ORDER BY at")).scalars().all()


def test_a_grant_opens_published_releases_and_nothing_else_of_a_neighbour(network):
    run, (_, olav) = network.runtime, network.signed_in()
    made = create_account(run, replace(a_coordinator(username="nabo"), municipality_number="9902"))
    nabo = replace(olav, account_id=made.id, municipality_number="9902")
    theirs = a_release(150, number="9902")
    publish_release(run, theirs, by="Anne Ruud")
    plan_id = import_plan(run, load_plan("moss-2025"), "9902")
    import_bodies(run, load_bodies("nordre_land"), "9902")
    about, table = load_indicators("aukra-ungdata-2024")
    import_indicators(run, BringIn(table, about), "9902")
    assert [one.number for one in show_region(run, olav)] == ["9901"]
    grant_releases(run, OLAV, "9902", "Furuvik kommune", WHY)
    assert reads_more(run, olav)
    own, other = show_region(run, olav)
    assert (own.releases, other.name) == ((), "Furuvik kommune")
    assert [one.sha256 for one in other.releases] == [read(theirs).sha256()]
    assert kinds(network)[-2:] == ["release:grant", "release:read"]
    # Everything else is as closed as it was.
    assert show_release(run, olav).release is None
    assert show_bodies(run, olav) == ()
    assert show_indicators(run, olav).files == ()
    for act in (
        lambda: show_plan(run, olav, plan_id, Wanted()),
        lambda: show_body(run, olav, show_bodies(run, nabo)[0].id),
        lambda: show_release(run, olav, "2026H1"),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert [one.number for one in show_region(run, nabo)] == ["9902"]
    end_grant(run, OLAV, "9902", "Stillingen er delt igjen.")
    assert [one.number for one in show_region(run, olav)] == ["9901"]
    assert not reads_more(run, olav)


def test_a_grant_is_a_coordinators_has_a_reason_and_is_its_own_history(network):
    run = network.runtime
    reader, _ = someone(network, NetworkRole.COUNCIL_READER, "rolf")
    for username, number, name, why, code in (
        ("nobody", "9902", "Furuvik", WHY, "account"),
        ("rolf", "9902", "Furuvik", WHY, "role"),
        (OLAV, "9901", "Lindvik", WHY, "municipality"),
        (OLAV, "99", "Furuvik", WHY, "municipality"),
        (OLAV, "9902", " ", WHY, "municipality"),
        (OLAV, "9902", "Furuvik", "kort", "reason"),
    ):
        with pytest.raises(GrantRefusedError, match=code):
            grant_releases(run, username, number, name, why)
    with pytest.raises(AccessDenied):
        show_region(run, reader)
    grant_releases(run, OLAV, "9902", "Furuvik", WHY)
    with pytest.raises(GrantRefusedError, match="there"):
        grant_releases(run, OLAV, "9902", "Furuvik", WHY)
    end_grant(run, OLAV, "9902", WHY)
    with pytest.raises(GrantRefusedError, match="unknown"):
        end_grant(run, OLAV, "9902", WHY)
    for number in range(9902, 9914):
        grant_releases(run, OLAV, str(number), "Furuvik", WHY)
    with pytest.raises(GrantRefusedError, match="full"):
        grant_releases(run, OLAV, "9920", "Furuvik", WHY)
    end_account(run, OLAV)
    with run.engine.begin() as connection:
        count = "SELECT count(*) FROM release_grants WHERE ended_at IS NULL"
        assert connection.execute(text(count)).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM release_grants")).scalar() == 13
    for act in ("UPDATE release_grants SET reason = 'x'", "DELETE FROM release_grants"):
        with pytest.raises(DBAPIError, match="frozen"), run.engine.begin() as connection:
            connection.execute(text(act))


def test_municipalities_stand_side_by_side_with_hidden_and_missing_told_apart(side, client):  # noqa: F811 - fixtures
    first = a_release(400, period="2025H2")
    for one in (first, a_release(20, known=(first,)), a_release(150, number="9902")):
        publish_release(side.runtime, one, by="Anne Ruud")
    _enter(client, side)
    assert not client.get("/network/").all("a", href="/network/region")
    assert "no other municipality's published numbers" in client.get("/network/region").text
    grant_releases(side.runtime, OLAV, "9902", "Furuvik kommune", WHY)
    assert client.get("/network/").all("a", href="/network/region")
    page = client.get("/network/region?show=course.closed")
    head, own, other = _table(page, "What became of it: Closed")
    assert head[1:] == ["Second half of 2025", "First half of 2026", "Children who live there"]
    counts = []
    for one in (first, a_release(20, known=(first,)), a_release(150, number="9902")):
        outcomes = {table.dimensions[0]: table for table in read(one).tables}["course"]
        value = outcomes.numbers[outcomes.labels[0].index("closed")]
        counts.append("hidden" if value is None else str(value))
    assert own == ["Lindvik kommune", *counts[:2], "2\u00a0400"]
    assert other == ["Furuvik kommune", "–not published", counts[2], "2\u00a0400"]
    assert "hidden" in counts
    assert len(page.all(f"{SVG}svg", role="img")) == 2
    # No way from here into another municipality, and no number that nobody has published.
    assert not [a for a in page.all("a") if "9902" in (a.get("href") or "")]
    assert client.get("/network/region?show=nothing").status == 404
