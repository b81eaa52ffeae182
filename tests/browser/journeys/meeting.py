"""A meeting in a browser: planned, approved in the room, made a measure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from datetime import date

    from tests.browser.visitor import Visitor


def plan(ingrid: Visitor, case: str, day: date) -> None:
    """Everybody is invited; what was typed stands when the day is missing."""
    ingrid.visit(f"{case}/meetings/new")
    _tick_all(ingrid, "invited")
    ingrid.choose(kind="cooperation").fill(clock="13:15", place="Rom B203")
    ingrid.send(nb("Save the meeting"), 422)
    assert ingrid.field("place").input_value() == "Rom B203"
    ingrid.fill(day=day.isoformat()).send(nb("Save the meeting")).sees("Rom B203")


def agree(ingrid: Visitor, point: str, day: date) -> None:
    """Minutes are written, read out and locked."""
    ingrid.follow(nb("Write the minutes"))
    ingrid.fill(point1_text=point, point1_responsible="Ingrid Solberg")
    _tick_all(ingrid, "present")
    ingrid.fill(point1_deadline=(day + timedelta(days=14)).isoformat())
    ingrid.send(nb("Next: read out and approve")).sees(point)
    _tick_all(ingrid, "approved")
    ingrid.send(nb("Lock the minutes")).sees(point)


def make_measure(ingrid: Visitor, day: date) -> None:
    """What was agreed stands in the plan."""
    ingrid.follow(nb("Make it a measure")).choose(arena="school", kind="adult")
    ingrid.fill(new_goal="Jeg kommer i tide", responsible="Kontaktlærer")
    ingrid.fill(start_on=day.isoformat())
    ingrid.fill(evaluate_on=(day + timedelta(days=30)).isoformat())
    ingrid.send(nb("Save the measure"))
    ingrid.sees(nb("It is a measure in the plan"))


def _tick_all(visitor: Visitor, name: str) -> None:
    for box in visitor.field(name).all():
        box.check()
