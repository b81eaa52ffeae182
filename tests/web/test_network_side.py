"""The wall between the sides: the coordinator meets no child, a case worker no numbers."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from flask import Flask

from bti.identity.totp import code_at
from bti.slt import migrate
from bti.slt.account import create_account
from bti.slt.release import publish_release
from bti.web import access
from bti.web.network import EXTENSION
from bti.web.site import open_site
from bti.workflows.case_file import case_row
from tests.integration.slt.samples import PASSWORD, a_coordinator, a_release
from tests.integration.workflows.cases import log_open, new_case
from tests.web.critic import CriticClient, Page
from tests.world import CHEAP, PEOPLE, World

CHILD = "Jonas"
CASE_PUBLIC = {
    name
    for name, rule in access.ROUTES.items()
    if isinstance(rule.access, access.Public) and not name.startswith("slt.")
}
CASE_CLOSED = sorted(
    name for name in set(access.ROUTES) - CASE_PUBLIC if not name.startswith("slt.")
)
NETWORK_CLOSED = sorted(
    name for name, rule in access.ROUTES.items() if isinstance(rule.access, access.Network)
)


@pytest.fixture
def app(world: World) -> Flask:
    """Both sides in one process: the weakest arrangement there is."""
    migrate.upgrade(world.runtime.settings.slt_database_url)
    return open_site(world.runtime.settings, clock=world.clock, cost=CHEAP)


@pytest.fixture
def case_id(world: World) -> uuid.UUID:
    made = new_case(world, "ingrid")
    log_open(world, made)
    return made


@pytest.fixture
def olav(app: Flask, world: World, case_id: uuid.UUID) -> CriticClient:
    """A browser that is signed in on the network side."""
    network = app.extensions[EXTENSION]
    made = create_account(network, a_coordinator())
    publish_release(network, a_release(150), by="Hege Moen")
    client = CriticClient(app)
    client.get("/network/sign-in")
    code = code_at(made.totp_secret, world.clock.now())
    entered = client.post(
        "/network/sign-in", {"username": "olav.lien", "password": PASSWORD, "code": code}
    )
    assert entered.status == 303
    assert client.get("/network/").status == 200
    return client


def _address(app: Flask, endpoint: str, case_id: uuid.UUID) -> tuple[str, set[str]]:
    """The address of an endpoint, about a real case, and the methods it answers."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    rule = rules[0]
    known = {
        "case_id": case_id,
        "period": "2026H1",
        "step": "seen",
        "part": "common",
        "paper": "report.pdf",
    }
    values = {name: known.get(name, uuid.uuid4()) for name in rule.arguments}
    with app.test_request_context():
        methods = set().union(*(one.methods or set() for one in rules))
        return app.url_for(endpoint, **values), methods & {"GET", "POST"}


def _tried(client: CriticClient, path: str, methods: set[str]) -> list[Page]:
    pages = []
    if "GET" in methods:
        pages.append(client.get(path))
    if "POST" in methods:
        pages.append(client.post(path, {"confirm": "yes"}))
    return pages


def test_the_coordinator_reaches_no_page_of_the_case_side(
    app: Flask, world: World, olav: CriticClient, case_id: uuid.UUID
):
    number = world.run("ingrid", _number, case_id=case_id)
    assert len(CASE_CLOSED) > 40
    for endpoint in CASE_CLOSED:
        path, methods = _address(app, endpoint, case_id)
        for page in _tried(olav, path, methods):
            assert page.status in {302, 401, 404}, (endpoint, page.status)
            said = page.response.get_data(as_text=True)
            assert CHILD not in said, endpoint
            assert number not in said, endpoint
            assert str(case_id) not in said, endpoint


def test_public_pages_tell_the_coordinator_of_no_child(
    app: Flask, world: World, olav: CriticClient, case_id: uuid.UUID
):
    number = world.run("ingrid", _number, case_id=case_id)
    for endpoint in sorted(CASE_PUBLIC - {"static_file", "language"}):
        path, methods = _address(app, endpoint, case_id)
        if "GET" in methods:
            said = olav.get(path).response.get_data(as_text=True)
            assert CHILD not in said, endpoint
            assert number not in said, endpoint


