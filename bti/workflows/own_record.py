"""What belongs to its author alone: drafts of forms, and the shape they share with duty records.

Every act here is logged with the neutral own-record codes and never names a case, so that the log
does not tell a report to child welfare from a half-written concern.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, OwnRecord
from bti.domain.access import Action as Act
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import date

    from bti.workflows.context import Context

Fields = dict[str, list[str]]


class Form(StrEnum):
    """Forms that keep a draft; one draft per person and form, and what the form is about."""

    CONCERN = "concern"
    DUTY = "duty"
    REPORT = "report"
    #: One draft per meeting: the form's name is followed by what it is about.
    MINUTES = "minutes"


class Kind(StrEnum):
    """What an own record is. Sealed, in ``meta``."""

    DRAFT = "draft"
    #: A report to child welfare that is written and not sent; sent, it is a duty record.
    REPORT = "report"
    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody had typed, as it was typed: field name to values."""

    form: Form
    saved_at: datetime
    fields: Mapping[str, list[str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft as a list shows it: that there is one, not what is in it."""

    form: Form
    saved_at: datetime
    about: str = ""


def save_draft(
    context: Context,
    *,
    form: str,
    fields: Mapping[str, list[str]],
    keep_others: bool = False,
    about: str = "",
) -> datetime:
    """Keep what is typed in a form, in place of what was kept before; returns when.

    ``keep_others`` leaves fields that are not in ``fields`` as they were: a form in steps sends
    one step at a time. ``about`` tells several drafts of one form apart. Values are stored as typed; carriage returns and control characters must
    be gone.
    """
    context.verbs.subject()
    row = lock_draft(context, Form(form), about)
    kept = dict(row.body["fields"]) if row is not None and keep_others else {}
    if row is None:
        row = new_record(context)
    row.meta = meta(Kind.DRAFT, _name(Form(form), about), context.now)
    row.body = {"fields": {**kept, **{name: list(values) for name, values in fields.items()}}}
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))
    return context.now


def load_draft(context: Context, *, form: str, about: str = "") -> Draft | None:
    """Return the person's draft of a form. Asking is logged too, in the same way if there is none."""
    context.verbs.subject()
    row = _draft(context, Form(form), about)
    context.record(Action.OWN_RECORD_READ, *([Reference("own", row.id)] if row else []))
    if row is None:
        return None
    context.verbs.open_own_record(row.id)
    return Draft(Form(form), datetime.fromisoformat(row.meta["saved_at"]), row.body["fields"])


def delete_draft(context: Context, *, form: str, about: str = "") -> bool:
    """Delete the draft and destroy its key, so that no backup can bring it back; tells if it was."""
    context.verbs.subject()
    lock_author(context)
    row = _draft(context, Form(form), about)
    if row is None:
        return False
    context.verbs.forget_own_record(row.id)
    context.session.delete(row)
    context.record(Action.OWN_RECORD_DELETE, Reference("own", row.id))
    return True


def my_drafts(context: Context) -> tuple[DraftLine, ...]:
    """Return which drafts the person has, newest first; for the worklist, which logs the reading."""
    context.verbs.subject()
    lines = [_line(row.meta) for row in own_rows(context, Kind.DRAFT)]
    return tuple(sorted(lines, key=lambda line: line.saved_at, reverse=True))


# -- shared with duty records ------------------------------------------------------------------


def own_rows(context: Context, *kinds: Kind) -> list[OwnRecord]:
    """Return the person's own rows of some kinds; their bodies stay closed."""
    person = context.person
    rows = context.session.scalars(
        select(OwnRecord).where(
            OwnRecord.account_id == person.account_id, OwnRecord.tenant_id == person.tenant_id
        )
    ).all()
    if rows:
        context.verbs.list_own_records([row.id for row in rows])
    return [row for row in rows if row.meta["kind"] in kinds]


def new_record(context: Context) -> OwnRecord:
    """Add an own record with a key of its own; the caller gives it meta and body."""
    require(context, Act.REPORT_DANGER)
    person = context.person
    row = OwnRecord(tenant_id=person.tenant_id, account_id=person.account_id)
    context.verbs.new_own_record(row.id)
    context.session.add(row)
    return row


def lock_draft(context: Context, form: Form, about: str = "") -> OwnRecord | None:
    """Return the draft of a form, opened and held for writing."""
    lock_author(context)
    row = _draft(context, form, about)
    if row is not None:
        context.verbs.open_own_record(row.id)
    return row


def lock_author(context: Context) -> None:
    """Let one sending at a time through per person, so that two of the same make one record."""
    context.session.scalars(
        select(Account)
        .where(Account.id == context.person.account_id)
        # The weaker row lock: others may still write rows that refer to this person.
        .with_for_update(key_share=True)
    ).one()


def meta(
    kind: Kind,
    form: str,
    saved_at: datetime,
    *,
    submission: uuid.UUID | None = None,
    confirmation_due: date | None = None,
) -> dict[str, Any]:
    """Return the sealed facts of a row; the same keys for every kind."""
    return {
        "kind": kind,
        "form": form,
        "saved_at": saved_at,
        "submission": submission,
        "confirmation_due": confirmation_due,
    }


def _draft(context: Context, form: Form, about: str = "") -> OwnRecord | None:
    rows = own_rows(context, Kind.DRAFT)
    return next((row for row in rows if row.meta["form"] == _name(form, about)), None)


def _name(form: Form, about: str) -> str:
    # Short enough that the sealed facts of every own record have one length: its padding's.
    return f"{form.value}:{about}" if about else form.value


def _line(facts: Mapping[str, Any]) -> DraftLine:
    form, _, about = facts["form"].partition(":")
    return DraftLine(Form(form), datetime.fromisoformat(facts["saved_at"]), about)
