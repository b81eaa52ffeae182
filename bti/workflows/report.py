"""The report to child welfare, written here and sent by its author: from the first word to "I have sent it".

It is its author's own record from the first word (ADR 0009), and the very same row when it has been sent. Stafett
sends nothing: the author takes it along on paper, as a file, or into the national portal.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, Municipality
from bti.domain import duties
from bti.domain.access import Action as Act
from bti.domain.ages import day_in_norway
from bti.domain.codes import Sector
from bti.domain.duties import CaseLetter, Channel, Duty, DutyRecord
from bti.domain.errors import AccessDenied
from bti.domain.report import (
    Address,
    Informed,
    Report,
    ReportedChild,
    ReportedGuardian,
    Reporter,
    Told,
    check_report,
)
from bti.domain.report_form import Recipient
from bti.workflows import own_record
from bti.workflows.child_search import checked_number
from bti.workflows.duty import FileRecord, body_of, own_one
from bti.workflows.own_record import Form, Kind
from bti.workflows.permission import require

if TYPE_CHECKING:
    from bti.db.models import OwnRecord
    from bti.workflows.context import Context
    from bti.workflows.own_record import Draft


@dataclass(frozen=True, slots=True)
class WritingPage:
    """What the form needs: the letters of the law, who writes, and what was begun."""

    letters: tuple[CaseLetter, ...]
    sector: Sector
    name: str
    title: str
    unit: str
    phone: str = field(repr=False)
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report as its author sees it. ``sent`` tells whether it is a record of a duty by now."""

    report_id: uuid.UUID
    written_at: datetime
    report: Report = field(repr=False)
    receiver: Recipient
    sector: Sector
    #: The municipality's language: what the report itself is written in.
    language: str
    today: date
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """That the author has handed the report on. ``reported_on`` is a Norwegian calendar day."""

    reported_on: date
    channel: Channel
    reported_to: str = field(repr=False)
    receipt: str = field(default="", repr=False)


def open_writing(context: Context) -> WritingPage:
    """Return what the form needs, with the person's draft."""
    require(context, Act.REPORT_DANGER)
    return _page(context, own_record.load_draft(context, form=Form.REPORT))


def open_change(context: Context, *, report_id: uuid.UUID) -> tuple[WritingPage, WrittenReport]:
    """Return the form of a report that is not sent. Anybody else's is answered as if it did not exist."""
    row = own_one(context, report_id, Kind.REPORT)
    context.record(Action.OWN_RECORD_READ, Reference("own", row.id))
    return _page(context, None), _written(context, row)


def write(context: Context, *, submission: uuid.UUID, report: Report) -> uuid.UUID:
    """Keep a report in place of its draft, and return the record's id. The same ``submission`` is one.

    Raises ``RuleBroken`` with a report code, duty.letter_not_in_law or a national_id code for slips in the
    form; nothing else can refuse.
    """
    require(context, Act.REPORT_DANGER)
    own_record.lock_author(context)
    for one in own_record.own_rows(context, Kind.REPORT, Kind.DUTY):
        if one.meta["submission"] == str(submission):
            own_record.delete_draft(context, form=Form.REPORT)
            return one.id
    checked = _checked(context, report)
    row = own_record.lock_draft(context, Form.REPORT) or own_record.new_record(context)
    row.meta = own_record.meta(Kind.REPORT, Form.REPORT, context.now, submission=submission)
    row.body = {"report": asdict(checked), "sector": context.person.sector}
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))
    return row.id


def change(context: Context, *, report_id: uuid.UUID, report: Report) -> None:
    """Write a report anew while it is not sent. Raises ``RuleBroken`` as ``write``."""
    own_record.lock_author(context)
    row = own_one(context, report_id, Kind.REPORT)
    row.body = {**row.body, "report": asdict(_checked(context, report))}
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))


def show(context: Context, *, report_id: uuid.UUID) -> WrittenReport:
    """Return a written report, sent or not. Anybody else's is answered as if it did not exist."""
    row = own_one(context, report_id, Kind.REPORT, Kind.DUTY)
    context.record(Action.OWN_RECORD_READ, Reference("own", row.id))
    return _written(context, row)