def _number(context, *, case_id):
    context.verbs.subject()
    return case_row(context, case_id).number


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_a_case_workers_session_opens_nothing_on_the_network_side(
    app: Flask, world: World, case_id: uuid.UUID, who: str
):
    publish_release(app.extensions[EXTENSION], a_release(150), by="Hege Moen")
    client = CriticClient(app)
    client.client.set_cookie("st_session", world.token(who))
    assert client.get("/account").status == 200, "the session itself works"
    for endpoint in NETWORK_CLOSED:
        path, methods = _address(app, endpoint, case_id)
        for page in _tried(client, path, methods):
            assert page.status == 404, (endpoint, page.status)
            assert "2026" not in page.text


def test_a_case_token_in_the_network_cookie_is_nobody(app: Flask, world: World, case_id: uuid.UUID):
    client = CriticClient(app)
    client.client.set_cookie("st_network", world.token("siv"))
    for endpoint in NETWORK_CLOSED:
        path, methods = _address(app, endpoint, case_id)
        for page in _tried(client, path, methods):
            assert page.status in {302, 400, 401}, (endpoint, page.status)


def test_a_network_token_in_the_case_cookie_is_nobody(
    app: Flask, olav: CriticClient, case_id: uuid.UUID
):
    cookie = olav.client.get_cookie("st_network")
    assert cookie is not None
    thief = CriticClient(app)
    thief.client.set_cookie("st_session", cookie.value)
    assert thief.get(f"/cases/{case_id}").status == 302
    assert thief.get("/account").status == 302


def test_the_made_up_coordinator_exists_in_demo_mode_only(app: Flask, olav: CriticClient):
    client = CriticClient(app)
    client.get("/network/sign-in")
    assert client.post("/network/sign-in/demo").status == 404
    assert client.get("/network/").status == 302


_PROBE = """
import json, sys
from contextlib import ExitStack
from bti.cli import main
from bti.cli.serve import build
from bti.settings import load_settings
settings = load_settings()
assert main.get_command(None, "serve") is not None
app = build(settings, ExitStack())
client = app.test_client()
print(json.dumps({
    "database": settings.database_url,
    "key": str(settings.root_key_file) if settings.root_key_file else None,
    "runtime": repr(app.extensions["bti"]),
    "statuses": [client.get(path).status_code
                 for path in ("/cases/%s" % ("0" * 8), "/sign-in", "/network/sign-in")],
    "modules": sorted(name for name in sys.modules if name.startswith("bti.")),
}))
"""
CASE_MODULES = ("bti.db", "bti.crypto", "bti.keyd", "bti.audit", "bti.workflows", "bti.bootstrap")


def _network_process(tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "BTI_MODE": "test",
        "BTI_SERVE": "network",
        "BTI_VAR_DIR": str(tmp_path / "var"),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", _PROBE],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_network_process_has_neither_case_database_nor_keys(tmp_path: Path):
    migrate.upgrade(f"sqlite:///{tmp_path}/var/slt.sqlite")
    done = _network_process(tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["database"] is None
    assert found["key"] is None
    assert found["runtime"] == "None"
    assert found["statuses"] == [404, 404, 200]
    loaded = [name for name in found["modules"] if name.startswith(CASE_MODULES)]
    assert loaded == []
    files = {path.name for path in (tmp_path / "var").rglob("*") if path.is_file()}
    assert "root.key" not in files
    assert "stafett.sqlite" not in files


@pytest.mark.parametrize(
    ("name", "value"),
    [("BTI_DATABASE_URL", "sqlite:///x.sqlite"), ("BTI_ROOT_KEY_FILE", "root.key")],
)
def test_a_network_process_does_not_start_with_a_case_setting(
    tmp_path: Path, name: str, value: str
):
    done = _network_process(tmp_path, **{name: value})
    assert done.returncode != 0
    assert "may not be set with serve=network" in done.stderr
