"""What is put beside an entry that is wrong, or that the family sees otherwise. The entry stays as it is.

GDPR art. 16 and 19; arkivforskrifta § 11. The addition stands in the compartment of what it is about, so
whoever reads the one reads the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit import seen
from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain import correction as rules
from bti.domain.access import Action
from bti.domain.compartments import CORE, parse
from bti.domain.correction import Addition, Receivers, Stance, Voice
from bti.domain.errors import AccessDenied
from bti.domain.relations import relations_of
from bti.workflows import directory
from bti.workflows.case_file import Kind, Record, child_of, entries, write_entry
from bti.workflows.consent_page import knows_services
from bti.workflows.once import found_done, hold, row_id
from bti.workflows.worklist_rows import Relation, TaskKind
from bti.workflows.worklist_tasks import Task, task_of

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context
    from bti.workflows.worklist_rows import Row

_ACTS: Final = {
    Stance.CORRECTION: Act.CASE_ENTRY_CORRECT,
    Stance.STATEMENT: Act.CASE_STATEMENT_CREATE,
}
#: Parts of an entry that are no words of anybody.
_CODES: Final = frozenset({"missing", "who", "reason_code", "deadline"})
#: An addition is answered by another beside the same entry, and never stands beside an addition.
#: What says how something is shared, or that it was copied, is followed by another.
_NOT_CORRECTED: Final = frozenset(
    {Kind.CORRECTION, Kind.MARK, Kind.JUDGEMENT, Kind.COPY, Kind.PROPOSAL, Kind.OF_AGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBeside:
    """The right information, or the family's view, beside one entry.

    ``why``: why it was wrong, or why the service does not correct it. ``told``: how those were told who
    have read it and no longer can.
    """

    case_id: uuid.UUID
    entry_id: uuid.UUID
    submission: uuid.UUID | None
    stance: Stance
    text: str = field(repr=False)
    why: str = field(repr=False)
    voice: Voice | None = None
    told: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One addition, as it reads."""

    stance: Stance
    voice: Voice | None
    text: str = field(repr=False)
    why: str = field(repr=False)
    told: str = field(repr=False)
    by: str
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPage:
    """What the form shows: the words as they were written, and which services have had them.

    Names of services are left out for somebody who may not know them; ``hidden`` is how many.
    """

    case_id: uuid.UUID
    entry_id: uuid.UUID
    child: str = field(repr=False)
    kind: Kind
    meta: Mapping[str, Any] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    at: datetime
    by: str
    beside: tuple[Beside, ...]
    reading: tuple[str, ...]
    no_longer: tuple[str, ...]
    hidden: int
    must_tell: bool


def page(context: Context, *, case_id: uuid.UUID, entry_id: uuid.UUID) -> CorrectionPage:
    """Return an entry one may write beside; logged as a reading. Raises ``AccessDenied``."""
    opened = context.verbs.open(case_id, Action.CORRECT_ENTRY, entry=Act.CASE_OPEN_READ)
    records = entries(context, case_id, opened=opened)
    record = _correctable(context, opened, records, entry_id)
    received = _receivers(context, opened, record)
    units = directory.units(context)
    knows = knows_services(context, opened)

    def names(found: Iterable[uuid.UUID]) -> tuple[str, ...]:
        return tuple(sorted(units[one].name for one in found if knows and one in units))

    return CorrectionPage(
        case_id=case_id,
        entry_id=entry_id,
        child=child_of(context, case_id).first_name,
        kind=record.kind,
        meta=record.meta,
        words=words_of(record.body),
        at=record.at,
        by=directory.name_of(context, record.by),
        beside=beside_in(context, records).get(entry_id, ()),
        reading=names(received.reading),
        no_longer=names(received.no_longer),
        hidden=0 if knows else len(received.reading | received.no_longer),
        must_tell=bool(received.no_longer),
    )


