"""The pages of a case's meetings: the list, one meeting, and what its forms need."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain import measures, meetings
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import age, day_in_norway
from bti.domain.codes import NotHeardReason, Sector
from bti.domain.identifying import Trace, identifying
from bti.domain.meetings import AbsenceReason, AgreedPoint, MeetingKind, MeetingState
from bti.workflows import correction, directory, own_record
from bti.workflows.case_file import (
    Kind,
    case_row,
    child_of,
    entries,
    of_kind,
    ops_of,
    persons,
    to_date,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.meeting import draft_about
from bti.workflows.meeting_file import fact_of, minutes_in, minutes_of, newest_in, staff_key
from bti.workflows.meeting_measure import measure_made, points_of
from bti.workflows.meeting_people import Invited, invitable, named
from bti.workflows.plan_view import goals_in
from bti.workflows.protection import hides_place

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context
    from bti.workflows.correction import Beside
    from bti.workflows.own_record import Draft
    from bti.workflows.plan_view import GoalView

#: A place may be a school or an address; these are somebody.
_SOMEBODY = frozenset({Trace.NAME, Trace.NATIONAL_ID, Trace.EMAIL, Trace.BIRTH_DATE})


_TEACHES: Final = frozenset({Sector.SCHOOL, Sector.KINDERGARTEN})
#: What people call a service that no list of units writes so.
_SERVICES: Final = ("barnevern", "ppt", "bup ", "familievern", "krisesenter")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLine:
    """A meeting as a list shows it. ``place`` is empty where an address is protected."""

    meeting_id: uuid.UUID
    kind: MeetingKind
    state: MeetingState
    starts_at: datetime
    minutes: int
    place: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PointView:
    """An agreed point, and the measure it has become."""

    point: AgreedPoint
    measure_id: uuid.UUID | None

    @property
    def can_be_measure(self) -> bool:
        """Whether it says who and by when, and is no measure yet."""
        return self.measure_id is None and self.point.can_be_measure


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """Whether somebody was there, why not, and whether they approved the minutes."""

    who: Invited
    present: bool
    reason: AbsenceReason | None
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesView:
    """Approved minutes, as they were locked."""

    entry_id: uuid.UUID
    text: str = field(repr=False)
    points: tuple[PointView, ...] = field(repr=False)
    attendance: tuple[AttendanceRow, ...]
    disagreement: str = field(repr=False)
    next_on: date | None
    by: str
    at: datetime
    beside: tuple[Beside, ...]
    may_correct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedView:
    """How the child is prepared, as one service has written it."""

    by_whom: str = field(repr=False)
    on: date | None
    words: str = field(repr=False)
    missing: NotHeardReason | None
    shared: bool
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingsPage:
    """The meetings of a case, and who can be invited to a new one."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    today: date
    lines: tuple[MeetingLine, ...]
    wanted_by: date | None
    people: tuple[Invited, ...]
    protected: bool
    may_plan: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPage:
    """One meeting. ``minutes`` is None until they are approved, and for those who may not read them."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    today: date
    line: MeetingLine
    held_on: date
    invited: tuple[Invited, ...]
    people: tuple[Invited, ...]
    me: str
    prepared: tuple[PreparedView, ...]
    minutes: MinutesView | None
    goals: tuple[GoalView, ...]
    suggested: date
    protected: bool
    age: int
    draft: Draft | None
    can: frozenset[Action]

    @property
    def around_the_table(self) -> tuple[Invited, ...]:
        """Everybody invited, and whoever keeps the minutes."""
        if self.me in {one.key for one in self.invited}:
            return self.invited
        return (*self.invited, *(one for one in self.people if one.key == self.me))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a calendar gets: when, and nothing about whom. ``place`` is empty where it could tell."""

    uid: uuid.UUID
    sequence: int
    stamp: datetime
    starts_at: datetime
    minutes: int
    place: str = field(repr=False)
    cancelled: bool
    municipality: str


_ASKED = (Action.PLAN_MEETING, Action.PREPARE_CHILD, Action.KEEP_MINUTES, Action.WRITE_PLAN)


def meetings_page(context: Context, *, case_id: uuid.UUID, action: Action) -> MeetingsPage:
    """Open the list of meetings for an act. Raises ``AccessDenied``."""
    opened = context.verbs.open(case_id, action, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    records = entries(context, case_id, opened=opened)
    newest = {one.meta["meeting"]: one for one in _by_sequence(records)}
    hidden = hides_place(context, case, printed=False)
    lines = [_line(one, records, hidden=hidden) for one in newest.values()]
    ops = ops_of(case)
    return MeetingsPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        today=context.today,
        lines=tuple(sorted(lines, key=lambda one: one.starts_at, reverse=True)),
        wanted_by=ops.meeting_wanted,
        people=invitable(context, opened),
        protected=ops.protection is not None,
        may_plan=Action.PLAN_MEETING in _may(context, opened),
    )


