"""The danger path: what its author has reported, kept so that nobody else can see that it was.

Needs no case, no consent and no leader. Stafett sends nothing: a record says what the person has
done. A filed record is the very row of its draft, so that neither table nor log shows the step.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import OwnRecord, Unit
from bti.domain import duties
from bti.domain.access import Action as Act
from bti.domain.ages import day_in_norway
from bti.domain.codes import Sector
from bti.domain.duties import (
    CaseLetter,
    Channel,
    Duty,
    DutyRecord,
    DutyState,
    GuardiansKnow,
    Offence,
)
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.report import check_receipt
from bti.workflows import own_record
from bti.workflows.case_number import can_be_number
from bti.workflows.own_record import Form, Kind
from bti.workflows.permission import require

if TYPE_CHECKING:
    from bti.profiles import Phone
    from bti.workflows.context import Context
    from bti.workflows.own_record import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What somebody has done about a child in danger. The same ``submission`` is one record.

    ``assessed_on`` and ``reported_on`` are Norwegian calendar days. ``case_number`` is kept inside
    the sealed text and looked up nowhere.
    """

    submission: uuid.UUID
    about: str = field(repr=False)
    duty: Duty
    letter: CaseLetter | None
    known: str = field(repr=False)
    assessed_on: date
    reported_on: date
    reported_to: str = field(repr=False)
    channel: Channel
    receipt: str = field(default="", repr=False)
    guardians_know: GuardiansKnow
    case_number: str = field(default="", repr=False)
    offence: Offence | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What the danger page needs: numbers to call, letters of the law, and the draft."""

    child_welfare: tuple[tuple[str, str], ...]
    phones: tuple[Phone, ...]
    sector: Sector
    letters: tuple[CaseLetter, ...]
    today: date
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in the author's own list: no names, only when and how it stands.

    One that is NOT_SENT is a written report, with pages of its own.
    """

    record_id: uuid.UUID
    recorded_at: datetime
    due_on: date | None
    state: DutyState


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One record, for its author."""

    record_id: uuid.UUID
    recorded_at: datetime
    filed: FileRecord
    sector: Sector
    due_on: date | None
    received_on: date | None
    confirmed_on: date | None
    state: DutyState
    #: Whether what was reported was written here, and can be read again.
    written: bool


@dataclass(frozen=True, slots=True)
class DueLine:
    """A confirmation the author waits for (barnevernsloven § 13-3), or a report that is not sent."""

    record_id: uuid.UUID
    due_on: date
    overdue: bool
    sent: bool = True


def open_report(context: Context) -> ReportPage:
    """Return the danger page with the person's draft."""
    require(context, Act.REPORT_DANGER)
    person = context.person
    units = context.session.scalars(
        select(Unit)
        .where(Unit.tenant_id == person.tenant_id, Unit.sector == Sector.CHILD_WELFARE.value)
        .order_by(Unit.name)
    )
    return ReportPage(
        tuple((unit.name, unit.phone) for unit in units),
        context.profile.phones,
        person.sector,
        duties.letters_for(person.sector),
        context.today,
        own_record.load_draft(context, form=Form.DUTY),
    )


def file_record(context: Context, *, command: FileRecord) -> uuid.UUID:
    """Keep that a duty was done, in place of its draft, and return the record's id.

    Raises ``RuleBroken`` with a duty code for slips in the form; nothing else can refuse.
    """
    require(context, Act.REPORT_DANGER)
    own_record.lock_author(context)
    before = _sent_before(context, command.submission)
    if before is not None:
        # The page keeps what it is sent before it asks: of a second click nothing shall remain.
        own_record.delete_draft(context, form=Form.DUTY)
        return before.id
    _check(context, command)
    sector = context.person.sector
    event = duties.record(
        _facts(command), sector=sector, at=context.now, by=context.person.account_id
    )
    row = own_record.lock_draft(context, Form.DUTY) or own_record.new_record(context)
    row.meta = own_record.meta(
        Kind.DUTY,
        Form.DUTY,
        context.now,
        submission=command.submission,
        confirmation_due=event.confirmation_due_on,
    )
    row.body = body_of(command, sector, context.now)
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))
    return row.id


def my_records(context: Context) -> tuple[RecordLine, ...]:
    """Return the author's own records, newest first, without opening what they say."""
    require(context, Act.REPORT_DANGER)
    # No row is named: a list of several would tell that they are not drafts.
    context.record(Action.OWN_RECORD_READ)
    lines = [
        RecordLine(
            row.id,
            datetime.fromisoformat(row.meta["saved_at"]),
            _day(row.meta["confirmation_due"]),
            _state(context, row),
        )
        for row in own_record.own_rows(context, Kind.DUTY, Kind.REPORT)
    ]
    return tuple(sorted(lines, key=lambda line: line.recorded_at, reverse=True))


def show_record(context: Context, *, record_id: uuid.UUID) -> RecordPage:
    """Return one own record. Anybody else's is answered as if it did not exist."""
    row = own_one(context, record_id, Kind.DUTY)
    context.record(Action.OWN_RECORD_READ, Reference("own", row.id))
    confirmed_on = _day(row.body["confirmed_on"])
    return RecordPage(
        row.id,
        datetime.fromisoformat(row.body["recorded_at"]),
        _filed(row),
        Sector(row.body["sector"]),
        _day(row.meta["confirmation_due"]),
        _day(row.body["received_on"]),
        confirmed_on,
        _state(context, row, confirmed_on=confirmed_on),
        row.body["report"] is not None,
    )


