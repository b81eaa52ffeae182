"""Bodies in the network database and on its pages: taken in, changed on record, closed to everybody else."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from bti.slt.account import create_account
from bti.slt.body import BodyKind, BodyLevel, Member, Said
from bti.slt.body_change import (
    BodyRefusedError,
    change_body,
    dissolve_body,
    import_bodies,
    make_body,
)
from bti.slt.body_file import load, shipped
from bti.slt.body_stored import show_bodies, show_body
from bti.slt.models import SltEvent
from bti.slt.perform import AccessDenied
from bti.web import slt_body_labels
from bti.web.forms.slt_body import BodyForm
from tests.integration.slt.samples import a_coordinator
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill

ON_ONE_ENGINE = pytest.mark.parametrize("network_url", ["sqlite"], indirect=True)


@pytest.fixture
def olav(network):
    return network.signed_in()[1]


def from_the_form(app, **given):  # noqa: F811 - the fixture above
    """A command as the page makes it from what was typed."""
    with app.test_request_context("/", method="POST", data=given):
        form = BodyForm()
        form.prepare()
        assert form.validate(), form.errors
        return form.to_command()


def test_bodies_are_taken_in_whole_once_and_every_change_stands_in_the_history(network, app):  # noqa: F811 - the fixture above
    olav = network.signed_in()[1]
    for key in shipped():
        create_account(
            network.runtime,
            a_coordinator(username=key, municipality_number=f"99{shipped().index(key) + 10}"),
        )
        import_bodies(network.runtime, load(key), f"99{shipped().index(key) + 10}")
    assert import_bodies(network.runtime, load("nordre_land"), "9901") == 4
    with pytest.raises(BodyRefusedError, match="exists"):
        import_bodies(network.runtime, load("nordre_land"), "9901")
    found = show_bodies(network.runtime, olav)
    assert [one.body for one in found] == [
        next(b for b in load("nordre_land").bodies if b.code == code)
        for code in ("steering", "regional", "coordinating", "executing")
    ]
    group = found[2]
    given = {"version": "1", "name": group.body.name, "kind": "coordinating_group"}
    given |= {"seats": "NAV; Barnevernet\nPolitikontakt", "decides_to": "12 000"}
    given |= {"limits": "\n".join(group.body.limits.lines), "individuals_forbidden": "yes"}
    command = from_the_form(app, **given)
    assert change_body(network.runtime, olav, group.id, command)
    page = show_body(network.runtime, olav, group.id)
    body = page.stored.body
    assert body.members == (Member("NAV", "Barnevernet"), Member("Politikontakt"))
    assert body.seats.place == ""
    assert body.limits == group.body.limits
    assert (body.decides_to, body.mandate) == (12_000, Said())
    changed = {one.part: (one.old, one.new, one.account_id) for one in page.changes}
    assert changed["decides_to"] == ("10000", "12000", olav.account_id)
    assert changed["imported"][1:] == ("Handlingsplan SLT 2022–2025", None)
    assert "limits" not in changed
    with pytest.raises(BodyRefusedError, match="changed"):
        change_body(network.runtime, olav, group.id, command)
    with network.runtime.sessions() as session, session.begin():
        kinds = session.scalars(select(SltEvent.kind)).all()
        assert {"body:import", "body:read", "body:change"} <= set(kinds)
    for statement in ("UPDATE body_changes SET reason = 'x'", "DELETE FROM body_changes"):
        with pytest.raises(DatabaseError), network.runtime.engine.begin() as connection:
            connection.execute(text(statement))


@ON_ONE_ENGINE
def test_nobody_of_another_municipality_reaches_a_body(network, olav, app):  # noqa: F811 - the fixture above
    with pytest.raises(BodyRefusedError, match="municipality"):
        import_bodies(network.runtime, load("moss"), "9999")
    create_account(network.runtime, a_coordinator(username="kim", municipality_number="9902"))
    import_bodies(network.runtime, load("moss"), "9902")
    assert show_bodies(network.runtime, olav) == ()
    command = from_the_form(app, name="Vårt råd", kind="police_council")
    own = make_body(network.runtime, olav, command)
    assert [one.id for one in show_bodies(network.runtime, olav)] == [own]
    dissolve_body(network.runtime, olav, own, 1)
    with pytest.raises(BodyRefusedError, match="over"):
        change_body(network.runtime, olav, own, replace(command, version=2, name="Et annet"))
    kim = type(olav)(**{**_fields(olav), "municipality_number": "9902"})
    (theirs, *_) = show_bodies(network.runtime, kim)
    for wanted in (theirs.id, olav.account_id):
        with pytest.raises(AccessDenied, match=r"body\.unknown"):
            show_body(network.runtime, olav, wanted)


def _fields(who):
    return {name: getattr(who, name) for name in who.__slots__}


def test_a_working_group_is_made_changed_and_dissolved_on_the_pages(client, side):  # noqa: F811 - fixtures
    _enter(client, side)
    assert "There are no bodies here yet" in client.get("/network/bodies").text
    import_bodies(side.runtime, load("moss"), "9901")
    listed = client.get("/network/bodies")
    assert [one.text for one in listed.all("h2")][:3] == [
        "Steering level",
        "Coordinating level",
        "Executing level",
    ]
    blank = client.get("/network/bodies/new")
    given = fill(blank, name="Arbeidsgruppe russetid", kind="working_group", seats="Rektor; FAU")
    refused = client.post("/network/bodies/new", given)
    assert refused.status == 422
    assert "Write what the working group is for." in refused.text
    assert fill(refused)["seats"] == "Rektor; FAU"
    given |= {"purpose": "Gutten på 14 i 9B og Kari Nordmann.", "ends": "2026-12-20"}
    warned = client.post("/network/bodies/new", given)
    assert warned.status == 422
    assert "9B, Kari, Nordmann" in " ".join(warned.text.split())
    assert fill(warned)["purpose"] == given["purpose"]
    made = client.post("/network/bodies/new", {**given, "reason": "Prøve av varselet"})
    page = client.follow(made)
    assert "Kept because: Prøve av varselet" in page.text
    assert "deputy: FAU" in " ".join(page.text.split())
    address = page.response.request.path
    page = client.follow(client.post(f"{address}/dissolve", {"version": "1"}))
    assert "Dissolved 22" in page.text.replace("\xa0", " ")
    assert client.get(f"{address}/edit").status == 404
    again = client.post(f"{address}/dissolve", {"version": "2"})
    assert again.status == 409
    assert "Dissolved, or past the last day" in client.get("/network/bodies").text


def test_every_code_of_a_body_has_words():
    assert set(slt_body_labels.KIND) == set(BodyKind)
    assert set(slt_body_labels.LEVEL) == set(BodyLevel)
