"""The pages of reviews: suspended accounts and the monthly control."""

from datetime import UTC, datetime

import pytest

from bti.domain.errors import AccessDenied
from bti.workflows import bait, case
from bti.workflows.actor import SystemActor
from tests.integration.workflows.cases import new_case
from tests.web import case_site
from tests.web.case_site import signed_in, site

OCTOBER = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def app(world, monkeypatch):
    """The pages that are tested, with the others' stand-ins."""
    features = (*case_site.FEATURES, "review", "control", "duty", "report")
    monkeypatch.setattr(case_site, "FEATURES", features)
    return site(world)


def link(page, part):
    """The first link on a page whose address holds this."""
    return next(one.get("href") for one in page.dom.iter("a") if part in one.get("href", ""))


def test_a_bait_is_answered_like_nothing_and_the_officer_lets_the_person_in_again(world, app):
    doorway = world.runtime.doorway
    one, *_ = bait.plant(doorway, world.actor("per"), SystemActor("test"))
    odd = signed_in(world, "odd", app=app)
    missing = odd.get("/no-such-address")
    taken = odd.get(f"/cases/{one}/accesses")
    assert taken.status == missing.status == 404
    assert taken.text == missing.text
    assert odd.get("/account").status == 302
    anne = signed_in(world, "anne", app=app)
    assert "1 account was suspended" in anne.get("/insight").text
    listed = anne.get("/insight/reviews")
    assert "Odd Ness was suspended" in listed.text
    address = link(listed, "/suspensions/")
    assert "a child who does not exist" in anne.get(address).text
    assert anne.post(address, {"outcome": "fine", "found": ""}).status == 422
    assert anne.post(address, {"outcome": "fine", "found": "Feil lenke i e-post."}).status == 303
    assert "1 account was suspended" not in anne.get("/insight").text
    world.forget("odd")
    assert signed_in(world, "odd", app=app).get("/account").status == 200


def test_the_officer_goes_through_a_month_and_signs_it_off(world, app):
    for _ in range(3):
        with pytest.raises(AccessDenied):
            world.run("odd", case.show_case, case_id=new_case(world))
    world.clock.set(OCTOBER)
    anne = signed_in(world, "anne", app=app)
    month = anne.get("/insight/control")
    assert "Tried cases they have no part in" in month.text
    early = anne.post(f"{month.dom.find('.//main//form').get('action')}")
    assert early.status == 422
    assert "Review every finding first." in early.text
    address = link(month, "/findings/")
    shown = anne.get(address)
    assert "Was refused" in shown.text
    assert "Jonas" not in shown.text
    assert anne.post(address, {"outcome": "fine", "found": "Gammel lenke."}).status == 303
    again = anne.get("/insight/control")
    signed = anne.post(f"{again.dom.find('.//main//form').get('action')}")
    assert signed.status == 303
    assert "Signed off by Anne Ruud" in anne.get("/insight/control").text


def test_nobody_else_finds_the_pages(world, app):
    for who in ("ingrid", "asta", "vera", "hege"):
        client = signed_in(world, who, app=app)
        for address in ("/insight/control", "/insight/reviews"):
            assert client.get(address).status == 404
