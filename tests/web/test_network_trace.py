"""The network side beside a case side that is full: what its process opens, seen from inside and by the kernel."""

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load as load_plan
from bti.slt.release import publish_release
from tests.attaching import attach
from tests.integration.slt.samples import PASSWORD, a_network, a_release
from tests.integration.workflows.cases import log_open, new_case
from tests.web.test_network_side import CASE_MODULES
from tests.world import World, build, settings_for

# From <sys/inotify.h>: looked into, opened.
_IN_ACCESS: Final = 0x1
_IN_OPEN: Final = 0x20
_HEADER: Final = struct.Struct("iIII")

_PROBE = """
import json, sys
events = []
WATCHED = ("open", "os.", "sqlite3.", "socket.", "subprocess.", "shutil.", "import", "ctypes.dlopen")
def hook(event, args):
    if event.startswith(WATCHED):
        events.append((event, [str(one) for one in args[:2] if isinstance(one, (str, bytes, int))]))
sys.addaudithook(hook)

from contextlib import ExitStack
from bti.cli.serve import build
from bti.identity.totp import code_at
from bti.settings import load_settings
import datetime, os

app = build(load_settings(), ExitStack())
client = app.test_client()
client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
page = client.get("/network/sign-in").text
token = page.split('name="csrf_token" value="')[1].split('"')[0]
code = code_at(bytes.fromhex(os.environ["PROBE_SECRET"]), datetime.datetime.now(datetime.UTC))
typed = {"username": "olav.lien", "password": os.environ["PROBE_WORD"], "code": code, "csrf_token": token}
entered = client.post("/network/sign-in", data=typed).status_code
rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("slt.")]
pages = {str(rule): client.get(str(rule)).status_code for rule in rules if not rule.arguments and "GET" in rule.methods}
print(json.dumps({
    "entered": entered,
    "pages": pages,
    "events": events,
    "modules": sorted(name for name in sys.modules if name.startswith("bti.")),
}))
"""


@contextmanager
def watched(paths: list[Path]) -> Iterator[list[Path]]:
    """The files that anybody opened or read, as the kernel tells it; filled in when the block has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert handle >= 0
    seen: list[Path] = []
    try:
        known = {
            libc.inotify_add_watch(handle, os.fsencode(path), _IN_ACCESS | _IN_OPEN): path
            for path in paths
        }
        assert min(known) > 0
        yield seen
        told = b""
        with suppress(BlockingIOError):
            told = os.read(handle, 1 << 16)
        while told:
            number, _, _, length = _HEADER.unpack_from(told)
            if known[number] not in seen:
                seen.append(known[number])
            told = told[_HEADER.size + length :]
    finally:
        os.close(handle)


@pytest.fixture
def town(tmp_path: Path) -> World:
    """A case side with a case, a file and keys, in one folder with the network side's database."""
    world = build(settings_for(tmp_path))
    case_id = new_case(world, "ingrid")
    log_open(world, case_id)
    attach(world, case_id)
    return world


def test_a_network_process_opens_nothing_of_the_case_side_that_lies_beside_it(
    town: World, tmp_path: Path
):
    beside = [one for one in tmp_path.rglob("*") if one.is_file() and one.stem != "slt"]
    names = {one.name for one in beside}
    assert {"stafett.sqlite", "root.key"} <= names
    assert any("blobs" in one.parts for one in beside)
    secret = _filled(tmp_path)
    with watched(beside) as seen:
        found = _probe(tmp_path, secret)
    assert found["entered"] == 303
    assert set(found["pages"].values()) == {200}
    assert {"/network/", "/network/trends", "/network/plan", "/network/bodies"} <= set(
        found["pages"]
    )
    assert seen == []
    touched = {Path(said).name for _, args in found["events"] for said in args}
    assert "slt.sqlite" in touched
    assert not touched & names
    imported = {args[0] for event, args in found["events"] if event == "import"}
    assert "bti.slt.plan" in imported
    for side in CASE_MODULES:
        assert not [one for one in imported | set(found["modules"]) if one.startswith(side)]
    # Nor is another machine or another program asked to open it instead.
    asked = [
        event for event, _ in found["events"] if event.startswith(("socket.connect", "subprocess"))
    ]
    assert asked == []


def test_the_watch_sees_whoever_opens_a_file(town: World, tmp_path: Path):
    database = tmp_path / "stafett.sqlite"
    with watched([database]) as seen:
        town.clock.now()
    assert seen == []
    with watched([database]) as seen:
        subprocess.run(["/bin/cat", str(database)], check=True, capture_output=True)
    assert seen == [database]


def _filled(folder: Path) -> str:
    """A coordinator, numbers, a plan and bodies; returns the secret of the coordinator's app."""
    network = a_network(folder)
    publish_release(network.runtime, a_release(150), by="Anne Ruud")
    import_plan(network.runtime, load_plan("vaaler-2023"), "9901")
    import_bodies(network.runtime, load_bodies("nordre_land"), "9901")
    network.runtime.close()
    return network.olav.totp_secret.hex()


def _probe(folder: Path, secret: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "BTI_MODE": "test",
            "BTI_SERVE": "network",
            "BTI_VAR_DIR": str(folder),
            "PROBE_SECRET": secret,
            "PROBE_WORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