def write(context: Context, command: WriteBeside) -> None:
    """Put something beside an entry. A second sending of the same form does nothing.

    Raises ``RuleBroken`` with correction.no_text, correction.no_reason, correction.no_voice or
    correction.not_told, and ``AccessDenied``, also for an entry that is not there.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CORRECT_ENTRY, entry=None)
    new_id = row_id(context, "correction", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return
    records = entries(context, command.case_id, opened=opened)
    record = _correctable(context, opened, records, command.entry_id)
    received = _receivers(context, opened, record)
    voice = command.voice if command.stance is Stance.STATEMENT else None
    addition = Addition(
        stance=command.stance,
        has_text=bool(command.text.strip()),
        has_reason=bool(command.why.strip()),
        voice=voice,
        told=bool(command.told.strip()),
    )
    rules.check_addition(addition, received)
    write_entry(
        context,
        command.case_id,
        kind=Kind.CORRECTION,
        compartment=record.compartment,
        meta={
            "stance": command.stance.value,
            "voice": voice.value if voice is not None else None,
            # Whose day it stands on (art. 19), as it was decided now.
            "readers": sorted(str(one) for one in received.reading),
        },
        body={"text": command.text, "why": command.why, "told": command.told},
        beside=record.id,
        entry_id=new_id,
    )
    context.record(
        _ACTS[command.stance],
        Reference("case", command.case_id),
        Reference("entry", record.id),
        ground=opened.ground,
    )


def beside_in(
    context: Context, records: Iterable[Record]
) -> Mapping[uuid.UUID, tuple[Beside, ...]]:
    """Return what one may read beside each entry, oldest first; ``records`` in that order too."""
    units = directory.units(context)
    found: dict[uuid.UUID, tuple[Beside, ...]] = {}
    for record in records:
        if record.kind is Kind.CORRECTION and record.readable and record.beside is not None:
            one = _beside(context, record, units[record.unit_id].name)
            found[record.beside] = (*found.get(record.beside, ()), one)
    return MappingProxyType(found)


def correctable_in(
    context: Context, opened: Opened, records: Iterable[Record]
) -> frozenset[uuid.UUID]:
    """Return the entries this person may write beside, for the buttons; the act is decided anew."""
    held = relations_of(context.verbs.subject(), opened.facts, context.now)
    return frozenset(
        one.id
        for one in records
        if one.readable
        and one.kind not in _NOT_CORRECTED
        and rules.may_write_beside(held, is_author=one.by == context.person.account_id)
    )


def corrected_tasks(context: Context, rows: Iterable[Row]) -> tuple[Task, ...]:
    """Return the cases in which something this person could read was corrected, until they have read it.

    Two questions for all cases, and one more for each in which something was corrected of late.
    """
    mine = {row.case_id: row for row in rows if row.relation is not Relation.UNIT}
    if not mine:
        return ()
    newest: dict[uuid.UUID, datetime] = {}
    for entry in context.session.scalars(
        select(Entry).where(Entry.case_id.in_(mine), Entry.supersedes.is_not(None))
    ):
        at = datetime.fromisoformat(entry.meta["at"])
        if context.now - at < rules.TOLD_FOR and _is_told(context, entry):
            newest[entry.case_id] = max(at, newest.get(entry.case_id, at))
    return tuple(
        task_of(context, TaskKind.CORRECTED, mine[case_id], None)
        for case_id, at in newest.items()
        if not _has_read(context, case_id, at)
    )


def _is_told(context: Context, entry: Entry) -> bool:
    """Whether an addition is news to this person: their service reads it, and they did not write it."""
    mine = uuid.UUID(entry.meta["by"]) == context.person.account_id
    if mine or entry.meta["kind"] != Kind.CORRECTION:
        return False
    owner = parse(entry.compartment)
    own = entry.compartment == CORE or (owner is not None and owner[0] == context.person.unit_id)
    return own or str(context.person.unit_id) in entry.meta["readers"]


def _has_read(context: Context, case_id: uuid.UUID, since: datetime) -> bool:
    tenant = context.person.tenant_id
    wanted = [
        seen.about(tenant, [case_id]),
        lambda entry: entry.at >= since,
        lambda entry: entry.act.in_([Act.CASE_OPEN_READ.value, Act.CASE_PAGE_PRINT.value]),
        lambda entry: entry.who == str(context.person.account_id),
    ]
    return seen.count(context.session, tenant, wanted) > 0


def _correctable(
    context: Context, opened: Opened, records: tuple[Record, ...], entry_id: uuid.UUID
) -> Record:
    may = correctable_in(context, opened, records)
    for record in records:
        if record.id == entry_id and record.id in may:
            return record
    # The same for an entry that is closed to the person, another case's, and none at all.
    rule = "access.no_entry"
    raise AccessDenied(rule, case_id=opened.case_id)


def _receivers(context: Context, opened: Opened, record: Record) -> Receivers:
    return rules.receivers_of(
        opened.facts.cells, record.compartment, since=record.at, at=context.now
    )


def _beside(context: Context, record: Record, unit: str) -> Beside:
    voice = record.meta["voice"]
    return Beside(
        stance=Stance(record.meta["stance"]),
        voice=Voice(voice) if voice else None,
        text=record.body["text"],
        why=record.body["why"],
        told=record.body["told"],
        by=directory.name_of(context, record.by),
        unit=unit,
        at=record.at,
    )


def words_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of an entry, whatever its shape."""
    return tuple(_words(body))


def _words(body: Mapping[str, Any]) -> Iterable[str]:
    """Return the words of an entry, whatever its shape; codes and who was invited are no words."""
    # ``missing`` is a code and no words.
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _words(value)
        elif isinstance(value, list):
            for one in value:
                yield from _words(one) if isinstance(one, Mapping) else ()
        elif isinstance(value, str) and value.strip() and name not in _CODES:
            yield value
