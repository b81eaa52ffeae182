"""Meetings as they stand in the database, and who is shown which."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.body_models import BodyRow
from bti.slt.body_stored import (
    StoredBody,
    body_of,
    names_of,
    own_body,
    seats_of,
    stored_body,
)
from bti.slt.history import HistoryLine, history_of
from bti.slt.meeting import (
    WAITING,
    Action,
    ActionStatus,
    Addition,
    Meeting,
    MeetingState,
    Reader,
    carried,
    may_follow_up,
    may_read,
    may_write,
)
from bti.slt.meeting_models import (
    MeetingActionRow,
    MeetingAdditionRow,
    MeetingCarriedRow,
    MeetingChangeRow,
    MeetingFollowUpRow,
    MeetingRow,
)
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_rows import split
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """A meeting as one reader sees it. ``may_tell`` are the actions this reader may follow up."""

    body: StoredBody
    meeting: Meeting
    version: int
    actions: tuple[Action, ...]
    carried: tuple[Action, ...]
    additions: tuple[Addition, ...]
    changes: tuple[HistoryLine, ...]
    names: dict[uuid.UUID, str]
    may_write: bool
    may_add: bool
    may_tell: frozenset[uuid.UUID]
    today: date


@dataclass(frozen=True, slots=True)
class ActionPage:
    """An action, the finished meeting it is from, and the body."""

    body: StoredBody
    meeting: Meeting
    action: Action
    today: date


@dataclass(frozen=True, slots=True)
class BodyMeetings:
    """What a body's page shows of its meetings: those the reader may read, newest first, and what waits."""

    meetings: tuple[Meeting, ...]
    waiting: tuple[Action, ...]
    may_tell: frozenset[uuid.UUID]


def show_meetings(runtime: SltRuntime, who: Coordinator, body_id: uuid.UUID) -> BodyMeetings:
    """The meetings of a body, and the actions that wait. Raises AccessDenied."""
    return perform(runtime, _meetings, who, body_id)


def show_meeting(runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID) -> MeetingPage:
    """One meeting. Raises AccessDenied."""
    return perform(runtime, _show, who, meeting_id)


def show_action(runtime: SltRuntime, who: Coordinator, action_id: uuid.UUID) -> ActionPage:
    """An action the reader may follow up. Raises AccessDenied."""
    return perform(runtime, _show_action, who, action_id)


def _meetings(context: Context, who: Coordinator, body_id: uuid.UUID) -> BodyMeetings:
    row = own_body(context, who, body_id)
    body, reader = body_of(row), reader_of(context, who, row)
    asked = select(MeetingRow).where(MeetingRow.body_id == body_id)
    rows = context.session.scalars(asked.order_by(MeetingRow.held_on.desc(), MeetingRow.created_at))
    found = tuple(one for r in rows if may_read(reader, one := meeting_of(r), body))
    finished = {one.id: one for one in found if one.state is MeetingState.FINISHED}
    actions = [one for one in actions_of(context, finished) if one.status in WAITING]
    tell = (one.id for one in actions if may_follow_up(reader, one, finished[one.meeting_id], body))
    return BodyMeetings(found, carried(actions, frozenset()), frozenset(tell))


def _show(context: Context, who: Coordinator, meeting_id: uuid.UUID) -> MeetingPage:
    row, body_row = own_meeting(context, who, meeting_id)
    meeting, body = meeting_of(row), body_of(body_row)
    reader = reader_of(context, who, body_row)
    context.record(Happening.MEETING_READ, account_id=who.account_id, code=body.code)
    own = actions_of(context, [meeting_id])
    earlier = carried_to(context, row)
    sources = {one.meeting_id for one in earlier} | {meeting_id}
    rows = context.session.scalars(select(MeetingRow).where(MeetingRow.id.in_(sources)))
    meetings = {r.id: meeting_of(r) for r in rows}
    tell = (
        one.id
        for one in (*own, *earlier)
        if may_follow_up(reader, one, meetings[one.meeting_id], body)
    )
    finished = meeting.state is MeetingState.FINISHED
    return MeetingPage(
        body=stored_body(context, body_row),
        meeting=meeting,
        version=row.version,
        actions=own,
        carried=earlier,
        additions=additions_of(context, meeting_id),
        changes=_changes(context, meeting_id),
        names=names_of(context, who),
        may_write=may_write(reader, meeting, body),
        may_add=finished and may_write_at_all(reader),
        may_tell=frozenset(tell),
        today=norwegian_date(context.at),
    )


def _show_action(context: Context, who: Coordinator, action_id: uuid.UUID) -> ActionPage:
    action, meeting, body_row = own_action(context, who, action_id)
    context.record(Happening.MEETING_READ, account_id=who.account_id, code=body_row.code)
    today = norwegian_date(context.at)
    return ActionPage(stored_body(context, body_row), meeting, action, today)


def reader_of(context: Context, who: Coordinator, body: BodyRow) -> Reader:
    """Who asks, as the rules of meetings see them."""
    return Reader(who.account_id, who.role, seats_of(context, who, body.id))


