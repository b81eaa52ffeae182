"""The monthly control of look-ups: made by rules over the log, and gone through by people.

Nobody goes through their own findings; the data protection officer goes through everybody's, a
leader their own staff's. What the rules mean is in ``bti.domain.control``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import OPENINGS
from bti.audit.actions import Action as Act
from bti.audit.leaf import Leaf
from bti.audit.models import AuditEvent
from bti.audit.record import Reference
from bti.clock import NORWAY
from bti.db.models import Case, Control, ControlFinding
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.control import ControlRule, Look, Suspicion, month_before, suspicions
from bti.domain.emergency import ReviewOutcome
from bti.domain.errors import RuleBroken
from bti.domain.relations import Purpose
from bti.workflows import directory, review
from bti.workflows.actor import SystemActor
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.domain.relations import Subject
    from bti.workflows.actor import Actor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

_BY: Final = SystemActor("control")
#: However a case was opened: what the key broker lets a process call it must not decide what is counted.
_LOOKS: Final = OPENINGS | {Act.SEARCH_CHILD_RUN, Act.SEARCH_NATIONAL_ID_RUN}
_TRIES: Final = frozenset({Act.ACCESS_REQUEST_DENY, Act.EMERGENCY_CASE_SEEK})
#: A finding shows so many looks; how many there were is always told.
MOST_LOOKS: Final = 40
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class SeenLook:
    """One look as a finding shows it: when, which case, what was done and on what ground."""

    at: datetime
    number: str
    act: str
    ground: str
    refused: bool


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding in a list."""

    row_id: uuid.UUID
    name: str
    unit: str
    rule: ControlRule
    cases: int
    usual: int
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One finding with what it rests on, and what others have found so far."""

    line: FindingLine
    month: str
    looks: tuple[SeenLook, ...]
    total: int
    outcome: ReviewOutcome | None
    found: str = field(repr=False)
    settled_by: str


@dataclass(frozen=True, slots=True)
class MonthPage:
    """A month's control as one person may see it. ``control_id`` None: not made yet."""

    month: str
    control_id: uuid.UUID | None
    run_at: datetime | None
    findings: tuple[FindingLine, ...]
    signed_at: datetime | None
    signed_by: str
    may_sign: bool


def run_if_due(doorway: Doorway, person: Actor) -> None:
    """Make last month's control when nobody has: whoever opens the page need not wait for a job."""
    month = month_before(doorway.clock.now())
    doorway.perform(run, _BY, tenant_id=person.tenant_id, month=month)


def run(context: Context, *, tenant_id: uuid.UUID, month: str) -> int:
    """Make the control of a Norwegian month ("2026-11") and return how many findings it has.

    Made once: a second time only tells. Raises ``RuleBroken("control.not_over")`` for a month
    that has not passed, ``ValueError`` for what is no month. For the system only.
    """
    begins, ends = month_limits(month)
    if context.now < ends:
        raise RuleBroken("control.not_over")
    made = context.session.scalars(
        select(Control).where(Control.tenant_id == tenant_id, Control.month == month)
    ).one_or_none()
    if made is not None:
        found = select(ControlFinding.id).where(ControlFinding.control_id == made.id)
        return len(context.session.scalars(found).all())
    looks = list(_looks(context, tenant_id, begins, ends))
    pairs = {(one.account_id, one.case_id) for one in looks}
    pointed = suspicions(looks, context.verbs.kin(tenant_id, pairs) if pairs else {})
    control = Control(
        tenant_id=tenant_id, month=month, run_at=context.now, signed_at=None, signed_by=None
    )
    context.session.add(control)
    context.session.flush()
    for one in pointed:
        _add(context, control, one)
    context.record(
        Act.CONTROL_MONTH_RUN,
        Reference("tenant", tenant_id),
        Reference("control", control.id),
        tenant=tenant_id,
    )
    return len(pointed)


def month_limits(month: str) -> tuple[datetime, datetime]:
    """Return the first instant of a Norwegian month and of the next. Raises ``ValueError``."""
    first = date.fromisoformat(f"{month}-01")
    after = (
        date(first.year + 1, 1, 1)
        if first.month == _DECEMBER
        else date(first.year, first.month + 1, 1)
    )
    begins, ends = (datetime.combine(day, time.min, NORWAY) for day in (first, after))
    return begins, ends


def show_month(context: Context) -> MonthPage:
    """Return last month's control as the person may see it. Raises ``AccessDenied``."""
    subject = require(context, Action.SEE_REVIEWS, purpose=Purpose.OVERSIGHT)
    month = month_before(context.now)
    control = context.session.scalars(
        select(Control).where(Control.tenant_id == subject.tenant_id, Control.month == month)
    ).one_or_none()
    if control is None:
        return MonthPage(month, None, None, (), None, "", may_sign=False)
    lines = _lines(context, subject, control)
    context.record(
        Act.CONTROL_MONTH_READ, Reference("control", control.id), purpose=Purpose.OVERSIGHT
    )
    return MonthPage(
        month=month,
        control_id=control.id,
        run_at=control.run_at,
        findings=lines,
        signed_at=control.signed_at,
        signed_by=directory.name_of(context, control.signed_by) if control.signed_by else "",
        may_sign=subject.role is Role.DPO and control.signed_at is None,
    )


