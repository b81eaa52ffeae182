"""The child in a case turns 18: what rests on whom, what ends by itself, and what is decided with the young person.

What was decided is an entry and is never written over. What and who is in its meta; the words are the own note of the
service that wrote them, and none of it opens anything: what goes on rests on the young person's own consent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import start_of_day
from bti.domain.consent import OPENING, ConsentStatus, Scope, latest_end
from bti.domain.of_age import SettleFacts, Settling, check_settle, of_age_on, warning_days
from bti.workflows import directory
from bti.workflows.case_file import (
    Kind,
    case_row,
    child_of,
    entries,
    of_kind,
    ops_of,
    persons,
    to_date,
    write_entry,
)
from bti.workflows.consent_file import asked_in
from bti.workflows.consent_page import row_of
from bti.workflows.errors import NotFound
from bti.workflows.level import own_compartment
from bti.workflows.meeting_people import guardians_of
from bti.workflows.of_age_file import let_come, of_age_warned
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import PersonRecord, Record
    from bti.workflows.consent_page import ConsentRow
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """What was decided with the young person, on which day. ``guardians`` are those the grown child lets come."""

    case_id: uuid.UUID
    version: int | None
    submission: uuid.UUID | None
    settling: Settling
    talked_on: date | None
    service: str
    words: str = field(repr=False)
    guardians: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One such decision. ``words`` and ``service`` are empty for whoever is of another service."""

    settling: Settling
    at: datetime
    talked_on: date | None
    by: str
    guardians: frozenset[uuid.UUID]
    service: str = ""
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAgePage:
    """What there is to settle. ``ends``: consents that end with the day, or have; ``warned``: nobody has answered."""

    case_id: uuid.UUID
    number: str
    version: int
    child: str = field(repr=False)
    on: date
    grown: bool
    warnings: tuple[date, ...]
    warned: bool
    ends: tuple[ConsentRow, ...]
    #: Whether the log's own consent is among them.
    log_ends: bool
    guardians: tuple[PersonRecord, ...] = field(repr=False)
    settled: tuple[Settled, ...]
    may_settle: bool

    @property
    def now(self) -> Settled | None:
        """The newest decision."""
        return self.settled[0] if self.settled else None


def page(context: Context, *, case_id: uuid.UUID) -> OfAgePage:
    """Return what must be settled and what happens by itself; logged as a reading."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    ops = ops_of(case)
    on = of_age_on(ops.birth_date)
    people = persons(context, case_id)
    ends, log_ends = _ending(context, opened, people, on)
    allowed = decide(context.verbs.subject(), Action.CHANGE_CHILD, opened.facts, context.now)
    return OfAgePage(
        case_id=case_id,
        number=case.number,
        version=case.version,
        child=child_of(context, case_id).first_name,
        on=on,
        grown=context.today >= on,
        warnings=warning_days(ops.birth_date, context.profile),
        warned=of_age_warned(ops, context.today, context.profile) is not None,
        ends=ends,
        log_ends=log_ends,
        guardians=tuple(one for one in people if one.kind == "guardian"),
        settled=_settled(context, entries(context, case_id, opened=opened)),
        may_settle=isinstance(allowed, Allowed),
    )


def settle(context: Context, command: Settle) -> None:
    """Write down what was decided with the young person. A second sending of the same form does nothing.

    Raises ``RuleBroken`` as ``domain.of_age.check_settle``, ``NotFound`` for a guardian who is not in the case, and
    ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CHANGE_CHILD, entry=None)
    new_id = row_id(context, "of_age", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    ops = ops_of(case)
    if not command.guardians <= guardians_of(context, opened):
        raise NotFound
    check_settle(
        SettleFacts(
            settling=command.settling,
            talked_on=command.talked_on,
            has_words=bool(command.words.strip()),
            has_service=bool(command.service.strip()),
            guardians=command.guardians,
        ),
        birth_date=ops.birth_date,
        today=context.today,
    )
    write_entry(
        context,
        command.case_id,
        kind=Kind.OF_AGE,
        compartment=own_compartment(context, opened),
        meta={
            "settling": command.settling.value,
            "talked_on": command.talked_on,
            "guardians": sorted(command.guardians, key=str),
        },
        body={"text": command.words, "service": command.service},
        entry_id=new_id,
    )
    context.session.flush()
    # Once, and after the entry is there: the case's own row is under a MAC.
    case.ops = replace(ops, of_age_look=context.today).to_json()
    context.record(Act.FAMILY_AGE_SETTLE, Reference("case", command.case_id), ground=opened.ground)


def _ending(
    context: Context, opened: Opened, people: tuple[PersonRecord, ...], on: date
) -> tuple[tuple[ConsentRow, ...], bool]:
    """Return the consents that the day ends or has ended, and whether the log's own is among them."""
    found, log = [], False
    for asked in asked_in(context, opened.case_id, people):
        running = asked.status in OPENING
        ends = running and latest_end(asked.facts, context.now, asked.rules) == start_of_day(on)
        ended = context.today >= on and asked.status is ConsentStatus.NEEDS_RENEWAL
        if ends or ended:
            found.append(row_of(context, opened, asked, people))
            log = log or asked.facts.scope is Scope.OPEN_LOG
    return tuple(found), log


def _settled(context: Context, records: tuple[Record, ...]) -> tuple[Settled, ...]:
    return tuple(
        Settled(
            settling=Settling(record.meta["settling"]),
            at=record.at,
            talked_on=to_date(record.meta["talked_on"]),
            by=directory.name_of(context, record.by),
            guardians=let_come((record,)),
            service=record.body.get("service", ""),
            words=record.body.get("text", ""),
        )
        for record in reversed(of_kind(records, Kind.OF_AGE))
    )
