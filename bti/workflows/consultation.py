"""Asking a team about somebody who is not named, outside every case, and answering.

A question holds no case and no child, and nobody but its author and those who sat in the team when it was asked reads
it. Members see which kind of service asks where enough people work in it, and neither who nor which unit: in a small
place that would be half a name. The author may take it back at any time; then it is deleted, answers and all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import ConsultationQuestion
from bti.domain import consultation as rules
from bti.domain.access import Action
from bti.domain.consultation import ConsultationState
from bti.domain.errors import RuleBroken
from bti.workflows import directory, once
from bti.workflows.consultation_file import (
    asker_of,
    disposed_on,
    met,
    open_rows,
    places,
    state_of,
)
from bti.workflows.consultation_seat import seats
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Words:
    """A text, and why what may tell of somebody is passed on; empty where nothing was found."""

    text: str = field(repr=False)
    reason: str = field(repr=False)


def ask(context: Context, *, team: str, words: Words, submission: uuid.UUID) -> uuid.UUID:
    """Put a question to a team and return its id; sent twice it is one.

    Raises ``NotFound`` for a team that cannot be asked; ``RuleBroken`` as ``bti.domain.consultation`` and with
    consultation.nobody_there.
    """
    subject = require(context, Action.CONSULT)
    if team not in {one.code for one in context.profile.consulted}:
        raise NotFound
    row_id = once.row_id(context, "consultation", submission)
    directory.hold_account(context, subject.account_id)
    if context.session.get(ConsultationQuestion, row_id) is not None:
        context.record(Act.CONSULTATION_LIST_READ)
        return row_id
    rules.check_words(words.text, words.reason, places(context))
    there = seats(context, subject.tenant_id, context.profile)
    if not any(one.team == team and one.account_id != subject.account_id for one in there):
        raise RuleBroken("consultation.nobody_there")
    own = [
        row for row in open_rows(context, subject.tenant_id) if asker_of(row) == subject.account_id
    ]
    rules.check_pace([datetime.fromisoformat(row.body["asked_at"]) for row in own], context.now)
    unit = directory.units(context)[subject.unit_id]
    row = ConsultationQuestion(
        id=row_id, tenant_id=subject.tenant_id, dispose_on=disposed_on(context)
    )
    row.body = {
        "asker": str(subject.account_id),
        "sector": unit.sector.value,
        "team": team,
        "state": ConsultationState.ASKED.value,
        "asked_at": context.now,
        "last_at": context.now,
        "text": words.text,
        "reason": words.reason,
        "answers": [],
    }
    context.session.add(row)
    context.record(Act.CONSULTATION_QUESTION_ASK, Reference("consultation", row_id))
    return row_id


def answer(context: Context, *, question_id: uuid.UUID, version: int | None, words: Words) -> None:
    """Write an answer, as a member of the team.

    Raises ``NotFound``, ``Conflict`` and ``RuleBroken`` as ``bti.domain.consultation``.
    """
    row, subject = met(context, question_id, version, as_member=True)
    rules.check_words(words.text, words.reason, places(context))
    body = row.body
    state = rules.check_answer(state_of(row), len(body["answers"]))
    said = {
        "by": str(subject.account_id),
        "at": context.now,
        "text": words.text,
        "reason": words.reason,
    }
    _write(context, row, {"state": state.value, "answers": [*body["answers"], said]})
    context.record(Act.CONSULTATION_QUESTION_ANSWER, Reference("consultation", row.id))


def send_back(context: Context, *, question_id: uuid.UUID, version: int | None) -> None:
    """Send it back because it tells who it is about; the team no longer sees it. Raises as ``answer``."""
    row, _ = met(context, question_id, version, as_member=True)
    state = rules.check_send_back(state_of(row))
    _write(context, row, {"state": state.value})
    context.record(Act.CONSULTATION_QUESTION_RETURN, Reference("consultation", row.id))


def rewrite(context: Context, *, question_id: uuid.UUID, version: int | None, words: Words) -> None:
    """Write it anew after it was sent back: what stood is gone, and the answers with it. Raises as ``answer``."""
    row, _ = met(context, question_id, version, as_member=False)
    rules.check_words(words.text, words.reason, places(context))
    state = rules.check_rewrite(state_of(row))
    changed: dict[str, Any] = {
        "state": state.value,
        "text": words.text,
        "reason": words.reason,
        "answers": [],
    }
    _write(context, row, changed)
    context.record(Act.CONSULTATION_QUESTION_REWRITE, Reference("consultation", row.id))


def settle(context: Context, *, question_id: uuid.UUID, version: int | None) -> None:
    """Say that the answer is read: the question leaves the lists of both. Raises as ``answer``."""
    row, _ = met(context, question_id, version, as_member=False)
    _write(context, row, {"state": rules.check_settle(state_of(row)).value})
    context.record(Act.CONSULTATION_QUESTION_SETTLE, Reference("consultation", row.id))


def withdraw(context: Context, *, question_id: uuid.UUID) -> None:
    """Delete one's own question with its answers. Raises ``NotFound``."""
    row, _ = met(context, question_id, as_member=False)
    context.session.delete(row)
    context.record(Act.CONSULTATION_QUESTION_WITHDRAW, Reference("consultation", row.id))


def dispose(context: Context, *, tenant_id: uuid.UUID) -> int:
    """Delete the questions whose day has come and return how many; needs no key (system only)."""
    rows = context.session.scalars(
        select(ConsultationQuestion).where(
            ConsultationQuestion.tenant_id == tenant_id,
            ConsultationQuestion.dispose_on <= context.today,
        )
    ).all()
    for row in rows:
        context.session.delete(row)
    if rows:
        about = [
            Reference("consultation", one) for one in sorted((row.id for row in rows), key=str)
        ]
        context.record(Act.CONSULTATION_QUESTION_DISPOSE, *about, tenant=tenant_id)
    return len(rows)


def _write(context: Context, row: ConsultationQuestion, changed: Mapping[str, Any]) -> None:
    row.body = {**row.body, **changed, "last_at": context.now}
    row.dispose_on = disposed_on(context)
