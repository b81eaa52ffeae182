"""Who is away, and who stands in: written by the person, or by the leader of their unit.

A substitute gets the reminders and learns how much waits. They may be offered the baton as anybody
in the unit; being a substitute opens no case.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import AbsencePeriod
from bti.domain import deadlines
from bti.domain.absence import Absence, check_absence, who_is_told
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.deadlines import Pressing
from bti.domain.errors import RuleBroken
from bti.workflows import directory
from bti.workflows.due import dates_in
from bti.workflows.errors import NotFound
from bti.workflows.permission import require
from bti.workflows.readable import that_open

if TYPE_CHECKING:
    from bti.domain.relations import Subject
    from bti.workflows.context import Context
    from bti.workflows.directory import Colleague


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """An absence that is not over, as the person, the substitute and the leader see it."""

    absence_id: uuid.UUID
    name: str
    substitute: str
    from_on: date
    to_on: date
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class AbsencePage:
    """``people`` are those one may write it for: oneself, and for a leader the unit's staff."""

    lines: tuple[AbsenceLine, ...]
    people: tuple[Colleague, ...]
    colleagues: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody one stands in for today, and how many dates wait there."""

    name: str
    to_on: date
    waiting: int


@dataclass(frozen=True, slots=True)
class PlanAbsence:
    """Norwegian calendar days, both included."""

    account_id: uuid.UUID
    substitute_id: uuid.UUID
    from_on: date
    to_on: date


def show(context: Context) -> AbsencePage:
    """Return what one may know and write of absence. Raises ``AccessDenied``."""
    subject = require(context, Action.SEE_WORKLIST)
    everybody = directory.colleagues(context, subject.unit_id)
    leads = subject.role is Role.UNIT_LEAD
    context.record(Act.ABSENCE_LIST_READ)
    return AbsencePage(
        lines=_lines(context, subject, frozenset(one.account_id for one in everybody)),
        people=tuple(one for one in everybody if leads or one.account_id == subject.account_id),
        # Nobody stands in for themselves; a leader may stand in for others.
        colleagues=tuple(one for one in everybody if leads or one.account_id != subject.account_id),
    )


def plan(context: Context, *, command: PlanAbsence) -> uuid.UUID:
    """Write down an absence and return its id.

    Raises ``RuleBroken`` as ``bti.domain.absence.check_absence`` and with absence.not_colleague;
    ``NotFound`` for somebody whom one may not write it for.
    """
    subject = require(context, Action.SEE_WORKLIST)
    unit = {one.account_id for one in directory.colleagues(context, subject.unit_id)}
    _check_whose(subject, command.account_id, unit)
    directory.hold_account(context, command.account_id)
    wanted = Absence(
        account_id=command.account_id,
        substitute_id=command.substitute_id,
        from_on=command.from_on,
        to_on=command.to_on,
    )
    own = [
        one for one in absences(context, subject.tenant_id) if one.account_id == wanted.account_id
    ]
    check_absence(wanted, own, today=context.today)
    if command.substitute_id not in unit:
        raise RuleBroken("absence.not_colleague")
    row = AbsencePeriod(
        tenant_id=subject.tenant_id, account_id=wanted.account_id, withdrawn_at=None
    )
    row.body = {
        "substitute": str(wanted.substitute_id),
        "from_on": wanted.from_on,
        "to_on": wanted.to_on,
    }
    context.session.add(row)
    context.record(Act.ABSENCE_PERIOD_SET, Reference("account", wanted.account_id))
    return row.id


def withdraw(context: Context, *, absence_id: uuid.UUID) -> None:
    """Take an absence back: the person is here. Raises ``NotFound`` for who may not."""
    subject = require(context, Action.SEE_WORKLIST)
    row = context.session.get(AbsencePeriod, absence_id)
    if row is None or row.tenant_id != subject.tenant_id or row.withdrawn_at is not None:
        raise NotFound
    unit = {one.account_id for one in directory.colleagues(context, subject.unit_id)}
    _check_whose(subject, row.account_id, unit)
    row.withdrawn_at = context.now
    context.record(Act.ABSENCE_PERIOD_WITHDRAW, Reference("account", row.account_id))


def absences(context: Context, tenant_id: uuid.UUID) -> list[Absence]:
    """Return every absence of a municipality that was not taken back. The ops key must be released."""
    return [one for _, one in that_open(context, _rows(context, tenant_id), _absence)]


def standing_in(context: Context, subject: Subject) -> tuple[StandIn, ...]:
    """Return whom the person stands in for today. How much waits, never what, and no case number."""
    there = absences(context, subject.tenant_id)
    today = context.today
    mine = [
        one
        for one in there
        if one.covers(today)
        and one.account_id != subject.account_id
        and who_is_told(one.account_id, there, today) == subject.account_id
    ]
    if not mine:
        return ()
    cases = [
        case
        for case in dates_in(context, subject.tenant_id, context.profile)
        if case.may_be_told_to(subject.account_id)
    ]
    return tuple(
        StandIn(
            directory.name_of(context, one.account_id),
            one.to_on,
            sum(
                deadlines.pressing(due.on, today, case.rules) is not Pressing.LATER
                for case in cases
                if case.acts == one.account_id
                for due in case.dates
            ),
        )
        for one in mine
    )


def _check_whose(subject: Subject, account_id: uuid.UUID, unit: set[uuid.UUID]) -> None:
    own = account_id == subject.account_id
    if not own and not (subject.role is Role.UNIT_LEAD and account_id in unit):
        raise NotFound


def _lines(
    context: Context, subject: Subject, unit: frozenset[uuid.UUID]
) -> tuple[AbsenceLine, ...]:
    leads = subject.role is Role.UNIT_LEAD
    found = []
    for row, one in that_open(context, _rows(context, subject.tenant_id), _absence):
        writes = one.account_id == subject.account_id or (leads and one.account_id in unit)
        if one.to_on < context.today or not (writes or one.substitute_id == subject.account_id):
            continue
        found.append(
            AbsenceLine(
                row.id,
                directory.name_of(context, one.account_id),
                directory.name_of(context, one.substitute_id),
                one.from_on,
                one.to_on,
                writes,
            )
        )
    return tuple(sorted(found, key=lambda line: (line.from_on, line.name)))


def _rows(context: Context, tenant_id: uuid.UUID) -> list[AbsencePeriod]:
    return list(
        context.session.scalars(
            select(AbsencePeriod).where(
                AbsencePeriod.tenant_id == tenant_id, AbsencePeriod.withdrawn_at.is_(None)
            )
        )
    )


def _absence(row: AbsencePeriod) -> Absence:
    body = row.body
    return Absence(
        account_id=row.account_id,
        substitute_id=uuid.UUID(body["substitute"]),
        from_on=date.fromisoformat(body["from_on"]),
        to_on=date.fromisoformat(body["to_on"]),
    )
