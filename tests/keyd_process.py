"""`bti keyd` for tests: the same process under a clock that a file tells, so that weeks can pass."""

import sys
from datetime import datetime
from pathlib import Path

from bti.cli.keyd import serve
from bti.settings import load_settings


class ToldClock:
    """Reads the time from a file, anew when there is another one: it is replaced, never written in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], datetime] | None = None

    def now(self) -> datetime:
        """The instant that stands in the file."""
        is_now = self._path.stat()
        which = (is_now.st_ino, is_now.st_mtime_ns)
        known = self._read
        if known is None or known[0] != which:
            known = (which, datetime.fromisoformat(self._path.read_text(encoding="ascii")))
            self._read = known
        return known[1]


if __name__ == "__main__":
    serve(load_settings(), ToldClock(Path(sys.argv[1])))
