"""Rows of questions without names, opened: whom each concerns, and who may meet one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import ConsultationQuestion
from bti.domain.access import Action
from bti.domain.codes import Sector
from bti.domain.consultation import ConsultationState, may_read
from bti.domain.retention import rule_for
from bti.profiles import retention
from bti.workflows import directory
from bti.workflows.consultation_seat import seats
from bti.workflows.errors import Conflict, NotFound
from bti.workflows.permission import require
from bti.workflows.readable import that_open

if TYPE_CHECKING:
    from bti.domain.relations import Subject
    from bti.profiles import Profile
    from bti.workflows.consultation_seat import Seat
    from bti.workflows.context import Context

_COLUMN: Final = "consultation_questions.body_ct"
_SCHOOLS: Final = frozenset({Sector.SCHOOL, Sector.KINDERGARTEN})


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a question concerns and where it stands, for lists and reminders."""

    asker: uuid.UUID
    members: frozenset[uuid.UUID]
    state: ConsultationState
    last_at: datetime


def asked_of(context: Context, tenant_id: uuid.UUID, profile: Profile) -> tuple[Asked, ...]:
    """Return whom each question waits for. The ops key must be released; no text leaves this call."""
    there = seats(context, tenant_id, profile)
    found = []
    for row in open_rows(context, tenant_id):
        members = members_of(row, there) - {asker_of(row)}
        found.append(Asked(asker_of(row), members, state_of(row), last_at_of(row)))
    return tuple(found)


def met(
    context: Context,
    question_id: uuid.UUID,
    version: int | None = None,
    *,
    as_member: bool | None = None,
) -> tuple[ConsultationQuestion, Subject]:
    """Return a question the person may read, held for writing where ``as_member`` says as whom they write."""
    subject = require(context, Action.CONSULT)
    row = context.session.get(
        ConsultationQuestion, question_id, with_for_update=as_member is not None
    )
    if row is None or row.tenant_id != subject.tenant_id:
        raise NotFound
    members = members_of(row, seats(context, subject.tenant_id, context.profile))
    mine = asker_of(row) == subject.account_id
    if as_member is mine or not may_read(
        subject.account_id, asker=asker_of(row), members=members, state=state_of(row)
    ):
        raise NotFound
    if version is not None and row.version != version:
        raise Conflict
    return row, subject


def members_of(row: ConsultationQuestion, there: tuple[Seat, ...]) -> frozenset[uuid.UUID]:
    """Return those who read a question: who sat in its team when it was asked, as its author was told, and still does."""
    asked_at = datetime.fromisoformat(row.body["asked_at"])
    return frozenset(
        one.account_id for one in there if one.team == row.body["team"] and one.at <= asked_at
    )


def disposed_on(context: Context) -> date:
    """Return the day a question goes that was last written in today, by the rule of its column."""
    last = rule_for(retention.rules(), _COLUMN).ends_on(context.today)
    if last is None:
        raise LookupError(_COLUMN)
    return last


def open_rows(context: Context, tenant_id: uuid.UUID) -> list[ConsultationQuestion]:
    """Return every question of a municipality that opens, oldest word first."""
    rows = context.session.scalars(
        select(ConsultationQuestion).where(ConsultationQuestion.tenant_id == tenant_id)
    )
    found = [(last, row) for row, last in that_open(context, rows, last_at_of)]
    return [row for _, row in sorted(found, key=lambda one: (one[0], str(one[1].id)))]


def last_at_of(row: ConsultationQuestion) -> datetime:
    """Return when something was last written in it."""
    return datetime.fromisoformat(row.body["last_at"])


def asker_of(row: ConsultationQuestion) -> uuid.UUID:
    """Return whose question it is."""
    return uuid.UUID(row.body["asker"])


def state_of(row: ConsultationQuestion) -> ConsultationState:
    """Return where it stands."""
    return ConsultationState(row.body["state"])


def places(context: Context) -> tuple[str, ...]:
    """Return the names of the schools and kindergartens: in most places they tell more than an age."""
    return tuple(one.name for one in directory.units(context).values() if one.sector in _SCHOOLS)
