"""Looking at what others have done with their access. Nobody reviews themselves.

The data protection officer reviews everybody, a leader their own staff; the broker decides, row by
row, and releases the sealed reason of one row at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, EmergencyAccess
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.emergency import REVIEW_WITHIN, EmergencyReason, ReviewOutcome, settles
from bti.domain.errors import RuleBroken
from bti.domain.relations import Purpose
from bti.workflows import directory
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bti.db.models.oversight import ReviewedRow
    from bti.domain.relations import Subject
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class UseLine:
    """One use of emergency access in a list: who, when, which case; not why."""

    row_id: uuid.UUID
    name: str
    unit: str
    number: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewList:
    """What waits for the person, soonest due first, and what was settled lately."""

    waiting: tuple[UseLine, ...]
    settled: tuple[UseLine, ...]


@dataclass(frozen=True, slots=True)
class UsePage:
    """One use, with the reason that was given and what others have found so far."""

    line: UseLine
    expires_at: datetime
    reason: EmergencyReason
    text: str = field(repr=False)
    outcome: ReviewOutcome | None
    found: str = field(repr=False)
    settled_by: str


def list_reviews(context: Context) -> ReviewList:
    """Return what the person may review. Raises ``AccessDenied``."""
    subject = require(context, Action.SEE_REVIEWS, purpose=Purpose.OVERSIGHT)
    rows = context.session.scalars(
        select(EmergencyAccess)
        .where(*_reviewable(EmergencyAccess, subject))
        .order_by(EmergencyAccess.opened_at)
    ).all()
    lines = _lines(context, rows)
    context.record(
        Act.REVIEW_LIST_READ,
        Reference("tenant", subject.tenant_id),
        purpose=Purpose.OVERSIGHT,
    )
    settled = [one for one in reversed(lines) if one.settled_at is not None]
    return ReviewList(tuple(one for one in lines if one.settled_at is None), tuple(settled[:20]))


def count_waiting(context: Context, subject: Subject) -> int:
    """Return how many uses wait for this person to look at them."""
    rows = context.session.scalars(
        select(EmergencyAccess.id).where(
            *_reviewable(EmergencyAccess, subject), EmergencyAccess.settled_at.is_(None)
        )
    )
    return len(rows.all())


def show_use(context: Context, *, row_id: uuid.UUID) -> UsePage:
    """Return one use with its reason; the look is entered. Raises ``AccessDenied``."""
    row = _opened(context, row_id)
    context.record(Act.REVIEW_USE_READ, Reference("emergency", row.id), purpose=Purpose.OVERSIGHT)
    outcome = row.body.get("outcome", "")
    return UsePage(
        line=_lines(context, [row])[0],
        expires_at=row.expires_at,
        reason=EmergencyReason(row.body["reason"]),
        text=row.body["text"],
        outcome=ReviewOutcome(outcome) if outcome else None,
        found=row.body.get("found", ""),
        settled_by=directory.name_of(context, row.settled_by) if row.settled_by else "",
    )


def settle_use(context: Context, *, row_id: uuid.UUID, outcome: ReviewOutcome, found: str) -> None:
    """Write down what a review found. Raises ``AccessDenied`` and ``RuleBroken``.

    What was settled stays settled; a question (ASK) is kept and the review goes on waiting.
    """
    row = _opened(context, row_id)
    if row.settled_at is not None:
        raise NotFound
    settle(context, row, outcome, found)
    context.record(Act.REVIEW_USE_SETTLE, Reference("emergency", row.id), purpose=Purpose.OVERSIGHT)


def settle(context: Context, row: ReviewedRow, outcome: ReviewOutcome, found: str) -> None:
    """Put an outcome into an opened row. Raises ``RuleBroken("emergency.review_reason")``."""
    said = " ".join(found.split())
    if not said:
        raise RuleBroken("emergency.review_reason")
    row.body = {**row.body, "outcome": outcome.value, "found": said}
    if settles(outcome):
        row.settled_at = context.now
        row.settled_by = context.person.account_id


def _opened(context: Context, row_id: uuid.UUID) -> EmergencyAccess:
    row = context.session.get(EmergencyAccess, row_id)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    context.verbs.open_review(row, Action.REVIEW_USE)
    return row


def _reviewable(table: type[ReviewedRow], subject: Subject) -> list[ColumnElement[bool]]:
    """Return the rows a person may be shown: never their own; a leader's are of the own unit."""
    found = [table.tenant_id == subject.tenant_id, table.account_id != subject.account_id]
    if subject.role is not Role.DPO:
        found.append(table.unit_id == subject.unit_id)
    return found


def _lines(context: Context, rows: Sequence[EmergencyAccess]) -> list[UseLine]:
    numbers = {
        row.id: row.number
        for row in context.session.execute(
            select(Case.id, Case.number).where(Case.id.in_([one.case_id for one in rows]))
        )
    }
    units = directory.units(context)
    return [
        UseLine(
            row_id=row.id,
            name=directory.name_of(context, row.account_id),
            unit=units[row.unit_id].name,
            number=numbers[row.case_id],
            opened_at=row.opened_at,
            due_at=row.opened_at + REVIEW_WITHIN,
            overdue=row.settled_at is None and context.now > row.opened_at + REVIEW_WITHIN,
            settled_at=row.settled_at,
        )
        for row in rows
    ]
