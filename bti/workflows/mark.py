"""How one entry is shared: whose own circumstances it tells of, and what the child wants kept.

A mark is an addition beside the entry (ADR 0032, 0048). It narrows, and the newest counts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.domain.own_secrets import Mark, check_mark
from bti.workflows import directory, entry_marks
from bti.workflows.case_file import Kind, child_of, entries, persons, write_entry
from bti.workflows.correction import correctable_in, words_of
from bti.workflows.once import found_done, hold, row_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.keyd.broker import Opened
    from bti.workflows.case_file import PersonRecord, Record
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class PutMark:
    """A mark beside one entry. ``why`` is read by those who read the entry."""

    case_id: uuid.UUID
    entry_id: uuid.UUID
    submission: uuid.UUID | None
    mark: Mark
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PastMark:
    """A mark that was put, newest first in the page; the first is in force."""

    mark: Mark
    why: str = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPage:
    """What the form shows."""

    case_id: uuid.UUID
    entry_id: uuid.UUID
    child: str = field(repr=False)
    guardians: tuple[PersonRecord, ...] = field(repr=False)
    kind: Kind
    meta: Mapping[str, Any] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    at: datetime
    by: str
    now: Mark
    history: tuple[PastMark, ...]


def page(context: Context, *, case_id: uuid.UUID, entry_id: uuid.UUID) -> MarkPage:
    """Return an entry one may mark; logged as a reading. Raises ``AccessDenied``."""
    opened = context.verbs.open(case_id, Action.CORRECT_ENTRY, entry=Act.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    record = _markable(context, opened, records, entry_id)
    return MarkPage(
        case_id=case_id,
        entry_id=entry_id,
        child=child_of(context, case_id).first_name,
        guardians=_guardians(context, case_id),
        kind=record.kind,
        meta=record.meta,
        words=words_of(record.body),
        at=record.at,
        by=directory.name_of(context, record.by),
        now=record.mark,
        history=tuple(
            PastMark(
                entry_marks.read(one.meta),
                one.body.get("why", ""),
                directory.name_of(context, one.by),
                one.at,
            )
            for one in reversed(records)
            if one.kind is Kind.MARK and one.beside == entry_id
        ),
    )


def put(context: Context, command: PutMark) -> None:
    """Put a mark beside an entry. A second sending of the same form does nothing.

    Raises ``RuleBroken`` as ``domain.own_secrets.check_mark`` and ``AccessDenied``, also for an entry
    that is not there.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CORRECT_ENTRY, entry=None)
    new_id = row_id(context, "mark", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return
    records = entries(context, command.case_id, opened=opened)
    record = _markable(context, opened, records, command.entry_id)
    people = frozenset(one.id for one in _guardians(context, command.case_id))
    check_mark(command.mark, people, context.today, has_reason=bool(command.why.strip()))
    write_entry(
        context,
        command.case_id,
        kind=Kind.MARK,
        compartment=record.compartment,
        meta=entry_marks.stored(command.mark),
        body={"why": command.why},
        beside=record.id,
        entry_id=new_id,
    )
    context.record(
        Act.CASE_ENTRY_MARK,
        Reference("case", command.case_id),
        Reference("entry", record.id),
        ground=opened.ground,
    )


def _markable(
    context: Context, opened: Opened, records: tuple[Record, ...], entry_id: uuid.UUID
) -> Record:
    may = correctable_in(context, opened, records)
    found = next((one for one in records if one.id == entry_id and one.id in may), None)
    if found is None:
        # The same for an entry that is closed to the person, another case's, and none at all.
        rule = "access.no_entry"
        raise AccessDenied(rule, case_id=opened.case_id)
    return found


def _guardians(context: Context, case_id: uuid.UUID) -> tuple[PersonRecord, ...]:
    return tuple(one for one in persons(context, case_id) if one.kind == "guardian")
