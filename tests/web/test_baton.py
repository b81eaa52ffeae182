import uuid

import pytest

from bti.db.models import BatonOffer
from tests.integration.workflows.cases import agreed, holder, log_open, new_case, offered, rows
from tests.integration.workflows.test_participant import invite
from tests.web.sharing_site import site
from tests.web.small_site import client_for


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def case_id(world):
    made = new_case(world)
    log_open(world, made)
    return made


def start(client, address):
    return client.get(address).form(address)


def chosen(world, who, unit="school"):
    return f"{world.accounts[who]}:{world.units[unit]}"


def offer(world, client, case_id, who, **more):
    address = f"/cases/{case_id}/baton/offer"
    hidden = start(client, address)
    typed = {"to": chosen(world, who), "message": "Ring mor først."}
    return client.post(address, {**hidden, **typed, **more})


def answering(case_id, world):
    (row,) = [one for one in rows(world, BatonOffer) if one.open_slot]
    return f"/cases/{case_id}/baton/offers/{row.id}"


def test_the_baton_goes_from_hand_to_hand(world, app, case_id):
    ingrid = client_for(world, app, "ingrid")
    page = ingrid.follow(offer(world, ingrid, case_id, "per"))
    assert "You have it until the other has said yes." in page.text
    assert "It is offered to Per Dahl." in page.text
    assert holder(world, case_id) == world.accounts["ingrid"]

    per = client_for(world, app, "per")
    address = answering(case_id, world)
    hidden = start(per, address)
    page = per.follow(per.post(address, {**hidden, "answer": "yes"}))
    assert "Per Dahl (you)" in page.text
    assert "Before: Ingrid Solberg, until 1 September" in page.text
    assert holder(world, case_id) == world.accounts["per"]


def test_a_no_is_said_in_the_same_form(world, app, case_id):
    invite(world, case_id, "per", "school")
    ingrid = client_for(world, app, "ingrid")
    offer(world, ingrid, case_id, "per")
    per = client_for(world, app, "per")
    address = answering(case_id, world)
    assert "Ring mor først." in per.get(address).text
    hidden = start(per, address)
    page = per.post(address, {**hidden, "answer": "no", "reason": "Ikke nå."})
    assert page.response.headers["Location"] == "/my-day"
    assert holder(world, case_id) == world.accounts["ingrid"]
    late = per.post(address, {**hidden, "answer": "yes"})
    assert late.status == 422
    assert late.heading == "The offer is over"


def test_taking_back_and_moving(world, app, case_id):
    ingrid, siv = client_for(world, app, "ingrid"), client_for(world, app, "siv")
    offer(world, ingrid, case_id, "per")
    address = f"{answering(case_id, world)}/withdraw"
    hidden = start(ingrid, address)
    assert "The offer is taken back." in ingrid.follow(ingrid.post(address, hidden)).text
    address = f"/cases/{case_id}/baton/reassign"
    hidden = start(siv, address)
    empty = siv.post(address, {**hidden, "to": chosen(world, "per"), "reason": " "})
    assert empty.status == 422
    page = siv.post(address, {**hidden, "to": chosen(world, "per"), "reason": "Sykmeldt."})
    assert "The baton is moved." in siv.follow(page).text
    assert holder(world, case_id) == world.accounts["per"]


def test_only_people_in_the_services_of_the_case_can_be_chosen(world, app, case_id):
    ingrid = client_for(world, app, "ingrid")
    page = offer(world, ingrid, case_id, "nina", to=chosen(world, "nina", "pps"))
    assert page.status == 422
    agreed(world, case_id, "pps")
    page = offer(world, ingrid, case_id, "nina", to=chosen(world, "nina", "pps"))
    assert page.status == 303


def test_an_old_form_is_a_conflict(world, app, case_id):
    ingrid = client_for(world, app, "ingrid")
    address = f"/cases/{case_id}/baton/offer"
    hidden = start(ingrid, address)
    agreed(world, case_id, "pps")
    page = ingrid.post(address, {**hidden, "to": chosen(world, "per"), "message": "Ring mor."})
    assert page.status == 409
    assert "Ring mor." in page.text


@pytest.mark.parametrize("path", ["offer", "reassign", f"offers/{uuid.UUID(int=7)}"])
def test_outsiders_meet_a_page_that_does_not_exist(world, app, case_id, path):
    kari = client_for(world, app, "kari")
    hidden = kari.get(f"/cases/{case_id}/baton/{path}")
    missing = kari.get(f"/cases/{uuid.uuid4()}/baton/{path}")
    assert hidden.status == missing.status == 404
    assert hidden.text == missing.text


def test_no_stranger_answers_for_the_one_who_was_asked(world, app, case_id):
    offer_id = offered(world, case_id, "per")
    siv = client_for(world, app, "siv")
    siv.get(f"/cases/{case_id}")
    page = siv.post(f"/cases/{case_id}/baton/offers/{offer_id}", {"answer": "yes"})
    assert page.status == 404
    assert holder(world, case_id) == world.accounts["ingrid"]
