"""A whole site on a port of its own, and people with a browser each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from bti.slt import migrate
from bti.slt.account import NewAccount, create_account
from bti.slt.release import publish_release
from bti.web.site import open_site
from tests.browser.visitor import DESK, PHONE, Door, House
from tests.integration.slt.samples import a_release
from tests.world import CHEAP, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.world import World

COORDINATOR = "olav.lien"


@pytest.fixture
def house(world: World, browser: Browser) -> Iterator[House]:
    """The site as it is served, with both sides, and the door to it."""
    settings = world.runtime.settings
    migrate.upgrade(settings.slt_database_url)
    app = open_site(settings, clock=world.clock, cost=CHEAP)
    network = app.extensions["bti.slt"]
    olav = create_account(
        network,
        NewAccount(COORDINATOR, "Olav Lien", "9901", "Lindvik kommune", password=SECRET),
    )
    publish_release(network, a_release(150), by="Anne Ruud")
    # Port 0: the system gives a free one, so that workers never meet.
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    door = Door(f"http://127.0.0.1:{server.port}", olav.totp_secret, COORDINATOR, network)
    opened = House(world, browser, door)
    yield opened
    opened.close()
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["bti"].close()
    network.close()


@pytest.fixture(params=["desks-and-phones", "phones-without-script"])
def house_each_way(house: House, request: pytest.FixtureRequest) -> House:
    """The site for desks and phones, with every page looked at as both, and for phones that run no script."""
    if request.param == "phones-without-script":
        house.width, house.scripted = PHONE, False
    else:
        # Who is out among children has a phone in hand.
        house.on_phone = frozenset({"ingrid", "nina", "turid"})
        house.looked_at = (PHONE, DESK)
    return house
