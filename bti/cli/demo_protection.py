"""A child with a protected address in the demonstration: the decision must soon be renewed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bti.cli import demo_plots as plots
from bti.cli.demo_course import Course
from bti.domain.protection import AddressGrade, ProtectedPerson
from bti.workflows import protection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_DAYS_LEFT = 40


def hidden(stage: Stage) -> Iterator[datetime]:
    """Ingrid wonders about a child whose mother lives at an address that must not be found."""
    yield stage.ago(6, 13)
    one = plots.child(stage.today, "Lea Nordli", 13.3, "8C", ("Tuva Nordli", "mor"))
    course = Course(stage, "ingrid", one, plots.MORNINGS)
    course.log()
    stage.act(
        "ingrid",
        protection.protect,
        protection.Protect(
            case_id=course.case_id,
            version=None,
            grade=AddressGrade.CONFIDENTIAL,
            of=ProtectedPerson.HOUSEHOLD,
            until=stage.today + timedelta(days=_DAYS_LEFT),
        ),
    )
