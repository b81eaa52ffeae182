"""What comes after a meeting: how an action stands, and what is added to finished minutes. Both are append-only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from bti.slt.meeting import ActionStatus, MeetingState, texts_of
from bti.slt.meeting_change import MeetingRefusedError, checked, open_meeting
from bti.slt.meeting_models import MeetingActionRow, MeetingAdditionRow, MeetingFollowUpRow
from bti.slt.meeting_stored import (
    additions_of,
    may_write_at_all,
    meeting_of,
    own_action,
    own_meeting,
    reader_of,
)
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.positions import next_position
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What became of an action, told of in a meeting or between meetings."""

    status: ActionStatus
    note: str
    meeting_id: uuid.UUID | None
    reason: str


def follow_up(
    runtime: SltRuntime, who: Coordinator, action_id: uuid.UUID, command: FollowUp
) -> None:
    """Say how an action of a finished meeting stands. Raises AccessDenied and MeetingRefusedError."""
    perform(runtime, _follow_up, who, action_id, command)


def add_to_minutes(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, text: str, reason: str
) -> None:
    """Add to finished minutes; what stands there stays. Raises AccessDenied and MeetingRefusedError."""
    perform(runtime, _add_to, who, meeting_id, text, reason)


def _follow_up(context: Context, who: Coordinator, action_id: uuid.UUID, command: FollowUp) -> None:
    # Held until the commit: two who tell at once must not get one position.
    held = select(MeetingActionRow.id).where(MeetingActionRow.id == action_id)
    context.session.execute(held.with_for_update())
    action, meeting, body = own_action(context, who, action_id)
    if command.meeting_id is not None:
        told_in, _ = open_meeting(context, who, command.meeting_id)
        if told_in.body_id != meeting.body_id:
            raise AccessDenied("meeting.unknown", account_id=who.account_id)
    if (command.status, command.note) == (action.status, action.note) and not command.meeting_id:
        return  # sent twice, or nothing new
    reason = checked(context, who, (command.note,), (action.note,), command.reason)
    context.session.add(
        MeetingFollowUpRow(
            action_id=action_id,
            meeting_id=command.meeting_id,
            account_id=who.account_id,
            at=context.at,
            position=next_position(
                context, MeetingFollowUpRow.position, MeetingFollowUpRow.action_id, action_id
            ),
            status=command.status,
            note=command.note,
            reason=reason,
        )
    )
    context.record(Happening.MEETING_FOLLOWED_UP, account_id=who.account_id, code=body.code)


def _add_to(
    context: Context, who: Coordinator, meeting_id: uuid.UUID, text: str, reason: str
) -> None:
    row, body = own_meeting(context, who, meeting_id, held=True)
    if not may_write_at_all(reader_of(context, who, body)):
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    if row.state != MeetingState.FINISHED:
        raise MeetingRefusedError("meeting.state")
    earlier = tuple(one.text for one in additions_of(context, meeting_id))
    if text in earlier:
        return  # sent twice
    before = (*texts_of(meeting_of(row)), *earlier)
    reason = checked(context, who, (text,), before, reason)
    context.session.add(
        MeetingAdditionRow(
            meeting_id=meeting_id,
            account_id=who.account_id,
            at=context.at,
            position=next_position(
                context, MeetingAdditionRow.position, MeetingAdditionRow.meeting_id, meeting_id
            ),
            text=text,
            reason=reason,
        )
    )
    context.record(Happening.MEETING_ADDED_TO, account_id=who.account_id, code=body.code)