def may_write_at_all(reader: Reader) -> bool:
    """Whether the reader keeps minutes."""
    return reader.role is NetworkRole.COORDINATOR


def own_meeting(
    context: Context, who: Coordinator, meeting_id: uuid.UUID, *, held: bool = False
) -> tuple[MeetingRow, BodyRow]:
    """A meeting the person may read, with its body; held until the commit if asked. AccessDenied for any other."""
    asked = select(MeetingRow).where(MeetingRow.id == meeting_id)
    row = context.session.scalar(asked.with_for_update() if held else asked)
    if row is None:
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    body = own_body(context, who, row.body_id)
    if not may_read(reader_of(context, who, body), meeting_of(row), body_of(body)):
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    return row, body


def own_action(
    context: Context, who: Coordinator, action_id: uuid.UUID
) -> tuple[Action, Meeting, BodyRow]:
    """An action the person may follow up, its meeting and body; AccessDenied for any other."""
    row = context.session.get(MeetingActionRow, action_id)
    if row is None:
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    meeting_row, body = own_meeting(context, who, row.meeting_id)
    (action,) = (one for one in actions_of(context, [row.meeting_id]) if one.id == action_id)
    meeting = meeting_of(meeting_row)
    if not may_follow_up(reader_of(context, who, body), action, meeting, body_of(body)):
        raise AccessDenied("meeting.not_yours", account_id=who.account_id)
    return action, meeting, body


def meeting_of(row: MeetingRow) -> Meeting:
    """The meeting of a row."""
    return Meeting(
        id=row.id,
        body_id=row.body_id,
        author_id=row.author_id,
        state=MeetingState(row.state),
        held_on=row.held_on,
        title=row.title,
        agenda=split(row.agenda),
        present=split(row.present),
        guests=split(row.guests),
        minutes=row.minutes,
        kept_because=split(row.kept_because),
        finished_at=row.finished_at,
        finished_by=row.finished_by,
    )


def actions_of(context: Context, meetings: Iterable[uuid.UUID]) -> tuple[Action, ...]:
    """The actions of some meetings as they stand now, in the order they were agreed on."""
    asked = select(MeetingActionRow).where(MeetingActionRow.meeting_id.in_(list(meetings)))
    rows = context.session.scalars(
        asked.order_by(MeetingActionRow.meeting_id, MeetingActionRow.position)
    ).all()
    told = select(MeetingFollowUpRow).where(
        MeetingFollowUpRow.action_id.in_([one.id for one in rows])
    )
    newest = {
        one.action_id: one
        for one in context.session.scalars(told.order_by(MeetingFollowUpRow.position))
    }
    return tuple(_action(row, newest.get(row.id)) for row in rows)


def _action(row: MeetingActionRow, told: MeetingFollowUpRow | MeetingCarriedRow | None) -> Action:
    return Action(
        id=row.id,
        meeting_id=row.meeting_id,
        what=row.what,
        responsible=row.responsible,
        due=row.due,
        kept_because=row.kept_because,
        status=ActionStatus(told.status) if told else ActionStatus.OPEN,
        note=told.note if told else "",
        note_kept_because=told.reason if told else "",
    )


def carried_to(context: Context, row: MeetingRow) -> tuple[Action, ...]:
    """Earlier meetings' actions on the agenda of one: as they stood when it was finished, or stand now."""
    if row.state == MeetingState.FINISHED:
        asked = select(MeetingCarriedRow, MeetingActionRow).join(
            MeetingActionRow, MeetingActionRow.id == MeetingCarriedRow.action_id
        )
        rows = context.session.execute(asked.where(MeetingCarriedRow.meeting_id == row.id))
        found = [_action(action, told) for told, action in rows]
        return carried(found, frozenset(one.id for one in found))
    finished = select(MeetingRow.id).where(
        MeetingRow.body_id == row.body_id,
        MeetingRow.state == MeetingState.FINISHED,
        MeetingRow.held_on <= row.held_on,
    )
    of_meeting = MeetingFollowUpRow.meeting_id == row.id
    followed = context.session.scalars(select(MeetingFollowUpRow.action_id).where(of_meeting))
    earlier = actions_of(context, context.session.scalars(finished).all())
    return carried(earlier, frozenset(followed))


def additions_of(context: Context, meeting_id: uuid.UUID) -> tuple[Addition, ...]:
    """What was added to minutes, oldest first."""
    rows = context.session.scalars(
        select(MeetingAdditionRow)
        .where(MeetingAdditionRow.meeting_id == meeting_id)
        .order_by(MeetingAdditionRow.position)
    )
    return tuple(Addition(one.account_id, one.at, one.text, one.reason) for one in rows)


def _changes(context: Context, meeting_id: uuid.UUID) -> tuple[HistoryLine, ...]:
    return history_of(context, MeetingChangeRow, MeetingChangeRow.meeting_id, meeting_id)
