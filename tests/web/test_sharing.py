"""The page about sharing without consent."""

import pytest

from bti.db.models import Consent, ConsentCell
from tests.integration.workflows.cases import new_case, rows
from tests.integration.workflows.test_sharing import NEEDED, WORTH_IT
from tests.web.sharing_site import site
from tests.web.small_site import client_for


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def case_id(world):
    return new_case(world)


def wanted(world, **more):
    return {
        "gate": "purpose",
        "to_unit": str(world.units["pps"]),
        "info_types": ["attendance"],
        "necessity": NEEDED,
        "proportionality": WORTH_IT,
        "until": "2026-09-10",
        **more,
    }


def test_from_a_written_ground_to_a_leaders_yes(world, app, case_id):
    ingrid, siv = client_for(world, app, "ingrid"), client_for(world, app, "siv")
    address = f"/cases/{case_id}/sharing/"
    assert ingrid.get(f"/cases/{case_id}").all("a", href=address)
    hidden = ingrid.get(address).form(address)
    short = ingrid.post(address, {**hidden, **wanted(world, necessity="Fordi.")})
    assert (short.status, "Write at least 40 characters." in short.text) == (422, True)
    page = ingrid.follow(ingrid.post(address, {**hidden, **wanted(world)}))
    assert "Nothing is shared before it is opened." in page.text
    assert "The leader of the service opens this" in page.text
    (row,) = rows(world, Consent)
    opening = f"{address}{row.id}/open"
    refused = ingrid.post(opening)
    assert (refused.status, "The leader of the service must open this." in refused.text) == (
        422,
        True,
    )
    siv.get(address)
    assert "Open until 10 September 2026" in siv.follow(siv.post(opening)).text
    assert len(rows(world, ConsentCell)) == 1
    siv.get(address)
    assert "Stopped 1 September 2026" in siv.follow(siv.post(f"{address}{row.id}/stop")).text


def test_a_form_without_a_gate_is_asked_for_one(world, app, case_id):
    ingrid = client_for(world, app, "ingrid")
    address = f"/cases/{case_id}/sharing/"
    hidden = ingrid.get(address).form(address)
    page = ingrid.post(address, {**hidden, **wanted(world, gate="")})
    assert page.status == 422
    made_up = ingrid.post(address, {**hidden, **wanted(world, gate="health_care")})
    assert made_up.status == 422
    assert rows(world, Consent) == []
