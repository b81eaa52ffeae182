"""The upbringing team's agenda: the meetings with the team on one day, over the cases it has.

The list is the queue's and knows no more than it: a case without a live cell to the team is a number.
There is no order of its own. Families are invited to a time, and the agenda is those times.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain import meetings
from bti.domain.access import Action
from bti.domain.ages import age, day_in_norway
from bti.domain.meetings import MeetingEvent, MeetingKind
from bti.workflows.case_file import Kind, child_of, ops_of
from bti.workflows.meeting_file import slot_of
from bti.workflows.permission import require
from bti.workflows.referral_queue import cases_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping
    from datetime import date, datetime
    from typing import Any

    from bti.db.models import Case
    from bti.domain.meetings import Slot
    from bti.workflows.context import Context

_ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRow:
    """One meeting. ``begins`` is later than planned by ``late`` minutes when the ones before take longer.

    Without a live cell to the team, and on an agenda without names, child and age are empty.
    """

    case_id: uuid.UUID
    slot: Slot
    begins: datetime
    number: str
    held: bool
    let_in: bool
    child: str = field(default="", repr=False)
    age: int | None = None

    @property
    def late(self) -> int:
        """Whole minutes after the time the family was told."""
        return (self.begins - self.slot.starts_at) // _ONE_MINUTE


@dataclass(frozen=True, slots=True)
class Agenda:
    """The team's meetings of one day in the order they begin."""

    day: date
    rows: tuple[AgendaRow, ...]
    names_hidden: bool
    #: Days from today on that have meetings with the team.
    days: tuple[date, ...]

    @property
    def minutes(self) -> int:
        """How long all of it takes."""
        return sum(row.slot.minutes for row in self.rows)

    @property
    def ends(self) -> datetime | None:
        """When the last one is done."""
        if not self.rows:
            return None
        return self.rows[-1].begins + timedelta(minutes=self.rows[-1].slot.minutes)

    @property
    def late(self) -> int:
        """The longest that somebody waits beyond the time they were told, in minutes."""
        return max((row.late for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class _Meeting:
    case: Case
    slot: Slot
    held: bool

    @property
    def day(self) -> date:
        return day_in_norway(self.slot.starts_at)


def agenda(context: Context, *, day: date | None = None, names_hidden: bool = False) -> Agenda:
    """Return the team's meetings of a day, the next day that has any when none is named.

    The look is one entry that names the cases. With ``names_hidden`` no case is opened and no name
    leaves this call. Raises ``AccessDenied``.
    """
    subject = require(context, Action.SEE_TEAM_QUEUE)
    found = _meetings(context, cases_of(context, subject.unit_id))
    days = tuple(sorted({one.day for one in found if one.day >= context.today}))
    shown = day or next(iter(days), context.today)
    of_day = sorted(
        (one for one in found if one.day == shown),
        key=lambda one: (one.slot.starts_at, one.case.number),
    )
    ids = [one.case.id for one in of_day]
    allowed = frozenset() if names_hidden else context.verbs.open_core(ids)
    begins = meetings.slots([one.slot for one in of_day])
    rows = tuple(
        _row(context, one, begin, allowed) for one, begin in zip(of_day, begins, strict=True)
    )
    context.record(
        Act.TEAM_AGENDA_READ, more=[Reference("case", one) for one in dict.fromkeys(ids)]
    )
    return Agenda(shown, rows, names_hidden, days)


def _meetings(context: Context, cases: Collection[Case]) -> list[_Meeting]:
    """Return every meeting with the team that was not called off, from what is open about entries."""
    by_case: dict[uuid.UUID, list[Mapping[str, Any]]] = defaultdict(list)
    # That a meeting with the team is planned is the team's to know before anybody has consented.
    with context.whole_municipality():
        for entry in context.session.scalars(
            select(Entry).where(Entry.case_id.in_([case.id for case in cases]))
        ):
            by_case[entry.case_id].append(entry.meta)
    return [one for case in cases for one in _of_case(case, by_case[case.id])]


def _of_case(case: Case, metas: Collection[Mapping[str, Any]]) -> list[_Meeting]:
    held = {meta["meeting"] for meta in metas if meta["kind"] == Kind.MINUTES.value}
    about = [meta for meta in metas if meta["kind"] == Kind.MEETING.value]
    newest = {meta["meeting"]: meta for meta in sorted(about, key=lambda one: int(one["sequence"]))}
    return [
        _Meeting(case, slot_of(meta), key in held)
        for key, meta in newest.items()
        if meta["purpose"] == MeetingKind.TEAM.value
        and meta["event"] != MeetingEvent.CANCELLED.value
    ]


def _row(
    context: Context, one: _Meeting, begin: datetime, allowed: Collection[uuid.UUID]
) -> AgendaRow:
    let_in = one.case.id in allowed
    return AgendaRow(
        case_id=one.case.id,
        slot=one.slot,
        begins=begin,
        number=one.case.number,
        held=one.held,
        let_in=let_in,
        child=child_of(context, one.case.id).name if let_in else "",
        age=age(ops_of(one.case).birth_date, context.now) if let_in else None,
    )
