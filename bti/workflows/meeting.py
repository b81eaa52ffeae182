"""Meetings about one child: planned, moved, prepared with the child, and written down where they are held.

When and where a meeting is, everybody in the case may know, so that stands in core. What was agreed stands
with the service that keeps the minutes, as any measure does: consent decides who else reads it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain import meetings as rules
from bti.domain.access import Action
from bti.domain.ages import age, day_in_norway
from bti.domain.codes import InfoType, NotHeardReason
from bti.domain.errors import RuleBroken
from bti.domain.meetings import (
    AgreedPoint,
    Attendance,
    ChildPrepared,
    MeetingEvent,
    MeetingKind,
    MeetingPlan,
    MeetingState,
    MinutesFacts,
)
from bti.domain.of_age import check_guests
from bti.workflows import own_record
from bti.workflows.case_file import (
    CORE,
    Kind,
    Record,
    case_row,
    compartment_of,
    entries,
    ops_of,
    write_entry,
)
from bti.workflows.meeting_file import (
    enter,
    fact_of,
    minutes_in,
    newest_in,
    person_key,
    refresh,
    staff_key,
)
from bti.workflows.meeting_people import guardians_of, invitable
from bti.workflows.of_age_file import let_come
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMeeting:
    """When, where and with whom. ``invited`` are keys of those who can be invited."""

    case_id: uuid.UUID
    version: int | None
    submission: uuid.UUID | None = None
    kind: MeetingKind
    starts_at: datetime
    minutes: int
    place: str = field(default="", repr=False)
    invited: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareChild:
    """Who talks with the child before the meeting and when, and what the child wants said there.

    ``may_share``: the child is fine with those invited reading it; else it stays in the own service.
    """

    case_id: uuid.UUID
    version: int | None
    meeting_id: uuid.UUID
    by_whom: str = field(default="", repr=False)
    on: date | None = None
    words: str = field(default="", repr=False)
    may_share: bool = False
    missing: NotHeardReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMinutes:
    """Minutes as they were read out. ``attendance`` by the key of each who was invited."""

    case_id: uuid.UUID
    version: int | None
    meeting_id: uuid.UUID
    text: str = field(default="", repr=False)
    points: Sequence[AgreedPoint] = ()
    attendance: Mapping[str, Attendance] = field(repr=False)
    disagreement: str = field(default="", repr=False)
    next_on: date | None = None


def draft_about(case_id: uuid.UUID, meeting_id: uuid.UUID) -> str:
    """Return what the draft of some minutes is about."""
    return f"{case_id.hex}:{meeting_id.hex}"


def plan(context: Context, command: PlanMeeting) -> uuid.UUID:
    """Plan a meeting; returns its id. A second sending of the same form does nothing.

    Raises ``RuleBroken`` as ``domain.meetings.check_plan`` and with meeting.not_in_case; and ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.PLAN_MEETING, entry=None)
    new_id = row_id(context, "meeting", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return new_id
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    _check(context, opened, command)
    write_meeting(context, command, new_id, 0, MeetingEvent.PLANNED, entry_id=new_id)
    refresh(context, case)
    context.record(Act.MEETING_PLAN_CREATE, Reference("case", case.id), ground=opened.ground)
    return new_id


def move(context: Context, command: PlanMeeting, *, meeting_id: uuid.UUID) -> None:
    """Change when, where or with whom a meeting is. The invitation gets a new number.

    Raises as ``plan``, and with meeting.not_planned, ``NotFound``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.PLAN_MEETING)
    newest = planned_in(entries(context, case.id, opened=opened), meeting_id)
    _check(context, opened, command)
    write_meeting(context, command, meeting_id, newest.meta["sequence"] + 1, MeetingEvent.MOVED)
    refresh(context, case)
    context.record(Act.MEETING_PLAN_CHANGE, Reference("case", case.id), ground=opened.ground)


def cancel(
    context: Context, *, case_id: uuid.UUID, meeting_id: uuid.UUID, version: int | None
) -> None:
    """Call a meeting off. Raises ``RuleBroken("meeting.not_planned")``, ``NotFound``, ``Conflict``."""
    case, opened = enter(context, case_id, version, Action.PLAN_MEETING)
    newest = planned_in(entries(context, case_id, opened=opened), meeting_id)
    write_meeting(
        context,
        planned_again(newest, case_id),
        meeting_id,
        newest.meta["sequence"] + 1,
        MeetingEvent.CANCELLED,
    )
    refresh(context, case)
    context.record(Act.MEETING_PLAN_CANCEL, Reference("case", case_id), ground=opened.ground)


def prepare_child(context: Context, command: PrepareChild) -> None:
    """Write down how the child is prepared. What was written before stays; the newest counts.

    The words stand in the writer's own service, under what others read by consent only when the child
    is fine with that. Raises ``RuleBroken`` as ``domain.meetings.check_prepared`` and with
    meeting.not_planned; ``NotFound``, ``Conflict``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.PREPARE_CHILD)
    newest = planned_in(entries(context, case.id, opened=opened), command.meeting_id)
    on = day_in_norway(fact_of(newest).starts_at)
    by_whom = bool(command.by_whom.strip())
    rules.check_prepared(
        ChildPrepared(by_whom=by_whom, on=command.on, missing=command.missing),
        age=age(ops_of(case).birth_date, on),
    )
    shared = command.may_share and bool(command.words.strip())
    name = compartment_of(context.person.unit_id, InfoType.MEASURES if shared else InfoType.OWN)
    context.verbs.new_compartments(opened, [name])
    missing = command.missing.value if command.missing is not None and not by_whom else None
    write_entry(
        context,
        case.id,
        kind=Kind.PREPARATION,
        compartment=name,
        meta={
            "meeting": command.meeting_id,
            "on": command.on if by_whom else None,
            "shared": shared,
        },
        body={"by_whom": command.by_whom, "words": command.words, "missing": missing or ""},
    )
    refresh(context, case)
    context.record(Act.MEETING_CHILD_PREPARE, Reference("case", case.id), ground=opened.ground)


