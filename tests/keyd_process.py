"""`bti keyd` for tests: the same process under a clock that a file tells, so that weeks can pass."""

import sys
from datetime import datetime
from pathlib import Path

from bti.cli.keyd import serve
from bti.settings import load_settings


class ToldClock:
    """Reads the time from a file at every question."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """The instant that stands in the file."""
        return datetime.fromisoformat(self._path.read_text(encoding="ascii"))


if __name__ == "__main__":
    serve(load_settings(), ToldClock(Path(sys.argv[1])))
