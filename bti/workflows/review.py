"""Looking at what others have done with their access. Nobody reviews themselves.

The data protection officer reviews everybody, a leader their own staff; the broker decides, row by
row, and releases the sealed reason of one row at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, Case, ControlFinding, EmergencyAccess, Suspension
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

_SETTLED_SHOWN: Final = 20


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
class SuspensionLine:
    """An account that was closed at once, and whether somebody has looked at why."""

    row_id: uuid.UUID
    name: str
    unit: str
    began_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewList:
    """What waits for the person, soonest due first, and what was settled lately."""

    waiting: tuple[UseLine, ...]
    settled: tuple[UseLine, ...]
    suspensions: tuple[SuspensionLine, ...]


@dataclass(frozen=True, slots=True)
class SuspensionPage:
    """One suspension: which bait it was, and what was found."""

    line: SuspensionLine
    number: str
    outcome: ReviewOutcome | None
    found: str = field(repr=False)
    settled_by: str


@dataclass(frozen=True, slots=True)
class Pending:
    """How much waits for the data protection officer, for the front page."""

    uses: int
    suspensions: int
    findings: int

    @property
    def total(self) -> int:
        """Return how much there is in all."""
        return self.uses + self.suspensions + self.findings


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
        .where(*reviewable(EmergencyAccess, subject))
        .order_by(EmergencyAccess.opened_at)
    ).all()
    lines = _lines(context, rows)
    context.record(
        Act.REVIEW_LIST_READ,
        Reference("tenant", subject.tenant_id),
        purpose=Purpose.OVERSIGHT,
    )
    settled = [one for one in reversed(lines) if one.settled_at is not None]
    return ReviewList(
        tuple(one for one in lines if one.settled_at is None),
        tuple(settled[:_SETTLED_SHOWN]),
        _suspensions(context, subject) if subject.role is Role.DPO else (),
    )


def pending(context: Context) -> Pending:
    """Return how much waits for the data protection officer."""
    subject = require(context, Action.SEE_REVIEWS, purpose=Purpose.OVERSIGHT)
    waiting = [one for one in _suspensions(context, subject) if one.settled_at is None]
    return Pending(
        _count(context, EmergencyAccess, subject),
        len(waiting),
        _count(context, ControlFinding, subject),
    )


def count_waiting(context: Context, subject: Subject) -> int:
    """Return how much waits for this person to look at it: uses and findings of the control."""
    return _count(context, EmergencyAccess, subject) + _count(context, ControlFinding, subject)


def _count(context: Context, table: type[ReviewedRow], subject: Subject) -> int:
    rows = select(table.id).where(*reviewable(table, subject), table.settled_at.is_(None))
    return len(context.session.scalars(rows).all())


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


def show_suspension(context: Context, *, row_id: uuid.UUID) -> SuspensionPage:
    """Return why an account was closed; the look is entered. Raises ``AccessDenied``."""
    row = _suspension(context, row_id, Action.REVIEW_USE)
    context.record(
        Act.REVIEW_SUSPENSION_READ, Reference("suspension", row.id), purpose=Purpose.OVERSIGHT
    )
    outcome = row.body.get("outcome", "")
    return SuspensionPage(
        line=_suspension_line(context, row),
        number=row.body["number"],
        outcome=ReviewOutcome(outcome) if outcome else None,
        found=row.body.get("found", ""),
        settled_by=directory.name_of(context, row.settled_by) if row.settled_by else "",
    )


def settle_suspension(
    context: Context, *, row_id: uuid.UUID, outcome: ReviewOutcome, found: str
) -> None:
    """Write down what was found; FINE lets the person in again, BREACH leaves the account closed.

    Raises ``AccessDenied`` (asks for a fresh sign-in) and ``RuleBroken``.
    """
    row = _suspension(context, row_id, Action.LIFT_SUSPENSION)
    if row.settled_at is not None:
        raise NotFound
    settle(context, row, outcome, found)
    about = (Reference("account", row.account_id), Reference("suspension", row.id))
    if outcome is not ReviewOutcome.FINE:
        context.record(Act.REVIEW_USE_SETTLE, *about, purpose=Purpose.OVERSIGHT)
        return
    context.session.get_one(Account, row.account_id, with_for_update=True).active = True
    context.record(Act.ACCOUNT_ACCESS_RESTORE, *about, purpose=Purpose.OVERSIGHT)


def _suspension(context: Context, row_id: uuid.UUID, action: Action) -> Suspension:
    row = context.session.get(Suspension, row_id)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    context.verbs.open_review(row, action)
    return row


def _suspensions(context: Context, subject: Subject) -> tuple[SuspensionLine, ...]:
    rows = context.session.scalars(
        select(Suspension)
        .where(*reviewable(Suspension, subject))
        .order_by(Suspension.began_at.desc())
    )
    return tuple(_suspension_line(context, row) for row in rows)


def _suspension_line(context: Context, row: Suspension) -> SuspensionLine:
    return SuspensionLine(
        row.id,
        directory.name_of(context, row.account_id),
        directory.units(context)[row.unit_id].name,
        row.began_at,
        row.settled_at,
    )


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


def reviewable(table: type[ReviewedRow], subject: Subject) -> list[ColumnElement[bool]]:
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
