"""One thing done in a fork of this process, so that nothing it changes stays."""

import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SURVIVED, KILLED = 0, 1
_BROKEN = 70
_SPARE_BYTES = 2 << 30
#: Seconds in which one that has used next to no processor time waits for what never comes: a busy machine gives each
#: more than that, and ends nothing. A loop that never ends is ended by its processor time.
STILL = 120
_NEXT_TO_NONE = 0.001


class BrokenError(Exception):
    """The trial itself went wrong, so it says nothing about the mutant."""


def forked(
    run: Callable[[], int], said: Path = Path(os.devnull), still: float | None = None
) -> int:
    """Run something in a fork, with all that it starts; return its exit status, negative when a signal ended it.

    What it writes goes to ``said``. When it has done nothing for ``still`` seconds it is ended. Raises ``BrokenError``
    when ``run`` raised.
    """
    pid = os.fork()
    # A group of its own, in the session that began it: what that one yields, or is given, holds here too. Said on
    # both sides, so that it stands whoever of the two comes first.
    os.setpgid(pid, pid or os.getpid())
    if pid == 0:
        _child(run, said)
    watched = os.pidfd_open(pid)
    try:
        _wait(watched, pid, still)
    finally:
        os.close(watched)
    # Also what it started and left behind.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == _BROKEN:
        raise BrokenError("what went wrong is told above")
    return status


def _wait(watched: int, group: int, still: float | None) -> None:
    """Wait until a fork has ended, or has done nothing for so many seconds on the wall."""
    used = 0.0
    while not select.select([watched], [], [], still)[0]:
        before, used = used, _processor_seconds(group)
        if used - before < _NEXT_TO_NONE * (still or 0):
            return


def _processor_seconds(group: int) -> float:
    """Return what the processes of a group have used so far, and those that they have seen end."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            # After the name, which may hold anything: state, parent, group, ... and four times, as proc(5) says.
            told = process.read_text("ascii", "replace").rpartition(")")[2].split()
            ticks += sum(map(int, told[11:15])) if int(told[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _child(run: Callable[[], int], said: Path) -> None:
    status, heard = _BROKEN, os.fdopen(os.dup(sys.stderr.fileno()), "w")
    try:
        with said.open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + _SPARE_BYTES
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
        status = run()
    except BaseException:  # noqa: BLE001 - nothing may climb out of a fork
        traceback.print_exc(file=heard)
        heard.flush()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
