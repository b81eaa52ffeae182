"""Keeping a guardian out: putting a block, and lifting it. It wins over every judgement and every register.

Nothing is written over: each block stays with who put it and why, and who lifted it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Person
from bti.domain.access import Action, Allowed, decide
from bti.domain.guardians import BlockReason, check_block, check_lift
from bti.workflows import directory
from bti.workflows.case_file import case_row, child_of, ops_of, persons
from bti.workflows.errors import NotFound
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from datetime import datetime

    from bti.keyd.broker import Opened
    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockGuardian:
    """Whom to keep out, and why."""

    case_id: uuid.UUID
    version: int | None
    person_id: uuid.UUID
    why: BlockReason
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPage:
    """How it stands. ``may_lift``: the person leads the service and sees the form that opens it again."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    person: PersonRecord
    by: str
    at: datetime | None
    may_lift: bool


def block_page(context: Context, *, case_id: uuid.UUID, person_id: uuid.UUID) -> BlockPage:
    """Return how it stands for one guardian; logged as a reading. ``NotFound`` for anybody else."""
    opened = context.verbs.open(case_id, Action.CHANGE_CHILD, entry=Act.CASE_OPEN_READ)
    person = _guardian(context, case_id, person_id)
    block = person.block
    return BlockPage(
        case_id=case_id,
        version=case_row(context, case_id).version,
        child=child_of(context, case_id).first_name,
        person=person,
        by=directory.name_of(context, block.by) if block is not None else "",
        at=block.at if block is not None else None,
        may_lift=_leads(context, opened),
    )


def block(context: Context, *, command: BlockGuardian) -> None:
    """Keep a guardian out from this transaction on.

    Raises ``RuleBroken`` as ``bti.domain.guardians.check_block``; ``Conflict``; ``NotFound``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CHANGE_CHILD, entry=None)
    known = _unchanged(context, command.case_id, command.person_id, command.version)
    check_block(blocked=known.block is not None, has_reason=bool(command.reason.strip()))
    row = context.session.get_one(Person, known.id)
    put = {
        "why": command.why.value,
        "reason": command.reason,
        "at": context.now,
        "by": context.person.account_id,
        "lifted_at": None,
    }
    row.body = {**row.body, "blocks": [*row.body.get("blocks", ()), put]}
    _record(context, Act.GUARDIAN_ACCESS_BLOCK, opened, known.id)


def lift(
    context: Context,
    *,
    case_id: uuid.UUID,
    person_id: uuid.UUID,
    reason: str,
    version: int | None,
) -> None:
    """Lift a block, as the leader, freshly proven. What stood before it stands again; nothing opens by itself.

    Raises ``RuleBroken`` as ``bti.domain.guardians.check_lift``; ``Conflict``; ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.LIFT_BLOCK, entry=None)
    known = _unchanged(context, case_id, person_id, version)
    check_lift(blocked=known.block is not None, has_reason=bool(reason.strip()))
    row = context.session.get_one(Person, known.id)
    lifted = {
        "lifted_at": context.now,
        "lifted_by": context.person.account_id,
        "lifted_why": reason,
    }
    row.body = {
        **row.body,
        "blocks": [
            {**one, **lifted} if one["lifted_at"] is None else one for one in row.body["blocks"]
        ],
    }
    _record(context, Act.GUARDIAN_ACCESS_LIFT, opened, known.id)


def _leads(context: Context, opened: Opened) -> bool:
    """Tell whether the person may lift it now, or after proving anew who they are."""
    subject = context.verbs.subject()
    answer = decide(subject, Action.LIFT_BLOCK, opened.facts, context.now)
    return isinstance(answer, Allowed) or answer.rule == "access.stale_factor"


def _unchanged(
    context: Context, case_id: uuid.UUID, person_id: uuid.UUID, version: int | None
) -> PersonRecord:
    """Return the guardian, and give the case a new version: a form from before this is a conflict."""
    case = case_row(context, case_id)
    unchanged(case, version)
    case.ops = ops_of(case).to_json()
    return _guardian(context, case_id, person_id)


def _guardian(context: Context, case_id: uuid.UUID, person_id: uuid.UUID) -> PersonRecord:
    for one in persons(context, case_id):
        if one.id == person_id and one.kind == "guardian":
            return one
    raise NotFound


def _record(context: Context, act: Act, opened: Opened, person_id: uuid.UUID) -> None:
    context.record(
        act,
        Reference("case", opened.case_id),
        Reference("person", person_id),
        ground=opened.ground,
    )
