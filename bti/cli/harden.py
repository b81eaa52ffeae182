"""What a process that holds keys asks of the kernel: no core dump, no tracing, no swap."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
from typing import Final

_log: Final = logging.getLogger(__name__)
_PR_SET_DUMPABLE: Final = 4
_MCL_CURRENT_AND_FUTURE: Final = 3


def harden(*, lock_memory: bool) -> None:
    """Shut out debuggers and core dumps, and keep memory out of swap where that is allowed.

    Raises ``OSError`` when the kernel refuses the first two; a refused lock is only a warning,
    since it needs a limit that not every service has.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if lock_memory and libc.mlockall(_MCL_CURRENT_AND_FUTURE):
        _log.warning("memory is not locked (LimitMEMLOCK): turn off swap, or encrypt it")