def send(context: Context, *, report_id: uuid.UUID, command: SendReport) -> None:
    """Record that the author has sent the report: it becomes the record of a duty, and the wait begins.

    Raises ``RuleBroken`` with duty.in_future.
    """
    own_record.lock_author(context)
    row = own_one(context, report_id, Kind.REPORT)
    report, sector = _report(row), Sector(row.body["sector"])
    event = duties.record(
        DutyRecord(
            duty=Duty.REPORT_CHILD_WELFARE,
            letter=report.letter,
            reported_on=command.reported_on,
            channel=command.channel,
            guardians_know=report.guardians_know,
        ),
        sector=sector,
        at=context.now,
        by=context.person.account_id,
    )
    filed = _filed(row, report, command)
    row.meta = own_record.meta(
        Kind.DUTY,
        Form.REPORT,
        context.now,
        submission=filed.submission,
        confirmation_due=event.confirmation_due_on,
    )
    row.body = body_of(filed, sector, context.now, row.body["report"])
    context.record(Action.OWN_RECORD_WRITE, Reference("own", row.id))


def remove(context: Context, *, report_id: uuid.UUID) -> None:
    """Delete a report that was not sent, and destroy its key. One that was sent is kept."""
    own_record.lock_author(context)
    row = own_one(context, report_id, Kind.REPORT)
    context.verbs.forget_own_record(row.id)
    context.session.delete(row)
    context.record(Action.OWN_RECORD_DELETE, Reference("own", row.id))


def _page(context: Context, draft: Draft | None) -> WritingPage:
    person = context.person
    account = context.session.get_one(Account, person.account_id)
    return WritingPage(
        duties.letters_for(person.sector),
        person.sector,
        person.name,
        person.title,
        person.unit_name,
        account.profile.get("phone", ""),
        draft,
    )


def _checked(context: Context, report: Report) -> Report:
    child = report.child
    if child.national_id:
        child = replace(child, national_id=checked_number(context, child.national_id).digits)
    # Who reports is who is signed in: nobody writes in another's name.
    reporter = replace(report.reporter, name=context.person.name)
    return check_report(
        replace(report, child=child, reporter=reporter), sector=context.person.sector
    )


def _filed(row: OwnRecord, report: Report, command: SendReport) -> FileRecord:
    return FileRecord(
        submission=uuid.UUID(row.meta["submission"]),
        about=report.child.name,
        duty=Duty.REPORT_CHILD_WELFARE,
        letter=report.letter,
        known=report.what,
        assessed_on=day_in_norway(datetime.fromisoformat(row.meta["saved_at"])),
        reported_on=command.reported_on,
        reported_to=command.reported_to,
        channel=command.channel,
        receipt=command.receipt,
        guardians_know=report.guardians_know,
    )


def _written(context: Context, row: OwnRecord) -> WrittenReport:
    if row.body["report"] is None:
        # A record of a call or a letter has no report to show: as if it did not exist.
        raise AccessDenied("access.no_relation")
    town = context.session.get_one(Municipality, row.tenant_id)
    return WrittenReport(
        row.id,
        datetime.fromisoformat(row.meta["saved_at"]),
        _report(row),
        Recipient(town.number, town.name),
        Sector(row.body["sector"]),
        town.language,
        context.today,
        row.meta["kind"] == Kind.DUTY,
    )


def _report(row: OwnRecord) -> Report:
    kept: dict[str, Any] = row.body["report"]
    child, reporter = kept["child"], kept["reporter"]
    return Report(
        letter=CaseLetter(kept["letter"]),
        child=ReportedChild(
            **{
                **child,
                "address": Address(**child["address"]),
                "informed": _informed(child["informed"]),
            }
        ),
        guardians=tuple(
            ReportedGuardian(**{**one, "informed": _informed(one["informed"])})
            for one in kept["guardians"]
        ),
        reporter=Reporter(**{**reporter, "address": Address(**reporter["address"])}),
        **{name: kept[name] for name in ("what", "history", "views", "interpreter", "helpers")},
    )


def _informed(kept: dict[str, Any]) -> Informed:
    return Informed(told=Told(kept["told"]), reason=kept["reason"])
