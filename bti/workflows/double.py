"""Two logs about one child: found by the keyed tokens of national ids. Opens no case, and tells the opener nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, ChildIndex
from bti.domain.doubles import LogOfChild
from bti.domain.levels import CaseStatus, LogStatus
from bti.workflows.case_file import ops_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.workflows.context import Context


def note_opened(context: Context, case: Case) -> None:
    """Enter in the log that a log was opened beside an earlier one about the same child. Tells the opener nothing.

    To be called when the log is open and before its row is written.
    """
    for _, others in beside(context, case.tenant_id, [case.id]):
        for other in others:
            if facts_of(other).is_there:
                context.record(Act.CASE_DOUBLE_NOTE, Reference("case", other.id))


def beside(
    context: Context, tenant_id: uuid.UUID, case_ids: Collection[uuid.UUID]
) -> list[tuple[Case, list[Case]]]:
    """Return each of the cases that others are about the same child as, with those, by case number."""
    if not case_ids:
        return []
    mine, theirs = aliased(ChildIndex), aliased(ChildIndex)
    same = and_(
        theirs.tenant_id == mine.tenant_id,
        theirs.kind == mine.kind,
        theirs.token == mine.token,
        theirs.case_id != mine.case_id,
    )
    pairs = context.session.execute(
        select(mine.case_id, theirs.case_id)
        .join(theirs, same)
        .where(mine.tenant_id == tenant_id, mine.case_id.in_(case_ids))
        .distinct()
    ).all()
    wanted = {one for pair in pairs for one in pair}
    cases = {
        case.id: case for case in context.session.scalars(select(Case).where(Case.id.in_(wanted)))
    }
    found: dict[uuid.UUID, list[Case]] = {}
    for own, other in pairs:
        found.setdefault(own, []).append(cases[other])
    in_order = sorted(found, key=lambda one: cases[one].number)
    return [(cases[one], found[one]) for one in in_order]


def facts_of(case: Case) -> LogOfChild:
    """Return a case as the rule sees it."""
    ops = ops_of(case)
    return LogOfChild(
        case_id=case.id,
        begun_at=ops.opened_at,
        status=CaseStatus(ops.status),
        log=LogStatus(ops.log),
        protected=ops.protection is not None,
        set_aside=ops.set_aside,
    )
