"""What was agreed in a meeting becomes a measure, without being typed again.

The measure says which point of which minutes it came from; the minutes, which nobody changes, find it by that.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bti.domain.access import Action
from bti.domain.codes import Arena, InfoType, MeasureType, Party
from bti.domain.compartments import parse
from bti.domain.errors import RuleBroken
from bti.domain.meetings import AgreedPoint
from bti.workflows import measure
from bti.workflows.case_file import Kind, Record, entries
from bti.workflows.errors import NotFound
from bti.workflows.meeting_file import enter, minutes_of

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeMeasure:
    """What an agreed point lacks of a measure. The point itself is not typed again."""

    case_id: uuid.UUID
    version: int | None
    meeting_id: uuid.UUID
    place: int
    goal_id: uuid.UUID | None
    new_goal: str = field(default="", repr=False)
    arena: Arena
    kind: MeasureType = MeasureType.OTHER
    party: Party = Party.STAFF
    #: A function; who is named in the minutes stays there.
    responsible: str = field(repr=False)
    start_on: date
    evaluate_on: date


def make_measure(context: Context, command: MakeMeasure) -> uuid.UUID:
    """Make an approved point a measure, once; returns the measure's id.

    The measure is the own service's, so its words are read by whom that service's measures are shared with.
    Raises ``RuleBroken`` with meeting.point_incomplete, meeting.point_used, meeting.point_wider where
    somebody would read them who may not read the minutes, and as ``workflows.measure.add_measure``;
    ``NotFound`` for a point one cannot read, and ``Conflict``.
    """
    _case, opened = enter(context, command.case_id, command.version, Action.WRITE_PLAN)
    records = entries(context, command.case_id, opened=opened)
    minutes = minutes_of(records, command.meeting_id)
    point = point_at(minutes, command.place)
    if not point.can_be_measure:
        code = "meeting.point_incomplete"
        raise RuleBroken(code)
    assert minutes is not None  # noqa: S101 - point_at has raised for none
    if measure_made(records, minutes.id, command.place) is not None:
        code = "meeting.point_used"
        raise RuleBroken(code)
    kept_by = parse(minutes.compartment)
    if kept_by is None or _readers(context, opened, context.person.unit_id) - _readers(
        context, opened, kept_by[0]
    ):
        code = "meeting.point_wider"
        raise RuleBroken(code)
    return measure.add_measure(
        context,
        measure.AddMeasure(
            case_id=command.case_id,
            version=command.version,
            goal_id=command.goal_id,
            new_goal=command.new_goal,
            title=point.text,
            description="",
            arena=command.arena,
            kind=command.kind,
            party=command.party,
            responsible=command.responsible,
            start_on=command.start_on,
            evaluate_on=command.evaluate_on,
            point=(minutes.id, command.place),
        ),
    )


def _readers(context: Context, opened: Opened, unit: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the units that read what a unit has written of measures, the unit itself among them."""
    return frozenset(
        {unit}
        | {
            cell.to_unit
            for cell in opened.facts.cells
            if (cell.from_unit, cell.info_type) == (unit, InfoType.MEASURES)
            and cell.is_live(context.now)
        }
    )


def point_at(minutes: Record | None, place: int) -> AgreedPoint:
    """Return one point of minutes one can read. Raises ``NotFound``."""
    points = points_of(minutes) if minutes is not None and minutes.readable else ()
    if not 0 <= place < len(points):
        raise NotFound
    return points[place]


def points_of(minutes: Record) -> tuple[AgreedPoint, ...]:
    """Return what was agreed, as far as it can be read."""
    return tuple(
        AgreedPoint(
            one["text"],
            one["responsible"],
            date.fromisoformat(one["deadline"]) if one["deadline"] else None,
        )
        for one in minutes.body.get("points", ())
    )


def measure_made(records: tuple[Record, ...], minutes_id: uuid.UUID, place: int) -> Record | None:
    """Return the measure that a point has become, whoever may read it."""
    made = [str(minutes_id), place]
    return next(
        (one for one in records if one.kind is Kind.MEASURE and one.meta.get("point") == made),
        None,
    )
