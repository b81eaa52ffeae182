"""What every test stands on: no network, no settings from outside, a database server, a browser.

A missing server or browser fails the tests that need it. Nothing is ever skipped.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import make_url

from tests.in_memory import keep_in_memory
from tests.made_once import share
from tests.postgres_server import PostgresServer, running_server, stop_server
from tests.sequenced import build_sequenced, copy_of_sequenced
from tests.walled import Walled, walled
from tests.world import World, build, copy_of, settings_for

RUN_FOLDER = pytest.StashKey[Path]()
CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page asks for, no name but this machine's resolves.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

# Deadlines are timing asserts, and a shared machine is slow now and then.
settings.register_profile(
    "explore", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# The same examples each time: whoever runs all tests twice gets one answer. `make explore` looks for others.
settings.register_profile("stafett", settings.get_profile("explore"), derandomize=True)
settings.load_profile("stafett")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which way the entries of the test municipality take into the access log."""
    parser.addoption(
        "--audit-log",
        choices=["inline", "sequenced"],
        default="inline",
        help="sequenced: `world` is on PostgreSQL, and a sequencer places its entries",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers of this run share, and close the network."""
    keep_in_memory()
    shared = getattr(config, "workerinput", {}).get("run_folder")
    config.stash[RUN_FOLDER] = Path(shared or tempfile.mkdtemp(prefix="bti-run-"))
    for name in [name for name in os.environ if name.startswith("BTI_")]:
        del os.environ[name]
    sys.addaudithook(_only_loopback)
    share()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell a worker of pytest-xdist where the shared folder is."""
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started, when the last worker is done."""
    if not hasattr(config, "workerinput"):
        stop_server(config.stash[RUN_FOLDER])
        shutil.rmtree(config.stash[RUN_FOLDER], ignore_errors=True)


ANY = "0.0.0.0"  # noqa: S104 - this machine: waitress looks it up also for a socket file


class NetworkUsedError(Exception):
    """A test reached for another machine."""


def _only_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse other machines; an audit hook sees every socket, whoever made it."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    # Socket files and unset hosts are this machine.
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and host not in {"", "localhost", ANY} and not _is_loopback(host):
        raise NetworkUsedError(f"a test reached for {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    """The PostgreSQL of this test run, started at first use."""
    return running_server(pytestconfig.stash[RUN_FOLDER])


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address (postgresql+psycopg://) of an empty database of the test's own."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def postgres_data_dir(postgres_server: PostgresServer) -> Path:
    """The folder of raw files; call `postgres_server.flush()` before searching it."""
    return postgres_server.data_dir


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one per worker; make a context per test."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("no chromium found: run tools/needs-browser", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=[*CHROMIUM_ARGS])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def world_image(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A prepared municipality on SQLite, made once per worker and copied for each test."""
    directory = tmp_path_factory.mktemp("image")
    world = build(settings_for(directory))
    world.close()
    return world, directory


@pytest.fixture(scope="session")
def sequenced_image(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Path, str]]:
    """A prepared municipality on PostgreSQL whose entries were placed by a sequencer."""
    directory = tmp_path_factory.mktemp("sequenced")
    with postgres_server.database() as url:
        world = build_sequenced(directory, url, placing=True)
        world.close()
        yield world, directory, make_url(url).database or ""


@pytest.fixture
def sequenced_world(
    sequenced_image: tuple[World, Path, str], postgres_server: PostgresServer, tmp_path: Path
) -> Iterator[World]:
    """The municipality on PostgreSQL, with a sequencer that takes its turn after each act."""
    image, directory, template = sequenced_image
    with postgres_server.database(template) as url:
        made = copy_of_sequenced(image, directory, tmp_path / "world", url)
        yield made
        made.close()


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A municipality of the test's own: on SQLite, or as `--audit-log=sequenced` says."""
    if request.config.getoption("--audit-log") == "sequenced":
        yield request.getfixturevalue("sequenced_world")
        return
    image, directory = request.getfixturevalue("world_image")
    copied = copy_of(image, directory, tmp_path / "world")
    yield copied
    copied.close()


@pytest.fixture
def postgres_walls(postgres_server: PostgresServer) -> Iterator[Walled]:
    """An empty database with roles, rights and walls, everything in one process."""
    with walled(postgres_server) as made:
        yield made


@pytest.fixture
def postgres_world(postgres_walls: Walled, tmp_path: Path) -> Iterator[World]:
    """The same municipality on PostgreSQL, as the web process meets it: least rights, walled."""
    made = build(settings_for(tmp_path / "world", postgres_walls.url()), migrated=True)
    made.admin_url = postgres_walls.admin
    yield made
    made.close()
