"""`bti work` as an operator types it, and as a process that is told to stop."""

import os
import signal
import subprocess
import sys

from click.testing import CliRunner

from bti.cli import main
from bti.jobs.claims import Claims
from bti.jobs.table import Place, jobs_for
from tests.keyd_world import ROOT, wait_for


def bti(*words):
    return CliRunner().invoke(main, [*words])


def lived_in(world, monkeypatch):
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    return Claims(world.runtime.engine)


def test_one_round_does_what_is_due_and_the_status_says_so(world, monkeypatch):
    lived_in(world, monkeypatch)
    assert "never run" in bti("work", "status").output
    work = [one.name for one in jobs_for(world.runtime.settings, frozenset({Place.WORK}))]

    first = bti("work", "--once", "--for", "work")
    assert (first.output, first.exit_code) == (f"{len(work)} done, 0 failed.\n", 0)
    assert bti("work", "--once", "--for", "work").output == "0 done, 0 failed.\n"
    told = bti("work", "status")
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.output.splitlines()] == sorted(work)


def test_a_job_that_nobody_has_done_is_named_as_late(world, monkeypatch):
    claims = lived_in(world, monkeypatch)
    claims.know({"heartbeat": world.clock.now()}, world.clock.now())

    told = bti("work", "status")
    assert told.exit_code == 1
    assert told.output.rstrip().endswith("LATE")


def test_the_process_works_until_it_is_told_to_stop_and_then_ends_well(world, monkeypatch):
    claims = lived_in(world, monkeypatch)
    environment = {name: value for name, value in os.environ.items() if name.startswith("BTI_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bti", "work"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
    )
    wait_for(lambda: any(row.done_at for row in claims.all()), seconds=60)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert b"At work: heartbeat" in out
    assert all(row.held_until is None for row in claims.all()), "nothing is left in hand"
