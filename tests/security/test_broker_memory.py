"""No master key is where it has no business to be: memory, environment, /proc."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.keyd_world import ROOT, remote_world, tenant_keys
from tests.searching import memory_of
from tests.story import Story


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """A municipality whose keys are with a broker of its own."""
    directory = tmp_path_factory.mktemp("memory")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


WEB = """
import json, sys
from bti.bootstrap import open_runtime
from bti.settings import load_settings
from bti.web.app import create_app
from bti.workflows import case, sign_in
import uuid
runtime = open_runtime(load_settings())
from bti.clock import FixedClock
from datetime import datetime
from dataclasses import replace
told = json.loads(sys.stdin.readline())
clock = FixedClock(datetime.fromisoformat(told["now"]))
doorway = replace(runtime.doorway, clock=clock)
actor = doorway.perform(sign_in.identify, None, token=told["token"])
page = doorway.perform(case.show_case, actor, case_id=uuid.UUID(told["case"]))
create_app(runtime.settings, runtime=runtime)
print("read", page.number, flush=True)
sys.stdin.readline()
"""


def test_no_master_key_is_in_the_web_process_and_the_control_finds_them_in_the_broker(
    remote, tmp_path
):
    if os.geteuid() != 0:
        pytest.fail("searching another process's memory needs root", pytrace=False)
    story = Story(remote.world)
    story.wonder()
    remote.world.clock.advance(timedelta(hours=2))
    settings = remote.world.runtime.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "BTI_MODE": "test",
        "BTI_SERVE": "case",
        "BTI_VAR_DIR": str(tmp_path / "web"),
        "BTI_DATABASE_URL": settings.database_url,
        "BTI_SLT_DATABASE_URL": f"sqlite:///{tmp_path}/slt.sqlite",
        "BTI_KEYD_SOCKET": str(remote.keyd.socket),
    }
    web = subprocess.Popen(
        [sys.executable, "-c", WEB],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert web.stdin is not None
    assert web.stdout is not None
    try:
        told = {
            "token": remote.world.token("ingrid"),
            "case": str(story.case_id),
            "now": remote.world.clock.now().isoformat(),
        }
        web.stdin.write(json.dumps(told) + "\n")
        web.stdin.flush()
        assert web.stdout.readline().startswith("read")
        secrets = {purpose.value: key for purpose, key in tenant_keys(remote).items()}
        root = json.loads(settings_root(remote).read_text(encoding="utf-8"))["key_b64"]
        in_web = memory_of(web.pid) + Path(f"/proc/{web.pid}/environ").read_bytes()
        in_broker = memory_of(remote.keyd.pid)
    finally:
        web.stdin.close()
        web.stdout.close()
        web.wait(timeout=30)
    assert len(in_web) > 1_000_000
    found = [name for name, key in secrets.items() if key in in_web]
    assert found == []
    assert root.encode() not in in_web
    # The control: the same search finds the keys where they are.
    assert {"kek", "directory", "ops"} <= {
        name for name, key in secrets.items() if key in in_broker
    }


def settings_root(remote) -> Path:
    return remote.embedded.runtime.settings.root_key_file


def test_the_broker_cannot_be_traced_or_dumped_by_its_own_user(remote):
    status = Path(f"/proc/{remote.keyd.pid}/status").read_text(encoding="utf-8")
    assert "CoreDumping:\t0" in status
    limits = Path(f"/proc/{remote.keyd.pid}/limits").read_text(encoding="utf-8")
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    # A process that is not dumpable has its /proc files given to root, so its own user cannot
    # open memory or environment.
    assert Path(f"/proc/{remote.keyd.pid}/mem").stat().st_uid == 0


def test_the_environment_of_the_broker_holds_no_key(remote):
    environment = Path(f"/proc/{remote.keyd.pid}/environ").read_bytes()
    for key in tenant_keys(remote).values():
        assert key not in environment