def receive(context: Context, *, record_id: uuid.UUID, received_on: date, receipt: str) -> None:
    """Note that a receipt came. It is not the confirmation, so the reminder stays.

    Raises ``RuleBroken`` with duty.received_early, duty.in_future or duty.not_waiting.
    """
    own_record.lock_author(context)
    row = own_one(context, record_id, Kind.DUTY)
    body = row.body
    if row.meta["confirmation_due"] is None:
        raise RuleBroken("duty.not_waiting")
    day = check_receipt(
        reported_on=date.fromisoformat(body["reported_on"]),
        received_on=received_on,
        today=context.today,
    )
    row.body = {**body, "received_on": day, "receipt": receipt or body["receipt"]}
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))


def confirm(context: Context, *, record_id: uuid.UUID, confirmed_on: date) -> None:
    """Note that child welfare has confirmed the report; the reminder ends.

    Raises ``RuleBroken`` with duty.confirmed_early or duty.in_future.
    """
    own_record.lock_author(context)
    row = own_one(context, record_id, Kind.DUTY)
    body = row.body
    if confirmed_on > context.today:
        raise RuleBroken("duty.in_future")
    if confirmed_on < date.fromisoformat(body["reported_on"]):
        raise RuleBroken("duty.confirmed_early")
    row.meta = {**row.meta, "confirmation_due": None}
    row.body = {**body, "confirmed_on": confirmed_on}
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))


def my_due(context: Context) -> tuple[DueLine, ...]:
    """Return what the author waits for or has not sent, soonest first; the worklist logs the reading."""
    context.verbs.subject()
    lines = []
    for row in own_record.own_rows(context, Kind.DUTY, Kind.REPORT):
        sent = row.meta["kind"] == Kind.DUTY
        written_on = day_in_norway(datetime.fromisoformat(row.meta["saved_at"]))
        # A report is to be sent without undue delay: the day it was written.
        due = _day(row.meta["confirmation_due"]) if sent else written_on
        if due is not None:
            lines.append(DueLine(row.id, due, context.today > due, sent))
    return tuple(sorted(lines, key=lambda line: line.due_on))


def _check(context: Context, command: FileRecord) -> None:
    if not command.about.strip():
        raise RuleBroken("duty.nobody")
    if command.assessed_on > context.today:
        raise RuleBroken("duty.in_future")
    if command.case_number and not can_be_number(command.case_number):
        raise RuleBroken("duty.case_number")


def _sent_before(context: Context, submission: uuid.UUID) -> OwnRecord | None:
    rows = own_record.own_rows(context, Kind.DUTY)
    return next((row for row in rows if row.meta["submission"] == str(submission)), None)


def own_one(context: Context, record_id: uuid.UUID, *kinds: Kind) -> OwnRecord:
    """Return one own row of some kinds, opened. Anybody else's is answered as if it did not exist."""
    require(context, Act.REPORT_DANGER)
    found = [row for row in own_record.own_rows(context, *kinds) if row.id == record_id]
    if not found:
        # One refusal for what is another's and what is not there, and it names no record.
        raise AccessDenied("access.no_relation")
    context.verbs.open_own_record(record_id)
    return found[0]


def _facts(command: FileRecord) -> DutyRecord:
    return DutyRecord(
        duty=command.duty,
        letter=command.letter,
        reported_on=command.reported_on,
        channel=command.channel,
        guardians_know=command.guardians_know,
        offence=command.offence,
    )


def _state(context: Context, row: OwnRecord, *, confirmed_on: date | None = None) -> DutyState:
    """Where a record stands, from its sealed facts; ``confirmed_on`` when it is open."""
    if row.meta["kind"] == Kind.REPORT:
        return DutyState.NOT_SENT
    due = _day(row.meta["confirmation_due"])
    if due is not None:
        overdue = context.today > due
        return DutyState.CONFIRMATION_OVERDUE if overdue else DutyState.AWAITING_CONFIRMATION
    return DutyState.CONFIRMED if confirmed_on is not None else DutyState.DONE


def body_of(
    command: FileRecord, sector: Sector, at: datetime, report: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is sealed of a record: the same keys for every duty, with the report or without."""
    return {
        "about": command.about,
        "duty": command.duty,
        "letter": command.letter,
        "known": command.known,
        "assessed_on": command.assessed_on,
        "reported_on": command.reported_on,
        "reported_to": command.reported_to,
        "channel": command.channel,
        "receipt": command.receipt,
        "guardians_know": command.guardians_know,
        "case_number": command.case_number,
        "sector": sector,
        "offence": command.offence,
        "recorded_at": at,
        "received_on": None,
        "confirmed_on": None,
        "report": report,
    }


def _filed(row: OwnRecord) -> FileRecord:
    body = row.body
    return FileRecord(
        submission=uuid.UUID(row.meta["submission"]),
        about=body["about"],
        duty=Duty(body["duty"]),
        letter=CaseLetter(body["letter"]) if body["letter"] else None,
        known=body["known"],
        assessed_on=date.fromisoformat(body["assessed_on"]),
        reported_on=date.fromisoformat(body["reported_on"]),
        reported_to=body["reported_to"],
        channel=Channel(body["channel"]),
        receipt=body["receipt"],
        guardians_know=GuardiansKnow(body["guardians_know"]),
        case_number=body["case_number"],
        offence=Offence(body["offence"]) if body["offence"] else None,
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
