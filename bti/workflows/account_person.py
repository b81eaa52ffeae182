"""Who the person behind an account is, for the monthly control and nothing else (ADR 0025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, AccountPerson
from bti.domain.access import Action
from bti.domain.approval import StepUpNeeded
from bti.domain.errors import RuleBroken
from bti.workflows.child_search import person_token
from bti.workflows.errors import NotFound
from bti.workflows.once import row_id
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.workflows.context import Context


def note(
    context: Context, *, account_id: uuid.UUID, national_id: str, submission: uuid.UUID
) -> None:
    """Register a colleague's national id as a keyed token; the digits are kept nowhere.

    The same ``submission`` sent twice is one registration. It takes a fresh proof, which the key broker uses up
    for this one. Raises ``RuleBroken`` with account.not_active or a national_id code, ``NotFound`` and
    ``StepUpNeeded``.
    """
    subject = require(context, Action.MANAGE_ACCOUNTS)
    row = context.session.get(Account, account_id)
    if row is None or row.tenant_id != subject.tenant_id:
        raise NotFound
    if not row.active:
        raise RuleBroken("account.not_active")
    new_id = row_id(context, "person", submission)
    if context.session.scalar(select(AccountPerson.id).where(AccountPerson.id == new_id)):
        return
    token = person_token(context, national_id)
    if not context.verbs.spend_proof(new_id):
        raise StepUpNeeded
    context.session.add(
        AccountPerson(
            id=new_id,
            tenant_id=row.tenant_id,
            account_id=account_id,
            token=token,
            noted_at=context.now,
        )
    )
    context.record(Act.ACCOUNT_PERSON_REGISTER, Reference("account", account_id))


def noted(context: Context, account_id: uuid.UUID | None = None) -> dict[uuid.UUID, datetime]:
    """Return when it was last registered who somebody is, for one account or for everybody's."""
    question = select(AccountPerson.account_id, func.max(AccountPerson.noted_at)).where(
        AccountPerson.tenant_id == context.person.tenant_id
    )
    if account_id is not None:
        question = question.where(AccountPerson.account_id == account_id)
    rows = context.session.execute(question.group_by(AccountPerson.account_id))
    return {row.account_id: row[1] for row in rows}