def meeting_page(
    context: Context,
    *,
    case_id: uuid.UUID,
    meeting_id: uuid.UUID,
    action: Action = Action.READ_CASE,
    with_draft: bool = False,
) -> MeetingPage:
    """Open one meeting for an act, with the writer's own draft of its minutes.

    Raises ``AccessDenied``, and ``NotFound`` for a meeting that is not this case's.
    """
    opened = context.verbs.open(case_id, action, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    records = entries(context, case_id, opened=opened)
    newest = newest_in(records, meeting_id)
    ops = ops_of(case)
    draft = None
    if with_draft:
        about = draft_about(case_id, meeting_id)
        draft = own_record.load_draft(context, form=own_record.Form.MINUTES, about=about)
    line = _line(newest, records, hidden=hides_place(context, case, printed=False))
    day = day_in_norway(line.starts_at)
    return MeetingPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        today=context.today,
        line=line,
        held_on=day,
        invited=named(context, opened, newest.body["invited"]),
        people=invitable(context, opened),
        me=staff_key(context.person.account_id, context.person.unit_id),
        prepared=_prepared(context, records, meeting_id),
        minutes=_minutes(context, opened, records, meeting_id),
        goals=tuple(one for one in goals_in(context, records) if one.text and not one.ended),
        suggested=measures.suggest_evaluation(context.today, rules_of(context, ops)),
        protected=ops.protection is not None,
        age=age(ops.birth_date, day),
        draft=draft,
        can=_may(context, opened),
    )


def invitation(context: Context, *, case_id: uuid.UUID, meeting_id: uuid.UUID) -> Invitation:
    """Return what a calendar may hold of a meeting. Raises ``AccessDenied`` and ``NotFound``."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=None)
    records = entries(context, case_id, opened=opened)
    newest = newest_in(records, meeting_id)
    place = newest.body["place"]
    case = case_row(context, case_id)
    if ops_of(case).protection is not None or _tells(context, case_id, place):
        place = ""
    context.record(Act.MEETING_INVITATION_READ, Reference("case", case_id), ground=opened.ground)
    return Invitation(
        uid=meeting_id,
        sequence=newest.meta["sequence"],
        stamp=newest.at,
        starts_at=fact_of(newest).starts_at,
        minutes=newest.meta["minutes"],
        place=place,
        cancelled=newest.meta["event"] == meetings.MeetingEvent.CANCELLED,
        municipality=context.person.municipality,
    )


def _tells(context: Context, case_id: uuid.UUID, place: str) -> bool:
    """Whether somebody typed a name, a service, or another thing that tells, where the place stands."""
    low = place.casefold()
    names = {part for one in persons(context, case_id) for part in one.name.casefold().split()}
    # Where children go to school tells nothing of why one meets; another service does.
    services = {
        one.name.casefold()
        for one in directory.units(context).values()
        if one.sector not in _TEACHES
    }
    if any(part in low for part in {*names, *services, *_SERVICES}):
        return True
    return any(one.trace in _SOMEBODY for one in identifying(place))


def _by_sequence(records: tuple[Record, ...]) -> list[Record]:
    return sorted(of_kind(records, Kind.MEETING), key=lambda one: int(one.meta["sequence"]))


def _line(newest: Record, records: tuple[Record, ...], *, hidden: bool) -> MeetingLine:
    fact = fact_of(newest)
    return MeetingLine(
        meeting_id=fact.meeting_id,
        kind=MeetingKind(newest.meta["purpose"]),
        state=meetings.state_of(fact, minutes_in(records)),
        starts_at=fact.starts_at,
        minutes=newest.meta["minutes"],
        place="" if hidden else newest.body["place"],
    )


def _prepared(
    context: Context, records: tuple[Record, ...], meeting_id: uuid.UUID
) -> tuple[PreparedView, ...]:
    """Return what each service has written last, as far as one may read it."""
    units = directory.units(context)
    newest = {
        one.unit_id: one
        for one in of_kind(records, Kind.PREPARATION)
        if one.meta["meeting"] == str(meeting_id) and one.readable
    }
    return tuple(
        PreparedView(
            by_whom=one.body["by_whom"],
            on=to_date(one.meta["on"]),
            words=one.body["words"],
            missing=NotHeardReason(one.body["missing"]) if one.body["missing"] else None,
            shared=one.meta["shared"],
            unit=units[unit_id].name if unit_id in units else "",
        )
        for unit_id, one in newest.items()
    )


def _minutes(
    context: Context, opened: Opened, records: tuple[Record, ...], meeting_id: uuid.UUID
) -> MinutesView | None:
    record = minutes_of(records, meeting_id)
    if record is None or not record.readable:
        return None
    rows = record.body["attendance"]
    who = {one.key: one for one in named(context, opened, [row["who"] for row in rows])}
    return MinutesView(
        entry_id=record.id,
        text=record.body["text"],
        points=tuple(
            PointView(point, _id_of(measure_made(records, record.id, place)))
            for place, point in enumerate(points_of(record))
        ),
        attendance=tuple(
            AttendanceRow(
                who[row["who"]],
                row["present"],
                AbsenceReason(row["reason_code"]) if row["reason_code"] else None,
                row["approved"],
            )
            for row in rows
            if row["who"] in who
        ),
        disagreement=record.body["disagreement"],
        next_on=to_date(record.meta["next_on"]),
        by=directory.name_of(context, record.by),
        at=record.at,
        beside=correction.beside_in(context, records).get(record.id, ()),
        may_correct=Action.CORRECT_ENTRY in _may(context, opened, Action.CORRECT_ENTRY)
        and record.id in correction.correctable_in(context, opened, records),
    )


def _id_of(made: Record | None) -> uuid.UUID | None:
    return made.id if made is not None else None


def _may(context: Context, opened: Opened, *more: Action) -> frozenset[Action]:
    subject = context.verbs.subject()
    return frozenset(
        one
        for one in (*_ASKED, *more)
        if isinstance(decide(subject, one, opened.facts, context.now), Allowed)
    )
