"""Children with a trail and nothing else, for counting; and the population of an invented municipality."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case
from bti.disclosure.menu import AGE, DIMENSIONS
from bti.domain.levels import CaseStatus, LogStatus
from bti.workflows.case_file import Ops
from bti.workflows.case_number import new_number

if TYPE_CHECKING:
    from tests.world import World

CLOSED = -1
BORN = {"6-9": date(2018, 5, 1), "10-12": date(2015, 5, 1), "13-15": date(2012, 5, 1)}
SPRING = date(2026, 3, 2)
BEFORE = date(2025, 11, 3)
AFTER = date(2026, 8, 17)
POPULATION = dict.fromkeys(DIMENSIONS[AGE], 400)


def make(world: World, *facts) -> None:
    """Cases as ``child`` says; statistics read nothing else of them."""
    world.run("ingrid", _cases, unit_id=world.units["school"], facts=list(facts))


def child(band: str, *trail: tuple[date, int], cause="", sector="school", categories=(), **more):
    """One child's working state: age band, trail, and what it is counted by."""
    return BORN[band], trail, {"closing_cause": cause, "sector": sector,
                               "categories": tuple(categories), **more}  # fmt: skip


def _cases(context, *, unit_id, facts):
    context.verbs.subject()
    for birth_date, trail, more in facts:
        opened = datetime.combine(trail[0][0], datetime.min.time(), UTC)
        row = Case(tenant_id=context.person.tenant_id, unit_id=unit_id, number=new_number())
        row.ops = Ops(
            level=max(trail[-1][1], 0),
            status=CaseStatus.CLOSED if trail[-1][1] == CLOSED else CaseStatus.OPEN,
            log=LogStatus.NONE,
            opened_at=opened,
            level_since=opened,
            birth_date=birth_date,
            trail=tuple(trail),
            **more,
        ).to_json()
        context.session.add(row)
        context.session.flush()
        context.record(Act.CASE_CONCERN_CREATE, Reference("case", row.id))
