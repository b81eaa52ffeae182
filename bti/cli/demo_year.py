"""The year wheel in the demonstration: taken in, with a deadline of its own, and followed until a month ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bti.cli.demo_stage import at_hour
from bti.clock import norwegian_date
from bti.slt.year_change import WriteTask, import_year, make_task, mark_task
from bti.slt.year_file import load
from bti.slt.year_stored import LineKind, show_year

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator

_BEFORE: Final = timedelta(days=400)
_BEHIND: Final = timedelta(days=30)


def story(network: SltRuntime, olav: Coordinator, now: datetime) -> Iterator[datetime]:
    """Take the tasks in, and mark as done this year what was due until a month ago."""
    yield now - _BEFORE
    import_year(network, load("standard"), olav.municipality_number)
    grant = WriteTask(
        version=None,
        title="Søke tilskudd til SLT-arbeidet",
        purpose="Fristen er den samme hvert år.",
        responsible="SLT-koordinator",
        months=(12,),
        day=1,
        which=None,
        weekday=None,
        only_year=None,
        lead_days=45,
        reason="",
    )
    make_task(network, olav, grant)
    year = norwegian_date(now).year
    for line in show_year(network, olav, year).lines:
        told = at_hour(line.due - timedelta(days=2), 11)
        if line.kind is LineKind.TASK and at_hour(line.due, 11) < now - _BEHIND:
            yield told
            mark_task(network, olav, line.id, line.due.year, line.month, done=True)
