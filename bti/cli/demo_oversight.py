"""Oversight in the demonstration: bait cases, one emergency access, and a month with findings."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bti.cli import demo_plots as plots
from bti.cli.demo_course import Course
from bti.cli.demo_stage import DEMO, at_hour
from bti.domain.control import month_before
from bti.domain.emergency import EmergencyReason
from bti.domain.errors import AccessDenied
from bti.workflows import bait, case, control, emergency, worklist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage


def night(stage: Stage) -> Iterator[datetime]:
    """Last night somebody on call looked up one of Ingrid's children; nobody has reviewed it yet."""
    yield stage.ago(1, 21, 14)
    stage.sign_in_anew("ingrid")
    rows = stage.act("ingrid", worklist.my_day).rows
    stage.sign_in_anew("vera")
    case_id = stage.act(
        "vera",
        emergency.take,
        emergency.TakeAccess(
            number=next(row.number for row in rows if row.holder),
            reason=EmergencyReason.LIFE_AND_HEALTH,
            text="Samtale om akutt fare for et søsken. Måtte vite hvem jeg kunne ringe.",
        ),
    )
    if case_id is not None:
        stage.act("vera", emergency.read_core, case_id=case_id)


def baits(stage: Stage) -> Iterator[datetime]:
    """Three bait cases by three authors, some weeks apart; nobody in the demonstration knows more."""
    for ago, author in ((320, "tone"), (260, "lars"), (190, "tone")):
        yield stage.ago(ago, 14)
        bait.plant(stage.runtime.doorway, stage.actor(author), DEMO, count=1)


def last_month(stage: Stage) -> Iterator[datetime]:
    """A month in which one name was the same, and somebody tried cases that are not theirs."""
    # Not before the month is over, though it be a Sunday: the last hour there is, of any weekday.
    at_last = stage.last_hour
    month = month_before(at_last)
    first = date.fromisoformat(f"{month}-01")
    yield at_hour(first + timedelta(days=8), 10)
    one = plots.child(stage.today, "Sander Lie", 4.6, "", ("Ida Lie", "mor"), ("Jon Lie", "far"))
    course = Course(stage, "mona", one, plots.MORNINGS)
    course.log()
    stage.act("mona", case.show_case, case_id=course.case_id)
    yield at_hour(first + timedelta(days=15), 14)
    stage.sign_in_anew("ingrid")
    mine = stage.act("ingrid", worklist.my_day).rows
    for row in mine[:3]:
        with suppress(AccessDenied):
            stage.act("silje", case.show_case, case_id=row.case_id)
    yield at_last
    stage.runtime.doorway.perform(control.run, DEMO, tenant_id=stage.tenant_id, month=month)


ALL = (baits, last_month, night)