def approve(context: Context, command: ApproveMinutes) -> None:
    """Lock the minutes that those present have approved; the draft of them goes away.

    Afterwards they are corrected by addition only. Raises ``RuleBroken`` as
    ``domain.meetings.check_minutes`` and with meeting.not_planned, meeting.attendance;
    ``NotFound``, ``Conflict``.
    """
    case, opened = enter(context, command.case_id, command.version, Action.KEEP_MINUTES)
    newest = planned_in(entries(context, case.id, opened=opened), command.meeting_id)
    me = staff_key(context.person.account_id, context.person.unit_id)
    # Whoever keeps the minutes is there, also when they stepped in for somebody.
    if set(command.attendance) != {*newest.body["invited"], me}:
        code = "meeting.attendance"
        raise RuleBroken(code)
    on = day_in_norway(fact_of(newest).starts_at)
    facts = MinutesFacts(
        has_text=bool(command.text.strip()),
        points=command.points,
        attendance=command.attendance,
        keeper=me,
        disagreement=bool(command.disagreement.strip()),
        next_on=command.next_on,
    )
    rules.check_minutes(facts, meeting_on=on, today=context.today)
    name = compartment_of(context.person.unit_id, InfoType.MEASURES)
    context.verbs.new_compartments(opened, [name])
    write_entry(
        context,
        case.id,
        kind=Kind.MINUTES,
        compartment=name,
        meta={
            "meeting": command.meeting_id,
            "on": on,
            "next_on": command.next_on,
            "points": len(command.points),
        },
        body=_minutes_body(command),
    )
    refresh(context, case)
    own_record.delete_draft(
        context, form=own_record.Form.MINUTES, about=draft_about(case.id, command.meeting_id)
    )
    context.record(Act.MEETING_MINUTES_APPROVE, Reference("case", case.id), ground=opened.ground)


def planned_in(records: tuple[Record, ...], meeting_id: uuid.UUID) -> Record:
    """Return the entry that counts of a meeting that waits to be held.

    Raises ``RuleBroken("meeting.not_planned")`` for one that is held or called off, and ``NotFound``.
    """
    newest = newest_in(records, meeting_id)
    if rules.state_of(fact_of(newest), minutes_in(records)) is not MeetingState.PLANNED:
        code = "meeting.not_planned"
        raise RuleBroken(code)
    return newest


def planned_again(newest: Record, case_id: uuid.UUID, **changes: Any) -> PlanMeeting:  # noqa: ANN401 - fields of any type
    """Return a meeting as it stands, as the command that would write it; with some changes."""
    values: dict[str, Any] = {
        "kind": MeetingKind(newest.meta["purpose"]),
        "starts_at": fact_of(newest).starts_at,
        "minutes": newest.meta["minutes"],
        "place": newest.body["place"],
        "invited": newest.body["invited"],
    }
    return PlanMeeting(case_id=case_id, version=None, **{**values, **changes})


def write_meeting(
    context: Context,
    command: PlanMeeting,
    meeting_id: uuid.UUID,
    sequence: int,
    event: MeetingEvent,
    *,
    entry_id: uuid.UUID | None = None,
) -> None:
    """Add an entry about a meeting to a case that is open for it."""
    write_entry(
        context,
        command.case_id,
        kind=Kind.MEETING,
        compartment=CORE,
        meta={
            "meeting": meeting_id,
            "sequence": sequence,
            "event": event.value,
            "purpose": command.kind.value,
            "starts_at": command.starts_at,
            "minutes": command.minutes,
        },
        body={"place": command.place, "invited": list(command.invited)},
        entry_id=entry_id,
    )


def _check(context: Context, opened: Opened, command: PlanMeeting) -> None:
    rules.check_plan(
        MeetingPlan(
            starts_at=command.starts_at,
            minutes=command.minutes,
            invited=len(set(command.invited)),
        ),
        now=context.now,
    )
    if not {one.key for one in invitable(context, opened)} >= set(command.invited):
        code = "meeting.not_in_case"
        raise RuleBroken(code)
    # A meeting that is planned at seventeen may be held at eighteen.
    check_guests(
        {one for one in guardians_of(context, opened) if person_key(one) in command.invited},
        let_come(entries(context, opened.case_id)),
        birth_date=ops_of(case_row(context, opened.case_id)).birth_date,
        on=day_in_norway(command.starts_at),
    )


def _minutes_body(command: ApproveMinutes) -> dict[str, Any]:
    return {
        "text": command.text,
        "points": [
            {
                "text": one.text,
                "responsible": one.responsible,
                "deadline": one.deadline.isoformat() if one.deadline is not None else "",
            }
            for one in command.points
        ],
        "attendance": [
            {
                "who": key,
                "present": one.present,
                "reason_code": one.reason.value if one.reason is not None else "",
                "approved": one.approved,
            }
            for key, one in command.attendance.items()
        ],
        "disagreement": command.disagreement,
    }
