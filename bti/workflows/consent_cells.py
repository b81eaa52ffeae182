"""What a completed or withdrawn consent does: cells open and stop, and the log rests or goes on.

Applies the events of ``bti.domain.consent``; decides nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import ConsentCell
from bti.domain.consent import OPENING, CellBasis, Scope
from bti.domain.levels import LogStatus
from bti.workflows.case_file import ops_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.db.models import Case
    from bti.domain.events import ConsentCompleted, ConsentWithdrawn
    from bti.workflows.consent_file import Asked
    from bti.workflows.context import Context


def open_cells(context: Context, case: Case, event: ConsentCompleted) -> None:
    """Let information flow as everybody has agreed, from now until it ends by itself."""
    for cell in event.cells:
        context.session.add(
            ConsentCell(
                tenant_id=case.tenant_id,
                case_id=case.id,
                consent_id=event.consent_id,
                from_unit_id=cell.from_unit,
                to_unit_id=cell.to_unit,
                info_type=cell.info_type.value,
                basis=CellBasis.CONSENT.value,
                valid_from=event.valid_from,
                valid_to=event.valid_to,
                withdrawn_at=None,
            )
        )
    case.access_epoch += 1


def stop_cells(context: Context, case: Case, event: ConsentWithdrawn) -> None:
    """Stop the flow now. What was shared before was lawful, so nothing else changes."""
    stopped = {(cell.from_unit, cell.to_unit, cell.info_type.value) for cell in event.cells}
    rows = context.session.scalars(
        select(ConsentCell).where(ConsentCell.consent_id == event.consent_id)
    )
    for row in rows:
        place = (row.from_unit_id, row.to_unit_id, row.info_type)
        if place in stopped and row.withdrawn_at is None:
            row.withdrawn_at = event.at
    case.access_epoch += 1


def suspend_log(context: Context, case: Case, others: Iterable[Asked]) -> None:
    """Let the log rest when no other consent to it is in force; nothing in it is lost."""
    ops = ops_of(case)
    in_force = any(one.facts.scope is Scope.OPEN_LOG and one.status in OPENING for one in others)
    if in_force or ops.log != LogStatus.ACTIVE:
        return
    case.ops = replace(ops, log=LogStatus.SUSPENDED.value).to_json()
    context.record(Act.LOG_SUSPEND_WRITE, Reference("case", case.id))


def resume_log(context: Context, case: Case) -> None:
    """Let a log that rested go on, with the holder it had."""
    ops = ops_of(case)
    if ops.log == LogStatus.SUSPENDED:
        case.ops = replace(ops, log=LogStatus.ACTIVE.value).to_json()
        context.record(Act.LOG_RESUME_WRITE, Reference("case", case.id))
