"""A case goes to another service, on the pages of the one and of the other."""

import uuid

import pytest

from bti.db.models import BatonOffer
from bti.domain.codes import InfoType
from bti.web import labels, messages
from bti.web.views import consent, extract, guardian, proposal
from bti.web.views import move as pages
from tests.integration.workflows.cases import agreed, holder, log_open, new_case, rows, write
from tests.integration.workflows.test_move import DRAWS, MEASURES, OWN, owner
from tests.web.small_site import client_for, site_of


def words(app):
    labels.register(app)
    messages.register(app)


@pytest.fixture
def app(world):
    return site_of(
        world,
        pages,
        consent,
        extract,
        guardian,
        proposal,
        own=("move.", "consent.", "extract.", "guardian.", "proposal."),
        also=words,
    )


@pytest.fixture
def case_id(world):
    made = new_case(world)
    log_open(world, made)
    write(world, "ingrid", made, InfoType.MEASURES, DRAWS)
    write(world, "ingrid", made, InfoType.OWN, OWN)
    return made


def test_what_goes_along_is_looked_at_first_and_the_school_says_yes(world, app, case_id):
    ingrid, mona = client_for(world, app, "ingrid"), client_for(world, app, "mona")
    address = f"/cases/{case_id}/move"
    assert "No service is let in by consent yet." in ingrid.get(address).text
    agreed(world, case_id, "kindergarten", info_types=MEASURES)
    typed = {
        **ingrid.get(address).form(address),
        "to": f"{world.accounts['mona']}:{world.units['kindergarten']}",
        "talked_on": "2026-09-01",
        "message": "Ring mor først.",
    }
    seen = ingrid.post(address, {**typed, "shape": "look"}).text
    assert DRAWS in seen
    assert OWN not in seen
    assert "The service's own notes: 1" in seen
    assert ingrid.post(address, {**typed, "shape": "ask", "talked_on": ""}).status == 422
    assert ingrid.post(address, {**typed, "shape": "ask"}).status == 303
    assert "has not answered yet" in ingrid.get(address).text

    (offer,) = rows(world, BatonOffer)
    there = f"{address}/{offer.id}"
    asked = mona.get(there)
    assert "Ring mor først." in asked.text
    assert DRAWS not in asked.text
    hidden = asked.form(there)
    assert mona.post(there, {**hidden, "answer": "no", "reason": " "}).status == 422
    assert mona.post(there, {**hidden, "answer": "yes"}).status == 303
    assert owner(world, case_id) == world.units["kindergarten"]
    assert holder(world, case_id) == world.accounts["mona"]
    assert DRAWS in mona.get(f"{there}/package").text
    gone = ingrid.get(address)
    assert gone.status == 404
    assert gone.text == ingrid.get(f"/cases/{uuid.uuid4()}/move").text
