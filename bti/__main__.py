"""`bti` as a process of its own: what it gives back is overwritten, and nobody traces or dumps it.

Both must be so before anything of a child is in memory, so this comes before every command.
"""

from __future__ import annotations

import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERWRITING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PYTHONMALLOC": "malloc",
        "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
    }
)
"""How the C library is told to overwrite what is freed. It reads this once, when a process starts."""


def run() -> None:
    """Carry out the command line."""
    _begin_anew_overwriting()
    # Not before: the process may be another one from here on.
    from bti.cli import main  # noqa: PLC0415 - see above
    from bti.cli.harden import harden  # noqa: PLC0415 - see above

    harden(lock_memory=False)
    main(prog_name="bti")


def _begin_anew_overwriting() -> None:
    """Start this process once more with the settings of memory, where the C library knows them.

    One that is set already stays as it is, so that this happens once.
    """
    left = {name: value for name, value in OVERWRITING.items() if name not in os.environ}
    if left and _on_glibc():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **left})  # noqa: S606 - this very command


def _on_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError):
        return False


if __name__ == "__main__":
    run()
