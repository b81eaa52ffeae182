"""One writer of a case at a time, and one row for each sending of a form.

For people who click at once, and for those who click twice. Decides nothing about rights.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case
from bti.workflows.errors import Conflict

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


def hold(context: Context, case_id: uuid.UUID) -> None:
    """Make other writers of this case wait until this transaction ends.

    To be called before the case is opened: what is then read was written before the lock, so no
    rule is asked about a state that somebody else is changing. Says nothing about whether the
    case exists. SQLite has one writer at a time anyway.
    """
    person = context.verbs.subject()
    context.session.execute(
        select(Case.id)
        .where(Case.id == case_id, Case.tenant_id == person.tenant_id)
        .with_for_update()
    )


def unchanged(case: Case, version: int | None) -> None:
    """Raise ``Conflict`` when the case has changed since ``version`` was shown."""
    if version is not None and case.version != version:
        raise Conflict


def found_done(context: Context, opened: Opened) -> None:
    """Enter a second click, which opened the case and found nothing left to do, as a reading."""
    context.record(Act.CASE_OPEN_READ, Reference("case", opened.case_id), ground=opened.ground)


def row_id(context: Context, purpose: str, submission: uuid.UUID) -> uuid.UUID:
    """Return the id of the row that one sending of a form makes.

    Looks like every other id: a version of its own would tell how the row came to be.
    """
    account = context.person.account_id
    digest = hashlib.sha256(purpose.encode() + account.bytes + submission.bytes).digest()
    return uuid.UUID(bytes=digest[:16], version=4)
