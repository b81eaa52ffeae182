"""Where tests put their files: in memory, if the machine has some to spare.

Most tests commit to an SQLite file of their own, and each commit waits for the disk as the product's
must. No test loses power, so that there is nothing to wait for; the settings are the product's.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it
#: A whole run has been seen to hold about a third of this at once.
ENOUGH = 6 << 30


def keep_in_memory() -> None:
    """Let temporary files of this process, its children and pytest be in memory."""
    if "TMPDIR" in os.environ or not has_room(MEMORY):
        return
    os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)
    # The standard library has perhaps looked already.
    tempfile.tempdir = None


def has_room(folder: Path) -> bool:
    """Whether the folder can be written to, and both it and the machine have enough left."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(shutil.disk_usage(folder).free, available) >= ENOUGH
