"""The leader's page of what lies, and the page of who is away."""

from datetime import timedelta

from bti.db.models import AbsencePeriod, Case
from tests.integration.workflows import cases
from tests.web.case_site import signed_in


def test_the_leader_sees_counts_and_colleagues_and_no_child(world):
    case_id = cases.new_case(world)
    number = cases.rows(world, Case, Case.id == case_id)[0].number
    world.clock.advance(timedelta(days=22))
    shown = signed_in(world, "siv").get("/follow-up").text
    assert "The way on from a concern is not decided" in shown
    assert "Ingrid Solberg: 1" in shown
    assert "1 is yours to act on" in shown
    for hidden in ("Jonas", number, str(case_id)):
        assert hidden not in shown
    assert signed_in(world, "ingrid").get("/follow-up").status == 404


def test_somebody_writes_when_they_are_away_and_takes_it_back(world):
    client = signed_in(world, "ingrid")
    day = (world.clock.now() + timedelta(days=1)).date().isoformat()
    client.get("/absence")
    said = {
        "who": str(world.accounts["ingrid"]),
        "from_on": day,
        "to_on": day,
        "substitute": str(world.accounts["per"]),
    }
    refused = client.post("/absence", {**said, "to_on": "2026-01-01"})
    assert refused.status == 422
    assert "The last day cannot be before the first." in refused.text
    assert client.post("/absence", said).status == 303
    shown = client.get("/absence")
    assert "Per Dahl stands in" in shown.text
    (row,) = cases.rows(world, AbsencePeriod)
    assert client.post(f"/absence/{row.id}/withdraw").status == 303
    assert "Per Dahl stands in" not in client.get("/absence").text
