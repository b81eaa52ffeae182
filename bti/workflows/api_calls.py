"""What a professional system may do for a person: log a concern, read their worklist, say where something is kept.

Each call is the same act as on a page, by the same rules and with the same entries. What is sent twice under
one key is done once; something else under the same key is refused.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Entry
from bti.domain.access import Action
from bti.domain.errors import RuleBroken
from bti.workflows import concern, reference
from bti.workflows.once import row_id
from bti.workflows.permission import require
from bti.workflows.worklist_rows import read_lines

if TYPE_CHECKING:
    from bti.workflows.concern import LogConcern
    from bti.workflows.context import Context
    from bti.workflows.reference import PointTo
    from bti.workflows.worklist_rows import Row


@dataclass(frozen=True, slots=True)
class Sent:
    """One sending: the key its sender gave it, and the digest of what it says."""

    key: uuid.UUID
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """Where it is now. ``fresh`` is false when it was there already."""

    case_id: uuid.UUID
    number: str
    fresh: bool


def worklist(context: Context) -> tuple[Row, ...]:
    """Return the person's own open cases, soonest due first; not the rest of a leader's unit.

    Drafts and reports of danger are no part of it: they are the person's alone.
    """
    subject = require(context, Action.SEE_WORKLIST)
    lines = read_lines(context, subject, (), names_hidden=False, whole_unit=False)
    cases = [Reference("case", one) for one in sorted(lines.ids, key=str)]
    context.record(Act.WORKLIST_OWN_READ, more=cases)
    return lines.rows


def open_concern(context: Context, *, command: LogConcern, sent: Sent) -> Done:
    """Log a concern about a child in a new case.

    Raises as ``concern.log_concern``, and ``RuleBroken("client.other_content")``.
    """
    require(context, Action.LOG_CONCERN)
    submission = _submission(context, sent)
    entry_id = concern.entry_of(context.person.account_id, submission)
    _check_content(_digest_before(context, entry_id), sent)
    logged = concern.log_concern(
        context, command=replace(command, submission=submission, sent=sent.digest, own_form=False)
    )
    return _done(context, logged.case_id, fresh=logged.fresh)


def post_reference(context: Context, *, command: PointTo, sent: Sent) -> Done:
    """Write where something is kept. Raises as ``reference.point_to``, and ``RuleBroken("client.other_content")``."""
    submission = _submission(context, sent)
    entry_id = row_id(context, "reference", submission)
    before = _digest_before(context, entry_id)
    # Whether the case is open to the person comes first: whoever has left it learns of no sending, and is entered.
    reference.point_to(context, replace(command, submission=submission, sent=sent.digest))
    _check_content(before, sent)
    return _done(context, command.case_id, fresh=before is None)


def _submission(context: Context, sent: Sent) -> uuid.UUID:
    """Return the number of the sending: each system's own, so that two cannot meet by chance."""
    client_id = context.person.client_id
    mark = client_id.bytes if client_id is not None else b""
    digest = hashlib.sha256(b"api" + mark + sent.key.bytes).digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def _digest_before(context: Context, entry_id: uuid.UUID) -> str | None:
    """Return what the same sending said before, as its digest, or None when there was none."""
    # Nobody else's entry can have this id.
    context.verbs.subject()
    with context.whole_municipality():
        entry = context.session.get(Entry, entry_id)
    return None if entry is None else str(entry.meta.get("sent"))


def _check_content(before: str | None, sent: Sent) -> None:
    """Raise ``RuleBroken`` when something else was sent under the same key."""
    if before not in {None, sent.digest}:
        raise RuleBroken("client.other_content")


def _done(context: Context, case_id: uuid.UUID, *, fresh: bool) -> Done:
    return Done(case_id, context.session.get_one(Case, case_id).number, fresh)
