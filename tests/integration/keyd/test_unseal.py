"""A process that was started closed: opened by shares, from other processes, while it runs."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections import Counter

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.cli import main
from bti.crypto.file_provider import lock_root_key
from bti.crypto.root_key_document import LockCost
from bti.crypto.shares import split
from bti.workflows import audit_check
from bti.workflows.readiness import is_ready
from tests.keyd_world import ROOT, remote_world, wait_for

PHRASE = "en hemmelig remse om vinterveier"
OTHER = "en annen remse om sommerbaater"
CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
SHARES = split(PHRASE.encode(), 3, 5, "start-a")
STRANGERS = split(OTHER.encode(), 3, 5, "start-b")


def give(*words, typed=None):
    """Run the operator's command."""
    return CliRunner().invoke(main, ["keys", "unseal", *map(str, words)], input=typed)


def locked(world) -> None:
    """Lock the root key file with the phrase that the shares hold."""
    lock_root_key(world.runtime.settings.root_key_file, PHRASE, CHEAP)


def entered(world) -> Counter:
    """The acts of opening in the log."""
    with world.looking() as session:
        return Counter(
            session.scalars(select(AuditEvent.act).where(AuditEvent.who == "system:unseal"))
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(port: int, path: str) -> int:
    """The status of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def end(process: subprocess.Popen, number: int) -> None:
    """End a process of this test."""
    process.send_signal(number)
    process.wait(timeout=20)
    process.stdout.close()


@pytest.fixture
def closed(world, monkeypatch):
    """`bti serve` on SQLite, started closed: gives its port, at each start."""
    locked(world)
    var = world.runtime.settings.var_dir
    environment = {"BTI_MODE": "test", "BTI_VAR_DIR": str(var), "BTI_KEY_START": "sealed"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    running = []

    def begin() -> int:
        for process in running:
            end(process, signal.SIGTERM)
        port = free_port()
        running[:] = [
            subprocess.Popen(
                [sys.executable, "-m", "bti", "serve", "--port", str(port)],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        ]
        assert b"answers" in running[0].stdout.readline()
        return port

    yield begin
    for process in running:
        end(process, signal.SIGKILL)


def test_three_people_open_a_running_process_and_a_restart_closes_it(closed, world, tmp_path):
    port = closed()
    assert (answer(port, "/healthz"), answer(port, "/readyz")) == (200, 503)
    assert answer(port, "/sign-in") == 503
    assert give("--status").output == "Closed: no share given yet.\n"

    typed = give(typed=SHARES[0] + "\n")
    assert "Closed: 1 of 3 given." in typed.output
    assert SHARES[0][20:] not in typed.output
    again = give("--share-file", "-", typed=SHARES[0])
    assert "1 of 3 given" in again.output
    paper = tmp_path / "share.txt"
    paper.write_text(f"Share 4\n{SHARES[3][:60]}\n{SHARES[3][60:]}\nend of share", encoding="utf-8")
    assert "Closed: 2 of 3 given." in give("--share-file", paper).output
    told = give("--status")
    assert (told.exit_code, told.output) == (1, "Closed: 2 of 3 given.\n")

    opened = give(typed=SHARES[4] + "\n")
    assert (opened.exit_code, opened.output.splitlines()[-1]) == (0, "Open.")
    assert answer(port, "/readyz") == 200
    assert answer(port, "/sign-in") == 200
    assert give("--status").exit_code == 0
    assert "no share is needed" in give().output
    assert entered(world) == {"key:start:open": 1}
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).intact

    port = closed()
    assert answer(port, "/readyz") == 503
    assert give("--status").output == "Closed: no share given yet.\n"


def test_wrong_shares_are_refused_counted_and_entered_when_there_is_a_log(closed, world):
    closed()
    damaged = SHARES[0][:-1] + ("0" if SHARES[0][-1] != "0" else "1")
    refused = give(typed=damaged + "\n")
    assert refused.exit_code == 1
    assert "Closed: no share given yet, 1 refused since the start." in refused.output
    give(typed=SHARES[0] + "\n")
    give(typed=STRANGERS[1] + "\n")
    mixed = give(typed=SHARES[2] + "\n")
    assert mixed.exit_code == 1
    assert "no share given yet, 2 refused" in mixed.output
    for share in STRANGERS[:3]:
        last = give(typed=share + "\n")
    assert "3 refused" in last.output
    # The log is signed with the keys: nothing can be entered before they are open.
    assert entered(world) == {}
    for share in SHARES[:3]:
        last = give(typed=share + "\n")
    assert "Open, 3 refused since the start." in last.output
    assert entered(world) == {"key:start:open": 1, "key:share:refuse": 3}


def test_the_key_broker_is_opened_by_operators_and_by_nobody_else(
    postgres_server, tmp_path, monkeypatch
):
    with postgres_server.database() as url, remote_world(tmp_path, url) as remote:
        world = remote.world
        remote.keyd.stop()
        locked(remote.embedded)
        monkeypatch.setenv("BTI_MODE", "test")
        monkeypatch.setenv("BTI_VAR_DIR", str(tmp_path / "operator"))
        monkeypatch.setenv("BTI_DATABASE_URL", url)
        monkeypatch.setenv("BTI_KEYD_SOCKET", str(remote.keyd.socket))
        assert "No process waits for shares" in give("--status").output

        remote.settings["BTI_KEY_START"] = "sealed"
        remote.restart()
        # This user is the web's: the kernel says so, and it may give no share.
        refused = give(typed=SHARES[0] + "\n")
        assert (refused.exit_code, "may not give shares" in refused.output) == (1, True)
        assert not is_ready(world.runtime.doorway)
        remote.keyd.stop()

        web = remote.settings.pop("BTI_KEYD_WEB_USERS")
        remote.settings["BTI_KEYD_ADMIN_USERS"] = web
        remote.restart()
        give(typed=SHARES[0] + "\n")
        give(typed=STRANGERS[1] + "\n")
        assert give(typed=SHARES[2] + "\n").exit_code == 1
        for share in SHARES[:2]:
            assert not is_ready(world.runtime.doorway)
            told = give(typed=share + "\n")
        assert "Closed: 2 of 3 given, 1 refused since the start." in told.output
        assert "Open" in give(typed=SHARES[2] + "\n").output
        assert is_ready(world.runtime.doorway)
        wait_for(lambda: entered(remote.embedded) == {"key:start:open": 1, "key:share:refuse": 1})
        assert "gave a share that was refused" in remote.keyd.said()
        assert not any(share[-40:] in remote.keyd.said() for share in SHARES)

        remote.keyd.stop()
        remote.restart()
        assert not is_ready(world.runtime.doorway)
        assert "no share given yet" in give("--status").output