def show_finding(context: Context, *, finding_id: uuid.UUID) -> FindingPage:
    """Return one finding; the look is entered. Raises ``AccessDenied``."""
    row = _opened(context, finding_id)
    context.record(
        Act.CONTROL_FINDING_READ, Reference("finding", row.id), purpose=Purpose.OVERSIGHT
    )
    body = row.body
    outcome = body.get("outcome", "")
    return FindingPage(
        line=_line(context, row),
        month=context.session.get_one(Control, row.control_id).month,
        looks=tuple(
            SeenLook(
                datetime.fromisoformat(one["at"]),
                one["number"],
                one["act"],
                one["ground"],
                one["refused"],
            )
            for one in body["looks"]
        ),
        total=body["total"],
        outcome=ReviewOutcome(outcome) if outcome else None,
        found=body.get("found", ""),
        settled_by=directory.name_of(context, row.settled_by) if row.settled_by else "",
    )


def settle_finding(
    context: Context, *, finding_id: uuid.UUID, outcome: ReviewOutcome, found: str
) -> None:
    """Write down what was found. Raises ``AccessDenied`` and ``RuleBroken``."""
    row = _opened(context, finding_id)
    if row.settled_at is not None:
        raise NotFound
    review.settle(context, row, outcome, found)
    context.record(
        Act.CONTROL_FINDING_SETTLE, Reference("finding", row.id), purpose=Purpose.OVERSIGHT
    )


def sign_off(context: Context, *, control_id: uuid.UUID) -> None:
    """Sign a month's control off. Raises ``RuleBroken("control.unsettled")``, ``AccessDenied``."""
    subject = require(context, Action.SIGN_CONTROL)
    control = context.session.get(Control, control_id)
    if control is None or control.tenant_id != subject.tenant_id or control.signed_at is not None:
        raise NotFound
    waiting = context.session.scalars(
        select(ControlFinding.id).where(
            ControlFinding.control_id == control.id, ControlFinding.settled_at.is_(None)
        )
    ).first()
    if waiting is not None:
        raise RuleBroken("control.unsettled")
    control.signed_at = context.now
    control.signed_by = subject.account_id
    context.record(Act.CONTROL_MONTH_SIGN, Reference("control", control.id))


def _looks(
    context: Context, tenant_id: uuid.UUID, begins: datetime, ends: datetime
) -> Iterator[Look]:
    """Return the month's looks and tries at cases by people, from the log."""
    leaves = context.session.scalars(
        select(AuditEvent.leaf)
        .where(
            AuditEvent.tenant_id == tenant_id,
            AuditEvent.at >= begins,
            AuditEvent.at < ends,
            AuditEvent.act.in_([act.value for act in _LOOKS | _TRIES]),
        )
        .order_by(AuditEvent.idx)
    )
    for leaf in (Leaf.parse(bytes(raw)) for raw in leaves):
        refused = leaf.dec == "deny"
        known = not leaf.who.startswith("system:") and leaf.srv
        if not known or refused != (leaf.act in {act.value for act in _TRIES}):
            continue
        for line in leaf.obj:
            kind, _, found = line.partition(":")
            if kind == "case":
                yield Look(
                    datetime.fromisoformat(leaf.t),
                    uuid.UUID(leaf.who),
                    uuid.UUID(leaf.srv),
                    uuid.UUID(found),
                    leaf.act,
                    leaf.grd,
                    refused,
                )


def _add(context: Context, control: Control, one: Suspicion) -> None:
    row = ControlFinding(
        tenant_id=control.tenant_id,
        control_id=control.id,
        account_id=one.account_id,
        unit_id=one.unit_id,
        settled_at=None,
        settled_by=None,
    )
    shown = one.looks[:MOST_LOOKS]
    rows = context.session.execute(
        select(Case.id, Case.number).where(
            Case.tenant_id == control.tenant_id, Case.id.in_({look.case_id for look in shown})
        )
    )
    numbers = {case.id: case.number for case in rows}
    context.verbs.new_review(row.id, control.tenant_id)
    row.body = {
        "rule": one.rule.value,
        "cases": one.cases,
        "usual": one.usual,
        "total": len(one.looks),
        "looks": [_look(look, numbers) for look in shown],
    }
    context.session.add(row)


def _look(look: Look, numbers: dict[uuid.UUID, str]) -> dict[str, Any]:
    # Which consent it was is of no use here; that it was one is.
    ground = look.ground.partition(":")[0] if look.ground.startswith("cell:") else look.ground
    return {
        "at": look.at,
        "number": numbers.get(look.case_id, ""),
        "act": look.act,
        "ground": ground,
        "refused": look.refused,
    }


def _lines(context: Context, subject: Subject, control: Control) -> tuple[FindingLine, ...]:
    rows = context.session.scalars(
        select(ControlFinding).where(
            ControlFinding.control_id == control.id, *review.reviewable(ControlFinding, subject)
        )
    ).all()
    for row in rows:
        context.verbs.open_review(row, Action.REVIEW_USE)
    order = list(ControlRule)
    lines = [_line(context, row) for row in rows]
    return tuple(
        sorted(lines, key=lambda one: (one.settled_at is not None, order.index(one.rule), one.name))
    )


def _line(context: Context, row: ControlFinding) -> FindingLine:
    return FindingLine(
        row_id=row.id,
        name=directory.name_of(context, row.account_id),
        unit=directory.units(context)[row.unit_id].name,
        rule=ControlRule(row.body["rule"]),
        cases=row.body["cases"],
        usual=row.body["usual"],
        settled_at=row.settled_at,
    )


def _opened(context: Context, finding_id: uuid.UUID) -> ControlFinding:
    row = context.session.get(ControlFinding, finding_id)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    context.verbs.open_review(row, Action.REVIEW_USE)
    return row
