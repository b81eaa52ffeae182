"""What somebody has set aside for a log that goes on: which, since when, and what was due. Opens no case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bti.domain.ages import day_in_norway
from bti.domain.join import left_due
from bti.domain.levels import CaseStatus, Level
from bti.workflows.case_file import ops_of
from bti.workflows.double import beside

if TYPE_CHECKING:
    import uuid
    from datetime import date

    from bti.db.models import Case
    from bti.domain.deadlines import Due
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class ContinuedHere:
    """A log that this one goes on with: its number, since when (Norwegian day), and what was due in it.

    Kinds and days alone; nothing where an address is protected in it.
    """

    case_id: uuid.UUID
    number: str
    since: date
    due: tuple[Due, ...]


def continued_here(context: Context, case: Case) -> tuple[ContinuedHere, ...]:
    """Return the logs that somebody has set aside for this one, oldest case first."""
    found = []
    for one in others_about(context, case).values():
        ops = ops_of(one)
        kept = ops.continued
        if kept is None or not kept.lasts or kept.into != case.id or ops.status != CaseStatus.OPEN:
            continue
        due = () if ops.protection is not None else due_in(one)
        found.append(ContinuedHere(one.id, one.number, day_in_norway(kept.since), due))
    return tuple(found)


def due_in(case: Case) -> tuple[Due, ...]:
    """Return what is due in a log, as whoever goes on with it is shown: kinds and days."""
    ops = ops_of(case)
    decision = ops.decision_due if ops.level == Level.WONDER else None
    return left_due(talk=ops.talk_due, decision=decision, evaluation=ops.next_evaluation)


def others_about(context: Context, case: Case) -> dict[uuid.UUID, Case]:
    """Return the other cases about the same child, by id."""
    found = beside(context, case.tenant_id, [case.id])
    return {other.id: other for _, others in found for other in others}
