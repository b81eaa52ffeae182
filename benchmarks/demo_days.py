"""`make demo-days`: the demonstration is loaded as if today were another day, again and again.

It measures nothing. The stories are told in days before now, weekends move them, and half-years
end: what holds on the day it was written may not hold on the next. Each of the coming fourteen days
is tried, and those around the turns of a year, in both seasons' time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from bti.bootstrap import open_runtime, upgrade_database
from bti.cli.demo_load import load
from bti.clock import FixedClock
from bti.settings import Settings
from bti.slt import migrate
from bti.slt.runtime import open_runtime as open_network

_FORTNIGHT: Final = 14
# New year, the leap day, the clock's two changes, holidays, and the days half-years are published.
_TURNS: Final = (
    (1, 1), (1, 31), (2, 1), (2, 28), (3, 1), (3, 28), (5, 17), (7, 1), (7, 31), (8, 1), (10, 31),
    (12, 31),
)  # fmt: skip
# Early, at work, and in the hour in which it is tomorrow in Norway and today in UTC.
_HOURS: Final = (1, 12, 23)


def days(first: date) -> list[datetime]:
    """Return the instants that are tried: each day with one of the hours, in turn."""
    coming = [first + timedelta(days=ahead) for ahead in range(_FORTNIGHT)]
    turns = [date(first.year + 1, month, day) for month, day in _TURNS]
    leap = next(year for year in range(first.year + 1, first.year + 9) if year % 4 == 0)
    chosen = [*coming, *turns, date(leap, 2, 29)]
    return [
        datetime.combine(day, time(_HOURS[place % len(_HOURS)], 30), UTC)
        for place, day in enumerate(chosen)
    ]


def load_as_of(now: datetime) -> None:
    """Load the small demonstration as of ``now``; raises whatever a story was refused with."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        chosen = Settings(mode="demo", var_dir=Path(folder))
        upgrade_database(chosen)
        migrate.upgrade(chosen.slt_database_url)
        clock = FixedClock(now)
        case_side = open_runtime(chosen, clock=clock)
        stack.callback(case_side.close)
        network = open_network(chosen, clock)
        stack.callback(network.close)
        load(case_side, network, clock, scale="small")


def main(arguments: list[str]) -> int:
    """Load as of the instant that is given, or try every day in a process of its own and say each.

    Returns 1 if one did not load.
    """
    for one in arguments:
        load_as_of(datetime.fromisoformat(one))
    failed = 0
    for now in () if arguments else days(datetime.now(UTC).date()):
        tried = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-m", "benchmarks.demo_days", now.isoformat()], check=False
        )
        failed += tried.returncode != 0
        sys.stdout.write(f"{now:%a %Y-%m-%d %H:%M} {'FAILED' if tried.returncode else 'loaded'}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
